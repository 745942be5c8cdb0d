"""Retention: a source's `keep` says how long its posts stay; what will go is announced a day before it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlmodel import Session

from core import times
from db.erasing.due import Rule, count, seen_through
from db.erasing.erase import RETENTION, Why
from db.models import Meta, Post, Sighting, Source
from db.upsert import Row, insert, table

NOTICE = timedelta(days=1)  # between the announcement of what will go and its going
_BY = "the sources' keep"
_RUN = "retention_run"  # in Meta: when the last daily run began
_post, _source, _sighting = table(Post), table(Source), table(Sighting)


@dataclass(frozen=True, slots=True)
class Kept:
    """A source with `keep`; its rule holds of each post that it keeps the longest, and long enough."""

    source_id: int
    source: str
    span: timedelta
    announced_at: datetime | None
    rule: Rule

    def is_due(self, now: datetime) -> bool:
        return self.announced_at is not None and self.announced_at <= now - NOTICE


def kept(session: Session, now: datetime, *, only_due: bool = False) -> list[Kept]:
    """Sources with `keep`, the shortest first. A post that another source shows too, one without `keep` or (with
    `only_due`) one whose keeping nobody announced a day ago, stays."""
    columns = _source.c.id, _source.c.name, _source.c.keep_seconds, _source.c.keep_announced_at
    order = _source.c.keep_seconds, _source.c.id
    rows = session.execute(select(*columns).where(_source.c.keep_seconds.is_not(None)).order_by(*order)).all()
    found: list[Kept] = []
    for row in rows:
        those = [other.source_id for other in found] + [row.id]
        one = _kept(row, those, now)
        if one.is_due(now) or not only_due:
            found.append(one)
    return found


def _kept(row: Any, those: Sequence[int], now: datetime) -> Kept:
    span = timedelta(seconds=row.keep_seconds)
    why = Why(RETENTION, f"the source {row.name} keeps posts for {times.every(span)}", _BY)
    rule = Rule(why, _long_enough(row.id, those, now - span))
    return Kept(row.id, row.name, span, row.keep_announced_at, rule)


def _long_enough(source_id: int, those: Sequence[int], before: datetime) -> ColumnElement[bool]:
    """Seen through this source, and through no other than `those`."""
    other = or_(_sighting.c.source_id.is_(None), _sighting.c.source_id.not_in(those))
    elsewhere = exists().where(_sighting.c.post_id == _post.c.id, other)
    return and_(_post.c.first_seen_at <= before, seen_through(_source.c.id == source_id), ~elsewhere)


def standing(session: Session, now: datetime) -> list[Row]:
    """Each source with `keep`, and what would go now: {"source", "keep_seconds", "posts", "oldest", "from"}."""
    return [_form(one, *count(session, one.rule)) for one in kept(session, now)]


def _form(one: Kept, posts: int, oldest: datetime | None) -> Row:
    begins = one.announced_at + NOTICE if one.announced_at else None
    return {
        "source": one.source,
        "keep_seconds": int(one.span.total_seconds()),
        "posts": posts,
        "oldest": times.text(oldest) if oldest else None,
        "from": times.text(begins) if begins else None,
    }


def unannounced(session: Session, now: datetime) -> list[Kept]:
    """Sources whose `keep` is new, or shorter than it was."""
    return [one for one in kept(session, now) if one.announced_at is None]


def is_day_over(session: Session, now: datetime) -> bool:
    """Whether the last daily run was a day ago; with nothing to keep for a time there is none."""
    if session.execute(select(_source.c.id).where(_source.c.keep_announced_at <= now - NOTICE)).first() is None:
        return False
    found = session.get(Meta, _RUN)
    return found is None or times.parse(found.value) <= now - NOTICE


def note_run(session: Session, now: datetime) -> None:
    said = {"name": _RUN, "value": times.text(now)}
    statement = insert(session, Meta).values(said)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": said["value"]}))


def announce(session: Session, found: Sequence[Kept], now: datetime) -> None:
    which = _source.c.id.in_([one.source_id for one in found])
    session.execute(update(_source).where(which).values(keep_announced_at=now))
