"""Which posts are to be erased now: those that the terms want erased, deleted there or not seen again in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlmodel import Session

from core import terms, times
from db import hearsay
from db.erasing.erase import DELETED, Why, erase_several
from db.models import Capture, Exhibit, Post, Sighting, Source, Version
from db.upsert import Row, table

_BY = "the platform's terms"
_post, _source, _sighting, _version = table(Post), table(Source), table(Sighting), table(Version)
_exhibit, _capture = table(Exhibit), table(Capture)
_there = _post.c.erasure_id.is_(None)


@dataclass(frozen=True, slots=True)
class Rule:
    """Posts of which `which` holds are erased for this reason."""

    why: Why
    which: ColumnElement[bool]


def by_terms(now: datetime) -> list[Rule]:
    """What the platforms' terms, and sources with `erase_deleted`, want erased."""
    return [_deleted(), *(_unseen(name, keep, now) for name, keep in _kept_for())]


def keys(session: Session, rule: Rule, limit: int) -> list[int]:
    statement = select(_post.c.id).where(_there, rule.which).order_by(_post.c.id).limit(limit)
    return list(session.execute(statement).scalars())


def count(session: Session, rule: Rule) -> tuple[int, datetime | None]:
    """How many, and when the one that is here longest was first seen."""
    statement = select(func.count(), func.min(_post.c.first_seen_at)).where(_there, rule.which)
    number, oldest = session.execute(statement.select_from(_post)).one()
    return int(number), oldest


def erase_some(session: Session, rule: Rule, limit: int, now: datetime) -> list[Row]:
    """The tombstones of the next of them; none where all are erased."""
    return erase_several(session, keys(session, rule, limit), rule.why, now)


def waiting(session: Session, now: datetime) -> Row:
    """What the terms want erased and still stands: {"posts", "oldest"}, the oldest deletion that was seen."""
    oldest = oldest_deletion(session)
    posts = sum(count(session, rule)[0] for rule in by_terms(now))
    return {"posts": posts, "oldest": times.text(oldest) if oldest else None}


def oldest_deletion(session: Session) -> datetime | None:
    """When the deletion was seen that waits longest for its erasure; None where none waits."""
    found: datetime | None = session.execute(
        select(func.min(_post.c.deleted_at)).where(_there, _deleted().which)
    ).scalar()
    return found


def _deleted() -> Rule:
    strict = [name for name, policy in terms.policies().items() if policy.erase]
    asked = seen_through(_source.c.erase_deleted)
    which = and_(_post.c.deleted_at.is_not(None), or_(_post.c.platform.in_(strict), asked), ~hearsay.alone())
    return Rule(Why(DELETED, "deleted there", _BY), which)


def _kept_for() -> list[tuple[str, timedelta]]:
    return [(name, policy.keep) for name, policy in terms.policies().items() if policy.keep]


def _unseen(platform: str, keep: timedelta, now: datetime) -> Rule:
    """No capture since then shows it, and no version or sighting is younger."""
    since = now - keep
    captured = exists().where(
        _exhibit.c.post_id == _post.c.id, _capture.c.id == _exhibit.c.capture_id, _capture.c.fetched_at > since
    )
    changed = exists().where(_version.c.post_id == _post.c.id, _version.c.seen_at > since)
    sighted = exists().where(_sighting.c.post_id == _post.c.id, _sighting.c.seen_at > since)
    which = and_(_post.c.platform == platform, _post.c.first_seen_at <= since, ~captured, ~changed, ~sighted)
    return Rule(Why(DELETED, f"not seen there for {times.every(keep)}", _BY), which)


def seen_through(condition: Any) -> ColumnElement[bool]:
    """Posts that a source for which `condition` holds has shown."""
    inside = select(_sighting.c.post_id).join_from(_sighting, _source).where(condition)
    found: ColumnElement[bool] = _post.c.id.in_(inside)
    return found
