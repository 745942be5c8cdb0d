"""A release as it lies there: a folder, or the zip of one. Only files that we name are opened, none is unpacked."""

import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from core.errors import Refused

MANIFEST = "manifest.json"
FORMATS = ("jsonl", "csv", "parquet")
FORM = 1  # of the manifest
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BLOCK = 1 << 20
_MOST_SAID = 64_000_000  # bytes of a manifest
_DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Release:
    """`place` is its folder or zip, `inside` the folder within a zip, with its slash."""

    place: Path
    manifest: Mapping[str, Any]
    inside: str = ""

    @property
    def format(self) -> str:
        return str(self.manifest["format"])

    @property
    def archive(self) -> str:
        """The id of the archive that it is of; "" where it says none."""
        found = self.manifest.get("archive")
        return str(found.get("id") or "") if isinstance(found, dict) else ""

    @property
    def raw(self) -> bool:
        """Whether cells of CSV stand as they are: nothing was made harmless."""
        return is_raw(self.manifest)

    def table(self, name: str) -> Mapping[str, Any] | None:
        """What the manifest says of the file of this table; None where the release has none."""
        return next((f for f in self.manifest["files"] if f.get("path") == f"{name}.{self.format}"), None)

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of this table's file. Raises Refused."""
        path = f"{name}.{self.format}"
        try:
            if self.place.is_dir():
                with (self.place / path).open("rb") as file:
                    yield file
            else:
                with zipfile.ZipFile(self.place) as packed, packed.open(self.inside + path) as member:
                    yield cast(BinaryIO, member)
        except KeyError:
            raise Refused(f"{self.place} lacks {path}, which its manifest names") from None
        except _DAMAGED as error:
            raise Refused(f"{path} of the release {self.place} cannot be read: {error}") from None

    @contextmanager
    def seekable(self, name: str) -> Iterator[BinaryIO]:
        """The same for who reads from its end first: what is packed stands in a nameless file meanwhile."""
        with self.opened(name) as file:
            if self.place.is_dir():
                yield file
                return
            with tempfile.TemporaryFile() as copy:
                for block in iter(lambda: file.read(_BLOCK), b""):
                    copy.write(block)
                copy.seek(0)
                yield cast(BinaryIO, copy)

    def check(self, name: str) -> None:
        """Raises Refused where the file of this table is not the one that the manifest names."""
        said = self.table(name) or {}
        digest, size = hashlib.sha256(), 0
        with self.opened(name) as file:
            while size <= said["bytes"] and (block := file.read(_BLOCK)):
                digest.update(block)
                size += len(block)
        if digest.hexdigest() != said["sha256"]:
            raise Refused(
                f"{said['path']} of the release {self.place} is not the file that its manifest names (SHA-256): it"
                f" was changed, or did not arrive whole, and nothing was read. Export or copy it again; a changed"
                f" file of posts comes in, without their history, where it is named alone"
            )


def at(path: Path) -> Release | None:
    """The release that this folder, manifest.json or zip is; None where it is anything else. Raises Refused for one
    that cannot be read."""
    if path.is_dir():
        return at(path / MANIFEST)
    if path.name == MANIFEST:
        return _release(path.parent, said(path))
    return _packed(path) if _is_zip(path) else None


def said(path: Path) -> Any:
    """What this manifest.json says; None where it is no JSON, not there, or larger than any is."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_SAID + 1)
        return orjson.loads(content) if len(content) <= _MOST_SAID else None
    except (OSError, orjson.JSONDecodeError):
        return None


def is_manifest(known: Any) -> bool:
    """Also of the releases of before they had a form; those have no history to be read."""
    return isinstance(known, dict) and isinstance(known.get("software"), dict) and "format" in known


def is_raw(manifest: Mapping[str, Any]) -> bool:
    csv = manifest.get("csv")
    return "release" not in manifest or (isinstance(csv, dict) and csv.get("raw") is True)


def _release(place: Path, known: Any, inside: str = "") -> Release | None:
    if not is_manifest(known) or "release" not in known:
        return None
    if not isinstance(known["release"], int) or known["release"] > FORM:
        raise Refused(f"the release {place} was made by a later version of kle; import it with that version")
    files = known.get("files")
    told = isinstance(files, list) and all(
        isinstance(f, dict) and isinstance(f.get("bytes"), int) and isinstance(f.get("sha256"), str) for f in files
    )
    if not told or known["format"] not in FORMATS:
        raise Refused(f"the manifest of the release {place} is damaged: it does not say which files there are")
    return Release(place, known, inside)


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in ZIP
    except OSError:
        return False


def _packed(path: Path) -> Release | None:
    """The release in a zip, at its top or in its only folder."""
    try:
        with zipfile.ZipFile(path) as packed:
            found = [info for info in packed.infolist() if _is_top(info.filename)]
            if not found:
                return None
            if any(info.flag_bits & _ENCRYPTED for info in packed.infolist()):
                raise Refused(f"{path} is an encrypted zip: unpack it and import the folder")
            if found[0].file_size > _MOST_SAID:
                return None
            known = orjson.loads(packed.read(found[0]))
    except orjson.JSONDecodeError:
        return None
    except _DAMAGED as error:
        raise Refused(f"this zip is damaged or did not arrive whole ({error}): get it again") from None
    return _release(path, known, found[0].filename.removesuffix(MANIFEST))


def _is_top(name: str) -> bool:
    return name == MANIFEST or (name.endswith(f"/{MANIFEST}") and name.count("/") == 1)
