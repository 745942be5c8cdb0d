"""Files of the project's own post form: JSON Lines (also .gz), or one JSON array.

[[source]] kind = "file": `path`, a file or pattern beside kle.toml. Large files come in slices cut at line ends,
so that none is held in memory whole. `synthetic` is each record's own.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from pydantic import Field

from collector import local
from collector.fetch import Fetcher, tool
from collector.target import Options
from core import post as posts
from core import times
from core.errors import ParseError, Refused
from core.page import Page
from core.post import Problem, SeenPost

_SLICE = 4_000_000
_LONGEST_LINE = 16_000_000
_FIRST_LINE = "x-first-line"  # a slice's place in its file, for the messages
_GZIP = b"\x1f\x8b"
_SHOWN = 500


class Target(Options):
    path: str = Field(min_length=1)


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    """Changed files, slice by slice; a file counts as read with its last slice."""
    paths = local.find(fetcher.base_dir, target.path)
    for path, new_state in local.changed(paths, fetcher.base_dir, state):
        yield from slices(path, new_state, fetcher.max_bytes)


def slices(path: Path, state: dict[str, Any] | None = None, array_limit: int = 200_000_000) -> Iterator[Page]:
    """One file as pages of some megabytes; the last one carries `state`. An array comes as one page."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as file:
            yield from _cut(file, path, state or {}, array_limit)  # type: ignore[arg-type]
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(f"{path} cannot be read: {error}") from None


def _cut(file: BinaryIO, path: Path, state: dict[str, Any], array_limit: int) -> Iterator[Page]:
    line, body = 1, _some(file, path)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        body += file.read(array_limit)
        if file.read(1):
            raise Refused(f"{path} is one JSON array of more than {array_limit:,} bytes; write one record a line")
        yield _page(body, 1, state)
        return
    while body:
        following = _some(file, path)
        yield _page(body, line, {} if following else state)
        line += body.count(b"\n")
        body = following


def _some(file: BinaryIO, path: Path) -> bytes:
    body = file.read(_SLICE)
    if body and not body.endswith(b"\n"):
        body += file.readline(_LONGEST_LINE)
        if len(body) >= _SLICE + _LONGEST_LINE:
            raise Refused(f"{path} has a line of more than {_LONGEST_LINE:,} bytes; is it JSON Lines?")
    return body


def _page(body: bytes, line: int, state: dict[str, Any]) -> Page:
    headers = {"content-type": "application/x-ndjson", _FIRST_LINE: str(line)}
    return Page(url="", body=body, fetched_at=times.now(), headers=headers, tool=tool(), state=state)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """A post or a problem for each record. Raises ParseError where there is no record at all."""
    body = page.body.removeprefix(b"\xef\xbb\xbf")
    if body.startswith(_GZIP):
        yield from _records(_unpacked(body), 1)
    elif body.lstrip()[:1] == b"[":
        yield from _array(body)
    else:
        if body.strip() and b"{" not in body:
            raise ParseError(
                "there is no JSON object in this file; it takes one post a line, in the form of the API"
            )
        yield from _records(io.BytesIO(body), int(page.headers.get(_FIRST_LINE, "1")))


def _records(lines: Iterator[bytes] | io.BytesIO, first: int) -> Iterator[SeenPost | Problem]:
    for number, line in enumerate(lines, first):
        if line.isspace():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield _problem(f"line {number}", f"is no JSON ({error})", line)
            continue
        yield _post(record, f"line {number}")


def _array(body: bytes) -> Iterator[SeenPost | Problem]:
    try:
        records = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"this JSON array breaks off or is malformed: {error}") from None
    for number, record in enumerate(records, 1):
        yield _post(record, f"record {number}")


def _post(record: object, where: str) -> SeenPost | Problem:
    if not isinstance(record, dict):
        return _problem(where, "is no object with platform, platform_id, text ...", record)
    try:
        return posts.from_json(record)
    except ParseError as error:
        return _problem(where, error.message, record)
    except (TypeError, AttributeError, ValueError) as error:  # a field of a shape that nobody foresaw
        return _problem(where, f"is not of the API's form ({error})", record)


def _problem(where: str, what: str, item: object) -> Problem:
    shown = item[: 4 * _SHOWN].decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    return Problem(f"{where}: {what}", shown.strip()[:_SHOWN])


def _unpacked(body: bytes) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            while line := file.readline(_LONGEST_LINE):
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise ParseError(f"this gzip file is damaged: {error}") from None
