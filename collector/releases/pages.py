"""A release as pages of some megabytes of JSON Lines, one post with its history a line: what the intake takes and
keeps, the same from each format. A file of posts as Parquet alone is cut alike, a row a line."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from collector.formats._cut import SLICE
from collector.formats._release_tables import FIELDS, refuse_others
from collector.releases import rows
from collector.releases.joined import Joined
from collector.releases.opened import Release
from core.errors import ParseError, Refused

FORMAT, _ALONE = "release", "post_form"
_PARQUET = b"PAR1"
_AS_JSON = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """`first` is the number of its first post, `done` how many of the bytes were read so far; `missing` what is to
    be said to people."""

    body: bytes
    first: int
    done: int
    last: bool
    format: str = FORMAT
    missing: str = ""


def size(release: Release) -> int:
    return Joined(release).size


def of_release(release: Release) -> Iterator[Slice]:
    """Raises Refused where a file is not the one that the manifest names; ParseError where it makes no sense, and
    what came before it stands."""
    joined = Joined(release)
    joined.check()
    rows_told = (release.table("posts") or {}).get("rows")
    count = rows_told if isinstance(rows_told, int) else 1
    for piece in _cut(map(_line, joined.records()), joined.size, count, Slice(b"", 1, 0, False)):
        yield replace(piece, missing=joined.remark if piece.last else "")


def of_parquet(path: Path) -> Iterator[Slice]:
    try:
        with path.open("rb") as file:
            head = rows.schema(file, path.name)
            refuse_others(head.columns)
            if not {"id", "platform"} & set(head.columns):
                raise ParseError(f"this Parquet file is no table of posts of a release: it has {head.columns}")
            lines = map(_dumped, rows.parquet(file, FIELDS["posts"], path.name))
            yield from _cut(lines, path.stat().st_size, head.rows, Slice(b"", 1, 0, False, _ALONE))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None


def is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_PARQUET)) == _PARQUET
    except OSError:
        return False


def _cut(found: Iterator[bytes], total: int, count: int, form: Slice) -> Iterator[Slice]:
    """`total` bytes are read once all `count` posts are."""
    lines: list[bytes] = []
    held, first = 0, 1
    for number, line in enumerate(found, 1):
        if held >= SLICE:
            done = total * min(number - 1, count) // max(count, 1)
            yield replace(form, body=b"".join(lines), first=first, done=done)
            lines, held, first = [], 0, number
        lines.append(line)
        held += len(line)
    yield replace(form, body=b"".join(lines), first=first, done=total, last=True)


def _line(record: Row) -> bytes:
    """Of what models and people said only the words of people: our own classifier reads the text."""
    post = record["post"]
    if isinstance(tags := post.get("tags"), list):
        post["tags"] = [tag for tag in tags if isinstance(tag, dict) and tag.get("by") == "person"]
    return _dumped(record)


def _dumped(record: Row) -> bytes:
    try:
        return orjson.dumps(record, option=_AS_JSON)
    except TypeError as error:  # types that no release has, such as bytes or decimals
        raise ParseError(f"a row of this table is none of a release: {error}") from None
