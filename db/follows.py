"""Pages that a feed's entries name: waiting to be read, read, or given up with the reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session

from db import work
from db.models import Follow
from db.upsert import insert_quietly, table

_follow = table(Follow)
_given_up = _follow.c.done_at.is_not(None) & _follow.c.error.is_not(None)


def queue(session: Session, source_id: int, urls: Sequence[str]) -> None:
    """Each page once a source; one that was read, and whose entry has changed, is read again."""
    wanted = list(dict.fromkeys(urls))
    if not wanted:
        return
    insert_quietly(session, Follow, [{"source_id": source_id, "url": url, "attempts": 0} for url in wanted])
    read = (_follow.c.source_id == source_id) & _follow.c.url.in_(wanted) & _follow.c.done_at.is_not(None)
    anew = {"done_at": None, "error": None, "not_before": None, "attempts": 0}
    session.execute(update(_follow).where(read).values(anew))


def claim(session: Session, source_id: int, worker: str, now: datetime) -> Follow | None:
    """The newest that waits."""
    waiting = (_follow.c.source_id == source_id) & _follow.c.done_at.is_(None)
    taken = work.claim(session, Follow, waiting, [_follow.c.id.desc()], worker, now)
    return session.get(Follow, taken[0], populate_existing=True) if taken else None


def finish(session: Session, follow: Follow, now: datetime, error: str | None = None) -> None:
    """Read; or given up, with its error."""
    assert follow.id is not None
    work.finish(session, Follow, [follow.id], error=error, not_before=None, done_at=now)


def standing(session: Session) -> dict[int, dict[str, int]]:
    """Source id -> {"waiting", "given_up"}, of sources that follow pages."""
    waiting, given_up = _follow.c.done_at.is_(None), _given_up
    counts = func.count().filter(waiting).label("waiting"), func.count().filter(given_up).label("given_up")
    rows = session.execute(select(_follow.c.source_id, *counts).group_by(_follow.c.source_id))
    return {row.source_id: {"waiting": row.waiting, "given_up": row.given_up} for row in rows}


def missed(session: Session, since: datetime, until: datetime) -> dict[int, int]:
    """How many pages of each source could not be read: given up in that time, or not yet though they were tried."""
    inside: Any = (_follow.c.done_at >= since) & (_follow.c.done_at <= until)
    unread = _follow.c.error.is_not(None) & (_follow.c.done_at.is_(None) | inside)
    counted = select(_follow.c.source_id, func.count()).where(unread).group_by(_follow.c.source_id)
    return {row[0]: row[1] for row in session.execute(counted)}
