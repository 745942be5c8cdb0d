"""Captures as exhibits: each with the posts that it shows, the versions it brought and its line in the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session

from db import blobs
from db.models import Blob, Capture, Exhibit, Ledger, Meta, Post, Run, Source, Version
from db.query import PostQuery, selection
from db.slices import slices
from db.upsert import table

_SLICE = 200
_capture, _exhibit, _blob, _ledger, _meta = (table(m) for m in (Capture, Exhibit, Blob, Ledger, Meta))
_post, _version, _run, _source = table(Post), table(Version), table(Run), table(Source)
Numbers = dict[int, int | None]  # of captures -> the sequence number of its line; None where it is not sealed yet


@dataclass(frozen=True, slots=True)
class Shown:
    """`row` has the columns of the capture, `size` and `codec` of its bytes, and the source's name as `name`.

    `posts` are the ids of those it shows, `versions` those that it brought as (id of the post, number, digest),
    `line` is the ledger's. `first` is the row of the first among the chosen captures that has the same bytes at the
    same address, where that is another one.
    """

    row: Any
    posts: Sequence[str]
    versions: Sequence[Any]
    line: Any
    first: Any

    @property
    def erased(self) -> bool:
        return bool(self.row["codec"] == blobs.ERASED)


def archive_id(session: Session) -> str:
    return str(session.execute(select(_meta.c.value).where(_meta.c.name == "archive_id")).scalar_one())


def chosen(session: Session, query: PostQuery | None) -> Numbers:
    """The captures that show a post which matches, or all of them, in the order of their ids."""
    wanted = select(_capture.c.id)
    if query:
        matches = selection(session, query).keys()
        wanted = select(_exhibit.c.capture_id).distinct().where(_exhibit.c.post_id.in_(matches))
    found: Numbers = dict.fromkeys(sorted(session.execute(wanted).scalars()))
    lines = select(_ledger.c.seq, _ledger.c.subject).where(_ledger.c.kind == "capture")
    for rows in slices(session, lines, _ledger.c.seq):
        for row in rows:
            if (number := int(row["subject"].split("/")[1])) in found:
                found[number] = row["seq"]
    return found


def newest(session: Session, numbers: Numbers) -> datetime:
    """When the last of them was fetched."""
    found: list[datetime] = []
    for some in _some(numbers):
        last = select(func.max(_capture.c.fetched_at)).where(_capture.c.id.in_(some))
        found.append(session.execute(last).scalar_one())
    return max(found)


def shown(session: Session, numbers: Numbers) -> Iterator[list[Shown]]:
    """All of them, some at a time."""
    for some in _some(numbers):
        rows = _rows(session, some)
        posts, versions = _posts(session, some), _versions(session, some)
        lines, firsts = _lines(session, [numbers[n] for n in some]), _firsts(session, rows, numbers)
        yield [
            Shown(
                row, posts.get(row["id"], []), versions.get(row["id"], []), lines.get(numbers[row["id"]]),
                None if firsts[_same(row)]["id"] == row["id"] else firsts[_same(row)],
            )
            for row in rows
        ]  # fmt: skip


def _some(numbers: Numbers) -> Iterator[list[int]]:
    every = list(numbers)
    for start in range(0, len(every), _SLICE):
        yield every[start : start + _SLICE]


def _rows(session: Session, some: Sequence[int]) -> Sequence[Any]:
    statement = (
        select(_capture, _blob.c.size, _blob.c.codec, _source.c.name)
        .join_from(_capture, _blob, _blob.c.sha256 == _capture.c.sha256)
        .join(_run, _run.c.id == _capture.c.run_id, isouter=True)
        .join(_source, _source.c.id == _run.c.source_id, isouter=True)
        .where(_capture.c.id.in_(some))
        .order_by(_capture.c.id)
    )
    return session.execute(statement).mappings().all()


def _posts(session: Session, some: Sequence[int]) -> dict[int, list[str]]:
    statement = (
        select(_exhibit.c.capture_id, _post.c.platform, _post.c.platform_id)
        .join_from(_exhibit, _post, _post.c.id == _exhibit.c.post_id)
        .where(_exhibit.c.capture_id.in_(some))
        .order_by(_post.c.platform, _post.c.platform_id)
    )
    found: dict[int, list[str]] = {}
    for row in session.execute(statement):
        found.setdefault(row.capture_id, []).append(f"{row.platform}:{row.platform_id}")
    return found


def _versions(session: Session, some: Sequence[int]) -> dict[int, list[Any]]:
    brought = and_(_version.c.post_id == _exhibit.c.post_id, _version.c.capture_id == _exhibit.c.capture_id)
    statement = (
        select(_exhibit.c.capture_id, _post.c.platform, _post.c.platform_id, _version.c.number, _version.c.digest)
        .join_from(_exhibit, _version, brought)
        .join(_post, _post.c.id == _exhibit.c.post_id)
        .where(_exhibit.c.capture_id.in_(some))
        .order_by(_post.c.platform, _post.c.platform_id, _version.c.number)
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(statement):
        said = (f"{row.platform}:{row.platform_id}", row.number, row.digest)
        found.setdefault(row.capture_id, []).append(said)
    return found


def _lines(session: Session, seqs: Sequence[int | None]) -> dict[int | None, Any]:
    statement = select(_ledger).where(_ledger.c.seq.in_([seq for seq in seqs if seq]))
    return {row["seq"]: row for row in session.execute(statement).mappings()}


def _same(row: Any) -> tuple[str, str]:
    return row["url"], row["sha256"]


def _firsts(session: Session, rows: Sequence[Any], numbers: Numbers) -> dict[tuple[str, str], Any]:
    """Of each address and bytes the first of the chosen captures."""
    statement = select(_capture).where(_capture.c.sha256.in_({row["sha256"] for row in rows}))
    found: dict[tuple[str, str], Any] = {}
    for row in session.execute(statement.order_by(_capture.c.id)).mappings():
        if row["id"] in numbers:
            found.setdefault(_same(row), row)
    return found
