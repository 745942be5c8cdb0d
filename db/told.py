"""What subscribers are told: each post once, by the alert that is due first, for the reasons of all that match.

Rows without a delivery wait until they are due. Those of one subscriber, alert and kind that are due together make
one delivery, whose list and body are fixed in the transaction that takes them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlmodel import Session

from core import times
from db import enclosed
from db.models import Alert, Delivery, Subscriber, Subscription, Told
from db.upsert import Row, among, insert_quietly, table

_told, _subscription, _subscriber, _alert = (table(m) for m in (Told, Subscription, Subscriber, Alert))
_delivery = table(Delivery)
Reason = dict[str, Any]
Key = tuple[int, int, int]  # subscriber, post, edition


@dataclass(frozen=True, slots=True)
class Match:
    """That one subscriber is to hear of a post through an alert, at `due_at` at the latest. `edition` is the number
    of the version that an edit made: told apart only if the post was told before."""

    subscriber_id: int
    post_id: int
    edition: int
    alert_id: int
    reasons: Sequence[Reason]
    late: bool
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """What one message will tell."""

    subscriber_id: int
    alert_id: int
    late: bool


def tell(session: Session, matches: Sequence[Match]) -> int:
    """Note what is to be told; how many rows are new. What was taken up by a delivery is told, and stays so.

    Nobody is told of what was erased meanwhile; a post that moved meanwhile has a new line behind, and comes again.
    """
    standing = enclosed.hold(session, {match.post_id for match in matches})
    known = _known(session, standing)
    by_row: dict[Key, list[Match]] = defaultdict(list)
    for match in matches:
        if match.post_id in standing:
            by_row[_key(match, known)].append(match)
    for key, found in by_row.items():
        if key in known:
            _add(session, known[key], found)
    return insert_quietly(session, Told, [_row(key, f) for key, f in by_row.items() if key not in known])


def _key(match: Match, known: dict[Key, Any]) -> Key:
    """An edit of what waits to be told is told with it, as the text is then."""
    first = match.subscriber_id, match.post_id, 0
    told = first in known and known[first].delivery_id is not None
    return (match.subscriber_id, match.post_id, match.edition) if match.edition and told else first


def _row(key: Key, found: Sequence[Match]) -> Row:
    first = min(found, key=lambda match: (match.due_at, match.alert_id))
    return {
        "subscriber_id": key[0],
        "post_id": key[1],
        "edition": key[2],
        "alert_id": first.alert_id,
        "late": all(match.late for match in found),
        "why": [_why(match) for match in found],
        "due_at": first.due_at,
        "delivery_id": None,
    }


def _why(match: Match) -> dict[str, Any]:
    return {"alert": match.alert_id, "due": times.text(match.due_at), "reasons": list(match.reasons)}


def _known(session: Session, post_ids: Collection[int]) -> dict[Key, Any]:
    """All rows of these posts, held against who takes them up meanwhile."""
    statement = select(_told).where(among(session, _told.c.post_id, sorted(post_ids))).with_for_update()
    return {(row.subscriber_id, row.post_id, row.edition): row for row in session.execute(statement)}


def _add(session: Session, row: Any, found: Sequence[Match]) -> None:
    """More alerts match, or the same ones know more of why."""
    if row.delivery_id is not None:
        return
    why = {one["alert"]: one for one in row.why}
    for match in found:
        before = why.get(match.alert_id)
        said = _why(match)
        why[match.alert_id] = {**said, "due": min(before["due"], said["due"])} if before else said
    late = row.late and all(match.late for match in found)
    _write(session, row.id, list(why.values()), late=late)


def _write(session: Session, row_id: int, why: list[dict[str, Any]], **more: Any) -> None:
    """The alert that is due first tells it."""
    first = min(why, key=lambda one: (times.parse(one["due"]), one["alert"]))
    values = {"why": why, "alert_id": first["alert"], "due_at": times.parse(first["due"]), **more}
    session.execute(update(_told).where(_told.c.id == row_id).values(values))


def due(session: Session, now: datetime, limit: int) -> list[Group]:
    """What is due, that which waits longest first: of alerts that are not paused, to subscribers who said yes and
    whose channel is not paused. Where an address fails, what comes gathers behind the message that asks."""
    hears = (_subscription.c.alert_id == _told.c.alert_id) & (
        _subscription.c.subscriber_id == _told.c.subscriber_id
    )
    asking = exists().where(_delivery.c.subscriber_id == _subscriber.c.id, _delivery.c.ended_at.is_(None))
    heard = (
        _subscription.c.ended_at.is_(None),
        _subscription.c.confirmed_at.is_not(None),
        _subscriber.c.paused_at.is_(None),
        _alert.c.paused_at.is_(None),
        _alert.c.ended_at.is_(None),
        or_(_subscriber.c.failing_since.is_(None), ~asking),
    )
    group = _told.c.subscriber_id, _told.c.alert_id, _told.c.late
    statement = (
        select(*group)
        .join_from(_told, _subscription, hears)
        .join(_subscriber, _subscriber.c.id == _told.c.subscriber_id)
        .join(_alert, _alert.c.id == _told.c.alert_id)
        .where(_told.c.delivery_id.is_(None), _told.c.due_at <= now, *heard)
        .group_by(*group)
        .order_by(func.min(_told.c.due_at), *group)
        .limit(limit)
    )
    return [Group(row.subscriber_id, row.alert_id, row.late) for row in session.execute(statement)]


def waiting(session: Session, group: Group, now: datetime, *, hold: bool = False) -> list[Any]:
    """The rows of a group that are due, in the order of their posts; `hold` them until this transaction ends."""
    of = _told.c.subscriber_id == group.subscriber_id, _told.c.alert_id == group.alert_id
    statement = select(_told).where(*of, _told.c.late == group.late, _told.c.delivery_id.is_(None))
    statement = statement.where(_told.c.due_at <= now).order_by(_told.c.post_id, _told.c.edition)
    return list(session.execute(statement.with_for_update() if hold else statement))


def take(session: Session, row_ids: Collection[int], delivery_id: int) -> None:
    session.execute(
        update(_told).where(among(session, _told.c.id, sorted(row_ids))).values(delivery_id=delivery_id)
    )


def drop(session: Session, alert_id: int, subscriber_id: int | None = None) -> None:
    """This alert tells no more (this subscriber): what waits is told by the others that match, or not at all."""
    mine = [_told.c.delivery_id.is_(None)]
    mine += [] if subscriber_id is None else [_told.c.subscriber_id == subscriber_id]
    rows = [row for row in session.execute(select(_told).where(*mine).with_for_update()) if _speaks(row, alert_id)]
    gone = []
    for row in rows:
        why = [one for one in row.why if one["alert"] != alert_id]
        if why:
            _write(session, row.id, why)
        else:
            gone.append(row.id)
    session.execute(delete(_told).where(among(session, _told.c.id, gone)))


def _speaks(row: Any, alert_id: int) -> bool:
    return any(one["alert"] == alert_id for one in row.why)


def counted(session: Session, alert_ids: Iterable[int]) -> dict[int, int]:
    """Alert -> how many posts wait to be told by it."""
    mine = among(session, _told.c.alert_id, sorted(set(alert_ids))), _told.c.delivery_id.is_(None)
    statement = select(_told.c.alert_id, func.count()).where(*mine).group_by(_told.c.alert_id)
    return {row[0]: row[1] for row in session.execute(statement)}


def of_deliveries(session: Session, delivery_ids: Collection[int]) -> dict[int, list[int]]:
    """Delivery -> the row keys of the posts that it tells."""
    statement = select(_told.c.delivery_id, _told.c.post_id).where(
        among(session, _told.c.delivery_id, sorted(delivery_ids))
    )
    found: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(statement.order_by(_told.c.id)):
        found[row.delivery_id].append(row.post_id)
    return found
