"""Exports as rows: asked for, built by one process at a time, kept for a while, withdrawn with a text they hold.

Which posts an export may hold stands here before the first of them is read, and an erasure looks there in its own
transaction: either the export is built without the text, or the erasure finds the export. One that is still being
built is begun anew.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, case, delete, func, not_, or_, select, text, update
from sqlmodel import Session

from core import cursor
from core.errors import NotFound
from db import work
from db.models import Export, Exported
from db.upsert import Row, among, insert_all, is_sqlite, table

MOST_TRIES = 5  # processes that may die over one export
ERASED = "it held a post that was erased since: the same request builds it again without that text"
STATES = ("waiting", "running", "done", "failed", "withdrawn", "expired")
_PART = 4096  # row keys of one part of a list
_LISTING = 0x6B6C6578  # the advisory lock: erasures hold it together, who writes a list alone
_export, _exported = table(Export), table(Exported)
_open = and_(_export.c.finished_at.is_(None), _export.c.withdrawn_at.is_(None))
_there = and_(  # files that may be downloaded
    _export.c.finished_at.is_not(None), _export.c.error.is_(None), _export.c.withdrawn_at.is_(None),
    _export.c.cleared_at.is_(None),
)  # fmt: skip
_anew = and_(_open, _export.c.listed.is_not(None), _export.c.total.is_(None))  # files of before may be left
_OVER = {"error": f"{MOST_TRIES} processes ended while they built it: the log says more"}


def ask(session: Session, row: Row, now: datetime) -> int:
    """A new one, which waits for a process to build it."""
    usual = {"attempts": 0, "posts": 0, "result": {}, "asked_at": now}
    (number,) = insert_all(session, Export, [{**usual, **row}])
    return number


def get(session: Session, export_id: int) -> Any:
    """Raises NotFound."""
    found = session.execute(select(_export).where(_export.c.id == export_id)).first()
    if found is None:
        raise NotFound(f"there is no export {export_id}")
    return found


def listed(session: Session, limit: int, after: str | None) -> tuple[list[Any], str | None]:
    """A page of them, newest first, with the cursor of the next one."""
    statement = select(_export).order_by(_export.c.id.desc()).limit(limit + 1)
    if after:
        statement = statement.where(_export.c.id < cursor.decode(after, "exports")[0])
    rows = list(session.execute(statement))
    following = cursor.encode("exports", rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], following


def pending(session: Session, owner: str) -> list[Any]:
    """What this one asked for and does not have yet."""
    return list(session.execute(select(_export).where(_open, _export.c.owner == owner).order_by(_export.c.id)))


def state(row: Any, now: datetime) -> str:
    """One of STATES."""
    if row.withdrawn_at:
        return "withdrawn"
    if row.error:
        return "failed"
    if row.finished_at:
        return "expired" if row.cleared_at else "done"
    return "running" if row.claimed_until and row.claimed_until >= now else "waiting"


def is_anew(row: Any, now: datetime) -> bool:
    """Whether what some process wrote of it was of no use: it ended, or a text that it held was erased."""
    over = row.finished_at or row.withdrawn_at
    before = row.attempts - (state(row, now) == "running")
    return not over and (before > 0 or (row.listed is not None and row.total is None))


def counts(session: Session, now: datetime) -> dict[str, int]:
    """How many there are in each state."""
    said = case(
        (_export.c.withdrawn_at.is_not(None), "withdrawn"),
        (_export.c.error.is_not(None), "failed"),
        (and_(_export.c.finished_at.is_not(None), _export.c.cleared_at.is_not(None)), "expired"),
        (_export.c.finished_at.is_not(None), "done"),
        (work.held(Export, now), "running"),
        else_="waiting",
    )
    found = {row[0]: row[1] for row in session.execute(select(said, func.count()).group_by(said))}
    return {name: found.get(name, 0) for name in STATES}


# -- building ------------------------------------------------------------------------------------------------


def is_due(session: Session, now: datetime) -> bool:
    """Whether there is one to claim."""
    free = or_(_export.c.claimed_until.is_(None), not_(work.held(Export, now)))
    return session.execute(select(_export.c.id).where(_open, free).limit(1)).first() is not None


def claim(session: Session, worker: str, now: datetime) -> Any | None:
    """The one that waits longest. One over which process after process ended is given up."""
    given_up = _open & (_export.c.attempts >= MOST_TRIES) & not_(func.coalesce(work.held(Export, now), False))
    session.execute(update(_export).where(given_up).values(**work.FREE, **_OVER, finished_at=now))
    mine = work.claim(session, Export, _open, [_export.c.id], worker, now)
    if not mine:
        return None
    session.execute(update(_export).where(_export.c.id == mine[0]).values(posts=0))  # those of a try before
    return get(session, mine[0])


def keep_up(session: Session, export_id: int, worker: str, now: datetime, posts: int) -> bool:
    """Hold on to it, so many posts being written; False where it was taken away: it is to be begun anew, or not to
    be built any more."""
    mine = and_(_export.c.id == export_id, _export.c.claimed_by == worker, _open)
    values = {"claimed_until": now + work.HOLD, "posts": posts}
    return bool(session.execute(update(_export).where(mine).values(values)).rowcount)  # type: ignore[attr-defined]


def note_posts(session: Session, export_id: int, keys: NDArray[np.int64]) -> None:
    """These, and no others, are the posts that it may hold. Waits for erasures that are under way."""
    _alone(session)
    session.execute(delete(_exported).where(_exported.c.export_id == export_id))
    rows = [_part(export_id, keys[start : start + _PART]) for start in range(0, len(keys), _PART)]
    insert_all(session, Exported, rows)
    values = {"listed": len(keys), "total": len(keys), "posts": 0}
    session.execute(update(_export).where(_export.c.id == export_id).values(values))


def add_posts(session: Session, export_id: int, keys: NDArray[np.int64]) -> None:
    """These may be in it too."""
    _alone(session)
    known = posts_of(session, export_id)
    more = np.setdiff1d(keys, known)
    if more.size:
        rows = [_part(export_id, more[start : start + _PART]) for start in range(0, len(more), _PART)]
        insert_all(session, Exported, rows)
        values = {"listed": len(known) + len(more)}
        session.execute(update(_export).where(_export.c.id == export_id).values(values))


def posts_of(session: Session, export_id: int) -> NDArray[np.int64]:
    """The row keys of the posts that it may hold, sorted."""
    mine = select(_exported.c.posts).where(_exported.c.export_id == export_id).order_by(_exported.c.first)
    return np.unique(_keys(b"".join(session.execute(mine).scalars())))


def finish(session: Session, export_id: int, worker: str, now: datetime, result: Row, size: int) -> bool:
    """It is there; False where it was taken away meanwhile, and its files are of no use."""
    mine = and_(_export.c.id == export_id, _export.c.claimed_by == worker, _open)
    written = func.coalesce(_export.c.total, _export.c.posts)
    values = {**work.FREE, "finished_at": now, "result": result, "bytes": size, "posts": written}
    return bool(session.execute(update(_export).where(mine).values(values)).rowcount)  # type: ignore[attr-defined]


def fail(session: Session, export_id: int, worker: str, now: datetime, why: str) -> None:
    mine = and_(_export.c.id == export_id, _export.c.claimed_by == worker, _open)
    session.execute(update(_export).where(mine).values(**work.FREE, finished_at=now, error=why))


def release(session: Session, export_id: int, worker: str) -> None:
    """Another process goes on with it at once; to be asked to stop is no failure of the export."""
    mine = and_(_export.c.id == export_id, _export.c.claimed_by == worker)
    tries = case((_export.c.attempts > 0, _export.c.attempts - 1), else_=0)
    session.execute(update(_export).where(mine).values(**work.FREE, attempts=tries, posts=0))


def _alone(session: Session) -> None:
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LISTING})


def _part(export_id: int, keys: NDArray[np.int64]) -> Row:
    return {"export_id": export_id, "first": int(keys[0]), "last": int(keys[-1]), "posts": keys.tobytes()}


def _keys(packed: bytes) -> NDArray[np.int64]:
    return np.frombuffer(packed, np.int64)


# -- the end of its files ------------------------------------------------------------------------------------


def withdraw(session: Session, export_id: int, why: str, now: datetime) -> None:
    """Nobody gets it any more, whether it is there or was yet to be built. Raises NotFound."""
    if get(session, export_id).withdrawn_at is None:
        _withdraw(session, _export.c.id == export_id, why, now)


def forget(session: Session, post_ids: Collection[int], now: datetime) -> None:
    """Withdraw what may hold one of these posts, which are erased in this transaction; what is under way is begun
    anew. One whose list is not there may hold anything."""
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LISTING})
    holding = [number for key in post_ids for number in _holding(session, key)]
    unlisted = _there & _export.c.listed.is_(None)
    _withdraw(session, or_(_there & among(session, _export.c.id, holding), unlisted), ERASED, now)
    anew = {**work.FREE, "attempts": 0, "posts": 0, "total": None}
    session.execute(update(_export).where(_open, among(session, _export.c.id, holding)).values(anew))


def follow(session: Session, old_id: int, new_id: int) -> None:
    """A post has another row key: exports that may hold it are found by that one too."""
    key = np.array([new_id], np.int64)
    insert_all(session, Exported, [_part(number, key) for number in _holding(session, old_id)])


def expired(session: Session, before: datetime) -> list[int]:
    """Those that are there, and were finished before then."""
    return list(session.execute(select(_export.c.id).where(_there, _export.c.finished_at < before)).scalars())


def kept(session: Session) -> list[Any]:
    """Those whose files are there."""
    return list(session.execute(select(_export).where(_there).order_by(_export.c.id)))


def in_work(session: Session) -> list[Any]:
    """Those that some process holds; one that died may be among them."""
    return list(session.execute(select(_export).where(_open, _export.c.claimed_by.is_not(None))))


def uncleared(session: Session) -> list[int]:
    """Those that were withdrawn, or are to be begun anew, and of which files may be left that are to go."""
    withdrawn = and_(_export.c.withdrawn_at.is_not(None), _export.c.cleared_at.is_(None))
    return list(session.execute(select(_export.c.id).where(or_(withdrawn, _anew))).scalars())


def clear(session: Session, export_ids: Iterable[int], now: datetime) -> None:
    """Their files are gone, and with them the need to know what they held; not of one that a process has begun anew
    meanwhile and listed what it may hold now."""
    mine = among(session, _export.c.id, list(export_ids))
    session.execute(update(_export).where(mine, _anew).values(listed=None))
    session.execute(update(_export).where(mine, not_(_open), _export.c.cleared_at.is_(None)).values(cleared_at=now))
    over = select(_export.c.id).where(mine, or_(_export.c.listed.is_(None), _export.c.cleared_at.is_not(None)))
    session.execute(delete(_exported).where(_exported.c.export_id.in_(over)))


def _withdraw(session: Session, which: ColumnElement[bool], why: str, now: datetime) -> None:
    values = {**work.FREE, "withdrawn_at": now, "why": why}
    session.execute(update(_export).where(which, _export.c.withdrawn_at.is_(None)).values(values))


def _holding(session: Session, key: int) -> set[int]:
    around = select(_exported.c.export_id, _exported.c.posts).where(
        _exported.c.first <= key, _exported.c.last >= key
    )
    return {row.export_id for row in session.execute(around) if key in _keys(row.posts)}
