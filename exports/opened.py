"""A release that is there already, a folder or a zip, opened to be read: its manifest, its tables, their rows.

It came from outside: nothing in it is believed before it was looked at, and no name in it leaves its folder.
"""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from core import plugins
from core.errors import BadRequest
from core.tables import CitationConfig
from exports.batch import Options, Row
from exports.order import Order
from exports.tables import Table

MANIFEST = "manifest.json"
KIND = 1  # what "release" says in a manifest that this program can read
_MOST_MANIFEST = 16_000_000  # bytes; one holds a few kilobytes
_BATCH = 1000
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
_SHAPE = {"query": str, "as_of": str, "format": str, "audience": str, "topics": list, "files": list,
          "content": dict, "software": dict}  # fmt: skip


class Broken(BadRequest):
    """It is, or was, a release, and not as it was written."""

    title = "Broken release"


@dataclass(frozen=True, slots=True)
class Opened:
    """`path` as it was named, `folder` where its files lie; `tables` are those it has, with the fields it has."""

    path: Path
    folder: Path
    manifest: Row
    tables: Mapping[str, Table]

    def file(self, table: str) -> Path:
        return self.folder / f"{table}.{self.manifest['format']}"

    def rows(self, table: str) -> Iterator[list[Row]]:
        """Some at a time, in the table's shape. Raises Broken where the file cannot be read as one."""
        file, said = self.file(table), self.manifest.get("csv") or {}
        plugin = plugins.load("exports.formats")[self.manifest["format"]]
        try:
            yield from plugin.read(file, self.tables[table], _BATCH, Options(raw=bool(said.get("raw"))))
        except OSError as error:
            raise Broken(f"{self.path}: {file.name} cannot be read: {error.strerror or error}") from None
        except BadRequest as error:
            raise Broken(f"{self.path}: {error.message}") from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            reason = " ".join(str(error).split())[:200]
            raise Broken(f"{self.path}: {file.name} cannot be read as its table: {reason}") from None


@contextmanager
def release(path: Path) -> Iterator[Opened]:
    """Raises BadRequest for what is no release, Broken for what was one. What is unpacked goes at the end."""
    with unpacked(path) as folder:
        manifest = read_manifest(folder, path)
        yield Opened(path, folder, manifest, _tables(manifest, path))


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder itself, or one with the files of this zip."""
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise BadRequest(f"{path} is not there: name the folder or the zip of a release")
    if not zipfile.is_zipfile(path):
        kind = Broken if path.suffix == ".zip" else BadRequest
        raise kind(f"{path} is neither the folder nor the zip of a release")
    with tempfile.TemporaryDirectory(prefix="kle-release-", ignore_cleanup_errors=True) as folder:
        try:
            with zipfile.ZipFile(path) as packed:
                _unpack(packed, Path(folder), path)
        except (*_BROKEN_ZIP, OSError) as error:
            raise Broken(f"{path} cannot be unpacked: {error}") from None
        yield Path(folder)


def _unpack(packed: zipfile.ZipFile, folder: Path, path: Path) -> None:
    """Its files by their own names, without the one folder that they may lie in."""
    members = [member for member in packed.infolist() if not member.is_dir()]
    places = [PurePosixPath(member.filename).parts for member in members]
    depth = 1 if places and all(len(p) == 2 and p[0] == places[0][0] for p in places) else 0
    names = ["/".join(place[depth:]) for place in places]
    for name in names:
        if not is_plain(name):
            raise Broken(f"{path} holds {name!r}: the files of a release lie in no folder; nothing was unpacked")
    if len(set(names)) < len(names):
        raise Broken(f"{path} holds a name twice: it is not as it was written")
    size, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if size > free:
        raise BadRequest(f"{path} holds {size:,} bytes, and {free:,} are free where it would be unpacked")
    for member, name in zip(members, names, strict=True):
        with packed.open(member) as source, (folder / name).open("xb") as target:
            shutil.copyfileobj(source, target, 1_000_000)


def is_plain(name: str) -> bool:
    """A name in this very folder, and of no other."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0:") and name.isprintable()


def read_manifest(folder: Path, path: Path | None = None) -> Row:
    """Of the release in this folder, checked as far as one reads it. `path` is what people call it."""
    file, path = folder / MANIFEST, path or folder
    try:
        if file.stat().st_size > _MOST_MANIFEST:
            raise Broken(f"{path}: {MANIFEST} is larger than any that this program writes")
        manifest = orjson.loads(file.read_bytes())
    except OSError:
        raise BadRequest(f"{path} is no release: it has no {MANIFEST}") from None
    except orjson.JSONDecodeError as error:
        raise Broken(f"{path}: {MANIFEST} is no JSON ({error})") from None
    for wrong in _wrong(manifest):
        raise Broken(f"{path}: {MANIFEST} is none of a release that this program can read: {wrong}")
    return dict(manifest)


def _wrong(manifest: Any) -> Iterator[str]:
    """What does not let one go on, the first thing first."""
    if not isinstance(manifest, dict) or "release" not in manifest:
        yield 'it does not say {"release": 1, ...}'
        return
    if manifest["release"] != KIND:
        yield f'"release" is {manifest["release"]!r}, this program reads {KIND}: a newer one may'
    for name, kind in _SHAPE.items():
        if not isinstance(manifest.get(name), kind):
            yield f"{name!r} is missing or not what it should be"
    for name in ("archive", "sample", "pseudonyms"):
        if name in manifest and not isinstance(manifest[name] or {}, dict):
            yield f"{name!r} is not what it should be"
    if not all(isinstance(slug, str) for slug in manifest["topics"]):
        yield "'topics' are not names"
    if not all(_is_file(file) for file in manifest["files"]):
        yield "'files' are not plain names with sizes and digests"
    if not all(isinstance(entry, dict) for entry in manifest["content"].values()):
        yield "'content' has no digests"
    if manifest["format"] not in (known := plugins.load("exports.formats")):
        yield f"its format is {manifest['format']!r}; there are {', '.join(known)}"


def _is_file(file: Any) -> bool:
    return isinstance(file, dict) and isinstance(file.get("path"), str) and is_plain(file["path"])


def _tables(manifest: Row, path: Path) -> dict[str, Table]:
    """Those that are in it, with the columns that they have. Of what the order says nothing else is looked at."""
    try:
        chosen = Order.of_manifest(manifest, None, CitationConfig()).chosen(manifest["topics"])
    except BadRequest as error:
        raise Broken(f"{path}: {MANIFEST} does not say what it was built from: {error.message}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Broken(f"{path}: {MANIFEST} does not say what it was built from: {error!r}") from None
    if unknown := [name for name in manifest["content"] if name not in chosen]:
        raise Broken(f"{path} has a table {unknown[0]!r} that is none of those that it was built with")
    return {name: chosen[name] for name in manifest["content"]}
