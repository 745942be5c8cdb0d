"""A file in slices of some megabytes, each cut where a record ends, so that none is held in memory whole."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from collector.formats import _array, _table
from collector.formats._start import Start, sniff
from core.errors import ParseError, Refused

SLICE = 4_000_000
LIMIT = 200_000_000  # bytes of one record, or of one JSON object that is a whole file
_OPEN = 4  # slices after which a quotation counts as never closed
GZIP = b"\x1f\x8b"
DAMAGED = (OSError, EOFError, zlib.error)
_FOREIGN = {
    b"PK\x03\x04": "this is a ZIP archive, and no release: unpack it and import the folder or the posts in it",
    b"PAR1": "this is Parquet, which is read as a file of its own: posts.parquet of a release",
    b"\xfd7zXZ": "this is packed with xz: unpack it first; gzip is read as it is",
    b"BZh": "this is packed with bzip2: unpack it first; gzip is read as it is",
    b"(\xb5/\xfd": "this is packed with zstd: unpack it first; gzip is read as it is",
}
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, as some shells of Windows write what a program prints


@dataclass(frozen=True, slots=True)
class Slice:
    """`first` is the number of its first line, or of its first item in an array; `done` of the file's bytes."""

    body: bytes
    first: int
    done: int
    last: bool


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The file's text, unpacked, and how many of its bytes were read so far. Raises Refused."""
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
            raw.seek(0)
            if start == GZIP:
                with gzip.open(raw) as packed:
                    yield packed, raw.tell  # type: ignore[misc]
            elif _wide(start):
                yield io.BytesIO(recoded(raw.read(LIMIT))), raw.tell
            else:
                yield raw, raw.tell
    except DAMAGED as error:
        raise Refused(f"{path} cannot be read: {error}") from None


def recoded(body: bytes) -> bytes:
    """UTF-16 as UTF-8; anything else as it is."""
    name = _wide(body[:2])
    return body.decode(name, "replace").encode() if name else body


def _wide(start: bytes) -> str:
    """Which UTF-16 it is, by its mark or by how its first sign is written, which is one of ASCII; "" for none."""
    if start in _WIDE:
        return "utf-16"
    if len(start) < 2 or bool(start[0]) == bool(start[1]):
        return ""
    return "utf-16-le" if start[0] else "utf-16-be"


def begin(file: BinaryIO) -> tuple[bytes, Start]:
    """The first bytes and what they are; a JSON object over many lines is read whole, to tell what is in it."""
    head = _some(file, SLICE)
    refuse_foreign(head)
    start = sniff(head)
    if start.shape == "object" or (start.shape == "lines" and b"\n" not in head and len(head) == SLICE):
        head += _some(file, LIMIT)
        start = sniff(head)
    return head, start


def refuse_foreign(head: bytes) -> None:
    """Raises ParseError for what has posts inside but is not read as it is."""
    for magic, sentence in _FOREIGN.items():
        if head.startswith(magic):
            raise ParseError(sentence)


def _some(file: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; of a damaged file what comes before the damage, and the error only after that."""
    pieces: list[bytes] = []
    try:
        while size > 0 and (piece := file.read1(size)):  # type: ignore[attr-defined]
            pieces.append(piece)
            size -= len(piece)
    except DAMAGED:
        if not pieces:
            raise
    return b"".join(pieces)


def cut(file: BinaryIO, head: bytes, start: Start, tell: Callable[[], int], name: str) -> Iterator[Slice]:
    """All slices of a file that begins with `head`. Raises Refused for a record that has no end."""
    waiting, first, more = b"", 1, head
    while True:
        waiting += more
        try:
            following = _some(file, SLICE)
        except DAMAGED:
            end, _ = _end(waiting, start, whole=first == 1)
            if end:
                yield Slice(waiting[:end], first, tell(), False)
            raise
        if not following:
            yield Slice(waiting, first, tell(), True)
            return
        more = following
        end, count = _end(waiting, start, whole=first == 1)
        if end:
            yield Slice(waiting[:end], first, tell() - len(following), False)
            first += count
            waiting = waiting[end:]
        elif len(waiting) > LIMIT:
            raise Refused(f"{name} has a record of more than {LIMIT:,} bytes; what it is cannot be told")


def _end(body: bytes, start: Start, *, whole: bool) -> tuple[int, int]:
    """Where the last complete record ends, and how many lines or items that are."""
    if start.shape == "array":
        items = _array.inside(body) if whole else body
        end, count = _array.complete(items)
        return (end + len(body) - len(items) if end else 0), count
    if start.shape == "run":
        return _array.complete(body)
    end = body.rfind(b"\n") + 1
    if start.shape == "table":
        end = _table.last_end(body) or (end if len(body) > _OPEN * SLICE else 0)
    return (0, 0) if start.shape == "object" else (end, body.count(b"\n", 0, end))
