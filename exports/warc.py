"""Captures as a WARC 1.1 file, which the tools of web archives replay: the raw evidence beside the posts.

The same archive gives the same bytes: every time is one of the archive's, and the ids of records are made of
digests. Bodies are stored unpacked, so the records say no content-encoding; the metadata record behind each says
how it came.
"""

import base64
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import orjson
from warcio.recordbuilder import RecordBuilder
from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from core import times
from core.errors import BadRequest
from core.page import FILE, KEPT_HEADERS, PEER
from core.version import SOFTWARE, version
from db import blobs, exhibits
from db.database import Database
from db.exhibits import Shown
from db.query import PostQuery
from exports import written

Progress = Callable[[int], None]
_SENT = frozenset({"content-encoding", "content-length"})  # true of the answer as it was sent, not of what is kept
_STANDARD = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


def export(
    database: Database,
    query: PostQuery | None,
    out: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the captures that show a post which matches, or all of them, to `out`.

    {"file", "bytes", "sha256", "captures", "records": {type: count}, "erased"}. A file that is there is refused
    without `force`. It is written beside its place and moved there at the end.
    """
    if out.is_dir() or (out.exists() and not force):
        why = "is a folder; name a file" if out.is_dir() else "is there already; --force replaces it"
        raise BadRequest(f"{out} {why}")
    with database.read() as session, _moved_at_the_end(out) as file:
        chosen = exhibits.chosen(session, query)
        if not chosen:
            raise BadRequest("no capture shows a post that matches; there is nothing to write")
        made = _Warc(file, exhibits.archive_id(session))
        made.head(query, len(chosen), times.text(exhibits.newest(session, chosen)))
        for some in exhibits.shown(session, chosen):
            for one in some:
                made.add(one, None if one.erased or _revisits(one) else blobs.find(session, one.row["sha256"]))
            session.rollback()  # a long export must not keep SQLite from folding its log back
            if progress:
                progress(len(some))
    said = {"file": str(out), **written.described(out), "captures": len(chosen), **made.summary()}
    written.tell(database, f"warc/{said['sha256']}", {"query": query.q if query else "", "format": "warc"}, out)
    return said


def _is_http(row: Any) -> bool:
    return row["status"] is not None and urlsplit(row["url"]).scheme in ("http", "https")


def _revisits(one: Shown) -> bool:
    return one.first is not None and _is_http(one.row) and _is_http(one.first)


def _address(row: Any) -> str:
    """A record needs one: a file's name, else the address that answered."""
    if FILE in row["headers"]:
        return "file:///" + quote(row["headers"][FILE])
    return row["url"] or f"urn:kle:capture:{row['digest']}"


@dataclass
class _Warc:
    """One file as it grows, a capture at a time."""

    file: BinaryIO
    archive_id: str
    records: Counter[str] = field(default_factory=Counter)
    erased: int = 0

    def __post_init__(self) -> None:
        self._writer = _Writer(self.file, gzip=True, warc_version="1.1")
        self._space = uuid.UUID(self.archive_id)

    def head(self, query: PostQuery | None, captures: int, date: str) -> None:
        """What this file is, first in it."""
        fields = [
            ("software", f"{SOFTWARE}/{version()}"),
            ("format", "WARC File Format 1.1"),
            ("conformsTo", _STANDARD),
            ("isPartOf", f"urn:uuid:{self.archive_id}"),
            ("description", "captures of the archive named by isPartOf; bodies are stored unpacked"),
            ("query", (query.q if query else "") or "everything"),
            ("captures", str(captures)),
        ]
        payload = _fields(fields)
        seed = hashlib.sha256(payload).hexdigest()
        self._write("warcinfo", self._id("warcinfo", seed), date, "", payload, "application/warc-fields")

    def add(self, one: Shown, blob: Any) -> None:
        """Its answer (a response, a revisit or a resource), and what is known of it; of an erased one only that."""
        name = None
        if one.erased:
            self.erased += 1
        else:
            name = self._answer(one, blob)
        about = {"WARC-Concurrent-To": name} if name else {}
        date, address = times.text(one.row["fetched_at"]), _address(one.row)
        said = _fields(_told(one))
        self._write(
            "metadata", self._of(one.row, "metadata"), date, address, said, "application/warc-fields", about
        )

    def _answer(self, one: Shown, blob: Any) -> str:
        row = one.row
        date, address = times.text(row["fetched_at"]), _address(row)
        peer = {"WARC-IP-Address": row["headers"][PEER]} if PEER in row["headers"] else {}
        if not _is_http(row):
            kind = row["headers"].get("content-type") or "application/octet-stream"
            name = self._of(row, "resource")
            self._write("resource", name, date, address, blobs.opened(blob) or b"", kind, peer)
            return name
        http = _http_headers(row)
        if not _revisits(one):
            name = self._of(row, "response")
            digest = {"WARC-Payload-Digest": _digest(row["sha256"])}
            self._write("response", name, date, address, blobs.opened(blob) or b"", "", peer | digest, http)
            return name
        name = self._of(row, "revisit")
        before = {
            "WARC-Profile": RecordBuilder.REVISIT_PROFILE_1_1,
            "WARC-Refers-To": self._of(one.first, "response"),
            "WARC-Refers-To-Target-URI": _address(one.first),
            "WARC-Refers-To-Date": times.text(one.first["fetched_at"]),
            "WARC-Payload-Digest": _digest(row["sha256"]),
        }
        self._write("revisit", name, date, address, b"", "", peer | before, http)
        return name

    def _write(
        self,
        kind: str,
        name: str,
        date: str,
        address: str,
        payload: bytes,
        content_type: str,
        more: dict[str, str] | None = None,
        http: StatusAndHeaders | None = None,
    ) -> None:
        headers = {"WARC-Record-ID": name, "WARC-Date": date, **(more or {})}
        record = self._writer.create_warc_record(
            address, kind, BytesIO(payload), len(payload), content_type, headers, http_headers=http
        )
        self._writer.write_record(record)
        self.records[kind] += 1

    def _of(self, row: Any, kind: str) -> str:
        """The name of this capture's record of that kind."""
        return self._id(kind, f"{row['id']}/{row['digest']}")

    def _id(self, kind: str, seed: str) -> str:
        return f"<urn:uuid:{uuid.uuid5(self._space, f'{kind}/{seed}')}>"

    def summary(self) -> dict[str, Any]:
        return {"records": dict(sorted(self.records.items())), "erased": self.erased}


class _Writer(WARCWriter):  # type: ignore[misc]  # the library has no types
    """Blocks are digested as payloads are."""

    @staticmethod
    def _create_digester() -> Digester:
        return Digester("sha256")


def _http_headers(row: Any) -> StatusAndHeaders:
    """The status line and what the server said, as far as it was kept."""
    said = [(n, v) for n, v in sorted(row["headers"].items()) if n in KEPT_HEADERS and n not in _SENT]
    return StatusAndHeaders(_status(row["status"]), [*said, ("content-length", str(row["size"]))], "HTTP/1.1")


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} Unknown"


def _told(one: Shown) -> Iterator[tuple[str, str]]:
    """The capture's row, from which its digest can be made again; its line in the ledger; what it shows."""
    row, line = one.row, one.line
    yield from (("capture", str(row["id"])), ("capture-digest", row["digest"]), ("tool", row["tool"]))
    yield from (("url", row["url"]), ("fetched-at", times.text(row["fetched_at"])))
    yield "status", "" if row["status"] is None else str(row["status"])
    yield "headers", orjson.dumps(row["headers"], option=orjson.OPT_SORT_KEYS).decode()
    yield from (("sha256", row["sha256"]), ("size", str(row["size"])))
    if one.erased:
        yield "erased", "the body was erased; its sha256 and size are left"
    if row["name"]:
        yield "source", row["name"]
    if line:
        yield from (("ledger-line", str(line["seq"])), ("ledger-at", times.text(line["at"])))
        yield from (("ledger-previous", line["previous"]), ("ledger-digest", line["digest"]))
    for public_id in one.posts:
        yield "post", public_id
    for public_id, number, digest in one.versions:
        yield "version", f"{public_id} {number} {digest}"


def _fields(said: Iterable[tuple[str, str]]) -> bytes:
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in said)
    return "".join(lines).encode("utf-8", "surrogatepass")


def _digest(sha256: str) -> str:
    return f"sha256:{base64.b32encode(bytes.fromhex(sha256)).decode()}"


@contextmanager
def _moved_at_the_end(out: Path) -> Iterator[BinaryIO]:
    place = out.absolute()
    beside = place.with_name(f".{place.name}.unfinished")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            yield file
        beside.replace(place)
    except OSError as error:
        raise BadRequest(f"{out} cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)
