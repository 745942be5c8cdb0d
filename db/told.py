"""What subscribers are told: each post once, by the alert that is due first, for the reasons of all that match.

An alert that is paused, or that nobody said yes to, may not speak: what waits for it is told by another one that
matches and may. Rows without a delivery wait until they are due. Those of one subscriber, alert and kind that are
due together make one delivery, whose list and body are fixed in the transaction that takes them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlmodel import Session

from core import times
from db import enclosed
from db.models import Alert, Delivery, Subscriber, Subscription, Told
from db.types import UtcTime
from db.upsert import Row, among, insert_quietly, table

_told, _subscription, _subscriber, _alert = (table(m) for m in (Told, Subscription, Subscriber, Alert))
_delivery = table(Delivery)
_LONGEST_WAIT = timedelta(days=3)  # longer than a day and the quiet hours behind it
Reason = dict[str, Any]
Key = tuple[int, int, int]  # subscriber, post, edition
Hears = dict[tuple[int, int], bool]  # (subscriber, alert) -> whether the alert may speak to them now


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
    """What one message will tell: so many posts, due from `first` to `last`."""

    subscriber_id: int
    alert_id: int
    late: bool
    count: int
    first: datetime
    last: datetime


def tell(session: Session, matches: Sequence[Match]) -> int:
    """Note what is to be told; how many rows are new. What was taken up by a delivery is told, and stays so.

    Nobody is told of what was erased meanwhile, nor by what they stopped to hear meanwhile (`alerts.keep_still`
    comes before); a post that moved meanwhile has a new line behind, and comes again.
    """
    standing = enclosed.hold(session, {match.post_id for match in matches})
    known = _known(session, standing)
    waits = {key[:2]: key for key, row in known.items() if row.delivery_id is None}
    hears = hearing(session, {match.subscriber_id for match in matches})
    by_row: dict[Key, list[Match]] = defaultdict(list)
    for match in matches:
        if match.post_id in standing and (match.subscriber_id, match.alert_id) in hears:
            by_row[_key(match, known, waits)].append(match)
    for key, found in by_row.items():
        if key in known:
            _add(session, known[key], found, hears)
    return insert_quietly(session, Told, [_row(key, f, hears) for key, f in by_row.items() if key not in known])


def hearing(session: Session, subscriber_ids: Collection[int]) -> Hears:
    """Which alerts these subscribers hear."""
    of = _alert.c.id == _subscription.c.alert_id
    free = _subscription.c.confirmed_at.is_not(None) & _alert.c.paused_at.is_(None)
    pair = _subscription.c.subscriber_id, _subscription.c.alert_id
    mine = among(session, _subscription.c.subscriber_id, sorted(subscriber_ids))
    alive = _subscription.c.ended_at.is_(None), _alert.c.ended_at.is_(None)
    statement = select(*pair, free.label("free")).join_from(_subscription, _alert, of).where(mine, *alive)
    return {(row[0], row[1]): bool(row.free) for row in session.execute(statement)}


def _key(match: Match, known: Mapping[Key, Any], waits: Mapping[tuple[int, int], Key]) -> Key:
    """An edit of what waits to be told, be it an edit itself, is told with it, as the text is then."""
    of = match.subscriber_id, match.post_id
    if not match.edition or (*of, 0) not in known:
        return (*of, 0)
    return waits.get(of, (*of, match.edition))


def _row(key: Key, found: Sequence[Match], hears: Hears) -> Row:
    why = [_why(match) for match in found]
    return {
        "subscriber_id": key[0],
        "post_id": key[1],
        "edition": key[2],
        "late": all(match.late for match in found),
        "delivery_id": None,
        **_told_by(key[0], why, hears),
    }


def _why(match: Match) -> dict[str, Any]:
    return {"alert": match.alert_id, "due": times.text(match.due_at), "reasons": list(match.reasons)}


def _known(session: Session, post_ids: Collection[int]) -> dict[Key, Any]:
    """All rows of these posts, held against who takes them up meanwhile."""
    statement = select(_told).where(among(session, _told.c.post_id, sorted(post_ids))).with_for_update()
    return {(row.subscriber_id, row.post_id, row.edition): row for row in session.execute(statement)}


def _add(session: Session, row: Any, found: Sequence[Match], hears: Hears) -> None:
    """More alerts match, or the same ones know more of why."""
    if row.delivery_id is not None:
        return
    why = {one["alert"]: one for one in row.why}
    for match in found:
        before = why.get(match.alert_id)
        said = _why(match)
        why[match.alert_id] = {**said, "due": min(before["due"], said["due"])} if before else said
    late = row.late and all(match.late for match in found)
    _write(session, row, {"late": late, **_told_by(row.subscriber_id, list(why.values()), hears)})


def _told_by(subscriber_id: int, why: list[dict[str, Any]], hears: Hears) -> Row:
    """The alert that is due first tells it, of those that may speak, if one may."""
    free = [one for one in why if hears.get((subscriber_id, one["alert"]))]
    first = min(free or why, key=lambda one: (times.parse(one["due"]), one["alert"]))
    return {"why": why, "alert_id": first["alert"], "due_at": times.parse(first["due"])}


def _write(session: Session, row: Any, values: Row) -> None:
    if any(getattr(row, name) != value for name, value in values.items()):
        session.execute(update(_told).where(_told.c.id == row.id).values(values))


def due(session: Session, now: datetime) -> list[Group]:
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
    first, last = (of(_told.c.due_at, type_=UtcTime) for of in (func.min, func.max))
    statement = (
        select(*group, func.count().label("count"), first.label("first"), last.label("last"))
        .join_from(_told, _subscription, hears)
        .join(_subscriber, _subscriber.c.id == _told.c.subscriber_id)
        .join(_alert, _alert.c.id == _told.c.alert_id)
        .where(_told.c.delivery_id.is_(None), _is_due(now), *heard)
        .group_by(*group)
        .order_by(first, *group)
    )
    return [Group(*row) for row in session.execute(statement)]


def _is_due(now: datetime) -> Any:
    """What lies further ahead than any cadence, a wrong clock said."""
    return or_(_told.c.due_at <= now, _told.c.due_at > now + _LONGEST_WAIT)


def waiting(session: Session, group: Group, now: datetime, *, hold: bool = False) -> list[Any]:
    """The rows of a group that are due, in the order of their posts; `hold` them until this transaction ends."""
    of = _told.c.subscriber_id == group.subscriber_id, _told.c.alert_id == group.alert_id
    statement = select(_told).where(*of, _told.c.late == group.late, _told.c.delivery_id.is_(None))
    statement = statement.where(_is_due(now))
    rows = session.execute(statement.with_for_update() if hold else statement)
    # asked to sort, SQLite takes the index of all that was ever told this subscriber
    return sorted(rows, key=lambda row: (row.post_id, row.edition))


def put_off(session: Session, groups: Collection[Group], now: datetime, until: datetime) -> None:
    """Nothing can be said of these for now."""
    for group in groups:
        of = _told.c.subscriber_id == group.subscriber_id, _told.c.alert_id == group.alert_id
        mine = *of, _told.c.late == group.late, _told.c.delivery_id.is_(None), _is_due(now)
        session.execute(update(_told).where(*mine).values(due_at=until))


def take(session: Session, row_ids: Collection[int], delivery_id: int) -> None:
    session.execute(
        update(_told).where(among(session, _told.c.id, sorted(row_ids))).values(delivery_id=delivery_id)
    )


def drop(session: Session, alert_id: int, subscriber_id: int) -> None:
    """This alert tells this subscriber no more: what waits is told by the others that match, or not at all."""
    rows, hears = _waiting_for(session, alert_id, [subscriber_id])
    _leave(session, rows, hears, lambda _, number: number != alert_id)


def withdraw(session: Session, holding: Mapping[int, Collection[int]], looked: Collection[int]) -> None:
    """Of posts that were edited: of the alerts that were `looked` at, those that do not match any more tell what
    waits no more. `holding` leads from posts to those that do."""
    rows = [row for row in _known(session, holding).values() if row.delivery_id is None]
    hears = hearing(session, {row.subscriber_id for row in rows})

    def stays(row: Any, number: int) -> bool:
        return number in holding[row.post_id] or number not in looked

    _leave(session, rows, hears, stays)


def _leave(session: Session, rows: Iterable[Any], hears: Hears, stays: Callable[[Any, int], bool]) -> None:
    """Of what waits only the alerts that `stays` holds for; a row without any goes."""
    gone = []
    for row in rows:
        why = [one for one in row.why if stays(row, one["alert"])]
        if why:
            _write(session, row, _told_by(row.subscriber_id, why, hears))
        else:
            gone.append(row.id)
    session.execute(delete(_told).where(among(session, _told.c.id, gone)))


def retime(session: Session, alert_id: int, subscriber_ids: Collection[int], due: datetime) -> None:
    """This alert speaks at other times from now on: what waits for it too."""
    rows, hears = _waiting_for(session, alert_id, subscriber_ids)
    for row in rows:
        why = [{**one, "due": times.text(due)} if one["alert"] == alert_id else one for one in row.why]
        _write(session, row, _told_by(row.subscriber_id, why, hears))


def hand_over(session: Session, alert_id: int, subscriber_ids: Collection[int]) -> None:
    """This alert may speak to these subscribers from now on, or may not: who tells what waits is chosen anew."""
    rows, hears = _waiting_for(session, alert_id, subscriber_ids)
    for row in rows:
        _write(session, row, _told_by(row.subscriber_id, row.why, hears))


def _waiting_for(session: Session, alert_id: int, subscriber_ids: Collection[int]) -> tuple[list[Any], Hears]:
    """What waits for an alert, for which others may wait too, held; and who hears what."""
    mine = among(session, _told.c.subscriber_id, sorted(subscriber_ids)), _told.c.delivery_id.is_(None)
    rows = session.execute(select(_told).where(*mine).order_by(_told.c.id).with_for_update())
    waits = [row for row in rows if any(one["alert"] == alert_id for one in row.why)]
    return waits, hearing(session, subscriber_ids)


def counted(session: Session, alert_ids: Iterable[int]) -> dict[int, int]:
    """Alert -> how many posts wait to be told by it."""
    mine = among(session, _told.c.alert_id, sorted(set(alert_ids))), _told.c.delivery_id.is_(None)
    statement = select(_told.c.alert_id, func.count()).where(*mine).group_by(_told.c.alert_id)
    return {row[0]: row[1] for row in session.execute(statement)}
