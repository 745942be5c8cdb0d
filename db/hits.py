"""When the posts of a query were published, as the timeline counts them now: what rules about volume are told from.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlmodel import Session

from core import times
from db.clock import INSTANT
from db.columns import HOUR
from db.looks import Numbers
from db.matches import matches
from db.query import PostQuery, selection

NEWEST = 20


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
