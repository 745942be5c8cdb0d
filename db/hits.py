"""When the posts of a query were published, as the timeline counts them now: what rules about volume tell from."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from core import times
from db.clock import INSTANT
from db.columns import HOUR
from db.looks import Numbers
from db.matches import matches
from db.models import Post
from db.query import PostQuery, selection
from db.upsert import is_sqlite, table

NEWEST = 20
_post = table(Post)


def between(query: PostQuery, after: datetime | None, until: datetime) -> PostQuery:
    """Its posts published after the one moment and not after the other."""
    since = after + INSTANT if after else None
    return replace(
        query,
        since=max((t for t in (query.since, since) if t), default=None),
        until=min(t for t in (query.until, until + INSTANT) if t),
        as_of=None,
    )


def moments(session: Session, query: PostQuery) -> Numbers:
    """In microseconds since 1970, the oldest first. Raises QueryError for unknown names."""
    found = matches(session, query, kept=False)
    at = found.column("hour").astype(np.int64) * HOUR + found.column("rest")
    at.sort()
    return at  # type: ignore[no-any-return]


def newest(session: Session, query: PostQuery, limit: int = NEWEST) -> list[int]:
    """The row keys of its newest posts, the newest first."""
    return list(session.execute(selection(session, query).by_key(newest=True, place=None, limit=limit)).scalars())


def daily(at: Numbers, now: datetime, days: int) -> list[int]:
    """Posts by 24 hours back from `now`, the newest first."""
    end = times.micros(now)
    edges = np.searchsorted(at, [end - n * 24 * HOUR for n in range(days + 1)], "right")
    return [int(count) for count in -np.diff(edges)]


def late(session: Session, query: PostQuery, age: timedelta) -> dict[date, int]:
    """Of its posts those that were older than `age` when they were seen first, by day of publication."""
    keys = selection(session, query).keys().subquery()
    published, seen = _epoch(session, _post.c.created_at), _epoch(session, _post.c.first_seen_at)
    of = _post.c.id == keys.c.id
    statement = select(_post.c.created_at).join_from(keys, _post, of).where(seen - published > age.total_seconds())
    return dict(Counter(at.date() for at in session.execute(statement).scalars()))


def _epoch(session: Session, moment: Any) -> Any:
    return func.unixepoch(moment) if is_sqlite(session) else func.extract("epoch", moment)
