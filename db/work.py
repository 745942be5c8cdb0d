"""Claims: who works on which row until when. Every queue goes through here.

A claim is one statement that both databases run alike; PostgreSQL skips rows that another claims at this moment,
SQLite writes one at a time anyway. A worker is "host:pid:random", so that a start can release what died with it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select, update
from sqlmodel import Session

from db.models import Claimable
from db.upsert import among, table

HOLD = timedelta(seconds=30)
SKEW = HOLD  # by so much the clocks of two machines may differ; what lies further ahead, a wrong clock said
LONGEST_WAIT = timedelta(days=2)  # until another try of anything, whatever a server asked for
FREE = {"claimed_by": None, "claimed_until": None}


def claim(
    session: Session,
    model: type[Claimable],
    waiting: ColumnElement[bool],
    order: Sequence[Any],
    worker: str,
    now: datetime,
    limit: int = 1,
) -> list[int]:
    """Up to `limit` rows that wait and that nobody holds, now held by `worker`; their ids in `order`."""
    rows = table(model)
    free = or_(rows.c.claimed_until.is_(None), not_(held(model, now)))
    picked = select(rows.c.id).where(waiting, free, ready(model, now)).order_by(*order).limit(limit)
    picked = picked.with_for_update(skip_locked=True)
    taking = {"claimed_by": worker, "claimed_until": now + HOLD, "attempts": rows.c.attempts + 1}
    chosen = select(picked.cte("picked").c.id)  # its own step: PostgreSQL might run a subquery, and lock, twice
    taken = session.execute(update(rows).where(rows.c.id.in_(chosen)).values(taking).returning(rows.c.id))
    mine = list(taken.scalars())
    if len(mine) < 2:
        return mine
    return list(
        session.execute(select(rows.c.id).where(among(session, rows.c.id, mine)).order_by(*order)).scalars()
    )


def ready(model: type[Claimable], now: datetime) -> ColumnElement[bool]:
    """Rows that need not wait any more."""
    before = table(model).c.not_before
    return or_(before.is_(None), before <= now, before > now + LONGEST_WAIT)


def held(model: type[Claimable], now: datetime) -> ColumnElement[bool]:
    """Rows that somebody works on; a claim that could not have been made yet was made before a clock went back."""
    until: ColumnElement[bool] = table(model).c.claimed_until.between(now, now + HOLD + SKEW)
    return until


def renew(session: Session, model: type[Claimable], keys: Sequence[int], worker: str, now: datetime) -> int:
    """Hold on to these rows for another 30 s; how many are still held."""
    rows = table(model)
    mine = and_(among(session, rows.c.id, keys), rows.c.claimed_by == worker)
    return int(session.execute(update(rows).where(mine).values(claimed_until=now + HOLD)).rowcount)  # type: ignore[attr-defined]


def still_mine(session: Session, model: type[Claimable], keys: Sequence[int], worker: str) -> set[int]:
    """Which of these `worker` still holds; finishing asks this, in its own transaction."""
    rows = table(model)
    statement = (
        select(rows.c.id).where(among(session, rows.c.id, keys), rows.c.claimed_by == worker).with_for_update()
    )
    return set(session.execute(statement).scalars())


def finish(session: Session, model: type[Claimable], keys: Sequence[int], **values: Any) -> None:
    """Let go of these rows, with their new state."""
    if keys:
        rows = table(model)
        session.execute(update(rows).where(among(session, rows.c.id, keys)).values({**FREE, **values}))


def postpone(session: Session, row: Any, error: str, until: datetime, *, asked: bool) -> None:
    """To be tried again; what was not even asked for is no try."""
    tries = row.attempts if asked else row.attempts - 1
    finish(session, type(row), [row.id], error=error, not_before=until, attempts=max(0, tries))


def release_dead(
    session: Session, model: type[Claimable], host: str, alive: Callable[[int], bool], now: datetime
) -> int:
    """Free the claims of processes of this host that are gone; how many."""
    rows = table(model)
    held = select(rows.c.claimed_by).where(rows.c.claimed_by.is_not(None)).distinct()
    dead = [w for w in session.execute(held).scalars() if _is_dead(w, host, alive)]
    if not dead:
        return 0
    gone = update(rows).where(rows.c.claimed_by.in_(dead)).values(FREE)
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def _is_dead(worker: str, host: str, alive: Callable[[int], bool]) -> bool:
    place, _, process = worker.removeprefix(f"{host}:").partition(":")
    return worker.startswith(f"{host}:") and bool(process) and place.isdecimal() and not alive(int(place))
