"""Which entries of the full-text index were written or taken out lately: what is kept in memory follows by it.

A view of the archive has seen every row below its `low`; from there on two views are compared row by row. SQLite
has one writer at a time, so ids are in the order of commits, and `low` is the next one. On PostgreSQL they are not:
there a row names its transaction, and `low` is the oldest one that was still under way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import delete, func, select, text
from sqlmodel import Session

from db.models import Moved
from db.upsert import insert, is_sqlite, table

KEPT = 4096  # rows, of at most some hundred posts each; who stands before them reads everything anew
_EVERY = 256  # rows after which the oldest are thrown away
_TRIMMING = 0x6B6C6574  # the advisory lock of the one that does
_moved = table(Moved)
_XID = "CAST(CAST({} AS text) AS bigint)"
_ME, _LOW, _NEXT = (
    text(_XID.format(name))
    for name in (
        "pg_current_xact_id()",
        "pg_snapshot_xmin(pg_current_snapshot())",
        "pg_snapshot_xmax(pg_current_snapshot())",
    )
)
_VIEW = text("CAST(pg_current_snapshot() AS text)")


@dataclass(frozen=True, slots=True)
class Move:
    """One row: `posts` are row keys, None for whatever there is."""

    id: int
    number: int
    posts: Any


def note(session: Session, post_ids: Iterable[int]) -> None:
    """The entries of these posts are others now."""
    _add(session, np.fromiter(post_ids, np.int64).tobytes())


def note_all(session: Session) -> None:
    """Nothing is as it was."""
    _add(session, None)


def low(session: Session) -> int:
    """Below it this view has seen every row."""
    if is_sqlite(session):
        return int(session.execute(select(func.coalesce(func.max(_moved.c.id), 0) + 1)).scalar_one())
    return int(session.execute(select(_LOW)).scalar_one())


def tells_all(session: Session) -> bool:
    """Whether two views with one `low` are the same."""
    return is_sqlite(session)


def view(session: Session) -> str:
    """The same for two views only if they see the same rows."""
    return str(low(session) if is_sqlite(session) else session.execute(select(_VIEW)).scalar_one())


def since(session: Session, number: int) -> list[Move]:
    """The rows from `number` on that this view sees. On PostgreSQL numbers that are still to come are another
    server's, from which this archive was copied."""
    if is_sqlite(session):
        rows = session.execute(select(_moved.c.id, _moved.c.posts).where(_moved.c.id >= number))
        return [Move(r.id, r.id, _keys(r.posts)) for r in rows]
    columns = _moved.c.id, _moved.c.number, _moved.c.posts
    known = _moved.c.number >= number, _moved.c.number < _NEXT
    return [Move(r.id, r.number, _keys(r.posts)) for r in session.execute(select(*columns).where(*known))]


def _keys(posts: bytes | None) -> Any:
    return None if posts is None else np.frombuffer(posts, np.int64)


def _add(session: Session, posts: bytes | None) -> None:
    number = None if is_sqlite(session) else _ME
    made = insert(session, Moved).values(number=number, posts=posts).returning(_moved.c.id)
    last = int(session.execute(made).scalar_one())
    if last % _EVERY == 0 and last > KEPT:
        _trim(session, last - KEPT)


def _trim(session: Session, last: int) -> None:
    """Throw the rows up to this one away; who has not seen them is told that nothing is as it was."""
    if is_sqlite(session):
        session.execute(delete(_moved).where(_moved.c.id <= last))
        session.execute(insert(session, Moved).values(id=last, posts=None))
        return
    if not session.execute(select(func.pg_try_advisory_xact_lock(_TRIMMING))).scalar():
        return
    newest = select(func.max(_moved.c.number)).where(_moved.c.id <= last)
    number = session.execute(select(func.least(newest.scalar_subquery(), _LOW))).scalar_one()
    session.execute(delete(_moved).where(_moved.c.number < number))
    session.execute(insert(session, Moved).values(number=number - 1, posts=None))
