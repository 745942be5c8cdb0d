"""What subscribers are told: each post once, by the alert that is due first, for the reasons of all that match.

Rows without a delivery wait until they are due. Those of one subscriber, alert and kind that are due together make
one delivery, whose list and body are fixed in the transaction that takes them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session

from db.models import Delivery, Told
from db.upsert import Row, among, insert_all, insert_quietly, table

_told = table(Told)
Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """That one subscriber is to hear of a post through an alert, at `due_at` at the latest."""

    subscriber_id: int
    post_id: int
    edition: int
    alert_id: int
    reasons: Sequence[Reason]
    late: bool
    due_at: datetime


def tell(session: Session, matches: Iterable[Match]) -> int:
    """Note what is to be told; how many rows are new. What was taken up by a delivery is told, and stays so."""
    by_row: dict[tuple[int, int, int], list[Match]] = defaultdict(list)
    for match in matches:
        by_row[match.subscriber_id, match.post_id, match.edition].append(match)
    known = _waiting(session, {key[1] for key in by_row})
    rows = [_row(key, found) for key, found in by_row.items() if key not in known]
    for key, found in by_row.items():
        if key in known:
            _add(session, known[key], found)
    return insert_quietly(session, Told, rows)


def _row(key: tuple[int, int, int], found: Sequence[Match]) -> Row:
    first = min(found, key=lambda match: (match.due_at, match.alert_id))
    return {
        "subscriber_id": key[0],
        "post_id": key[1],
        "edition": key[2],
        "alert_id": first.alert_id,
        "late": all(match.late for match in found),
        "why": _why(found),
        "due_at": first.due_at,
        "delivery_id": None,
    }


def _why(found: Iterable[Match]) -> list[dict[str, Any]]:
    return [{"alert": match.alert_id, "reasons": list(match.reasons)} for match in found]


def _waiting(session: Session, post_ids: Iterable[int]) -> dict[tuple[int, int, int], Any]:
    """All rows of these posts, held against who takes them up meanwhile."""
    statement = select(_told).where(among(session, _told.c.post_id, sorted(post_ids))).with_for_update()
    return {(row.subscriber_id, row.post_id, row.edition): row for row in session.execute(statement)}


def _add(session: Session, row: Any, found: Sequence[Match]) -> None:
    """More alerts match: one that is due earlier tells it."""
    heard = {one["alert"] for one in row.why}
    more = [match for match in found if match.alert_id not in heard]
    if row.delivery_id is not None or not more:
        return
    first = min(more, key=lambda match: (match.due_at, match.alert_id))
    earlier = {"due_at": first.due_at, "alert_id": first.alert_id} if first.due_at < row.due_at else {}
    values = {"why": [*row.why, *_why(more)], "late": row.late and all(m.late for m in more), **earlier}
    session.execute(update(_told).where(_told.c.id == row.id).values(values))


def due(session: Session, now: datetime, limit: int = 100) -> list[tuple[int, int, bool]]:
    """(subscriber, alert, late) of what is due, that which waits longest first."""
    group = _told.c.subscriber_id, _told.c.alert_id, _told.c.late
    waiting = _told.c.delivery_id.is_(None), _told.c.due_at <= now
    statement = select(*group).where(*waiting).group_by(*group).order_by(func.min(_told.c.due_at)).limit(limit)
    return [(row.subscriber_id, row.alert_id, row.late) for row in session.execute(statement)]


def take_up(
    session: Session,
    group: tuple[int, int, bool],
    key: str,
    now: datetime,
    body: Callable[[Sequence[Any]], dict[str, Any]],
) -> int | None:
    """One delivery of all of the group that is due, its body made of these rows; None where another took them."""
    subscriber_id, alert_id, late = group
    mine = (_told.c.subscriber_id == subscriber_id) & (_told.c.alert_id == alert_id) & (_told.c.late == late)
    waiting = mine & _told.c.delivery_id.is_(None) & (_told.c.due_at <= now)
    rows = session.execute(select(_told).where(waiting).order_by(_told.c.post_id).with_for_update()).all()
    if not rows:
        return None
    made = {"key": key, "kind": "late" if late else "posts", "subscriber_id": subscriber_id, "alert_id": alert_id,
            "body": body(rows), "made_at": now, "not_before": now, "attempts": 0, "parked": False}  # fmt: skip
    (number,) = insert_all(session, Delivery, [made])
    taken = among(session, _told.c.id, [row.id for row in rows])
    session.execute(update(_told).where(taken).values(delivery_id=number))
    return number
