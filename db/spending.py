"""What reading costs: the ledger of money behind each source's daily budget.

Before a request its worst case is reserved and committed; the transaction that archives the answer replaces the
reservation by one row for each item read. A process that dies in between leaves its reservation standing: the
server may have charged, so it counts. Sums are in millionths of a US dollar, days are UTC days ("2026-11-25").
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlmodel import Session

from core import times
from core.errors import OverBudget
from db.models import Charge, Source
from db.upsert import insert_all, insert_quietly, table

_charge, _source = table(Charge), table(Source)
_RESERVED = "~"


def day_of(moment: datetime) -> str:
    return times.utc(moment).date().isoformat()


def micros(dollars: float) -> int:
    return round(dollars * 1_000_000)


def spent(session: Session, source_id: int, day: str) -> int:
    """What this source was charged for on `day`, with what is reserved."""
    mine = (_charge.c.source_id == source_id) & (_charge.c.day == day)
    return int(session.execute(select(func.coalesce(func.sum(_charge.c.micros), 0)).where(mine)).scalar_one())


def reserve(session: Session, source_id: int, day: str, amount: int, budget: int, now: datetime) -> int:
    """Hold `amount` of the day's `budget`; the reservation's id. Raises OverBudget where the day holds less.

    The source's row is locked, so that of two who ask at once the second sees what the first holds.
    """
    session.execute(select(_source.c.id).where(_source.c.id == source_id).with_for_update())
    held = spent(session, source_id, day)
    if held + amount > budget:
        raise OverBudget(
            f"the next request may cost ${amount / 1e6:.3f}; of today's ${budget / 1e6:.2f} (daily_budget_usd) "
            f"${max(0, budget - held) / 1e6:.3f} are left. It goes on after midnight UTC",
            retry_after=times.until_next_day(now),
        )
    item = _RESERVED + secrets.token_hex(8)
    row = {"source_id": source_id, "day": day, "item": item, "micros": amount, "at": now}
    return insert_all(session, Charge, [row])[0]


def release(session: Session, reservation: int) -> None:
    """The server said that it gave nothing: nothing was charged."""
    session.execute(delete(_charge).where(_charge.c.id == reservation, _charge.c.item.startswith(_RESERVED)))


def settle(
    session: Session,
    reservation: int,
    source_id: int,
    day: str,
    reads: Mapping[str, Iterable[str]],
    prices: Mapping[str, float],
    now: datetime,
) -> None:
    """Replace a reservation by what was read; an item that any source was charged for on this day costs nothing.

    `reads` are ids by the words of the price table, as in Page.reads.
    """
    release(session, reservation)
    items = {f"{word}:{number}": micros(prices[word]) for word, numbers in reads.items() for number in numbers}
    rows = [
        {"source_id": source_id, "day": day, "item": item, "micros": price, "at": now}
        for item, price in sorted(items.items())
    ]
    insert_quietly(session, Charge, rows)
