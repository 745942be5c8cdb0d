"""Messages as rows: made once, tried until they are taken or given up, and sent again by hand."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update
from sqlmodel import Session

from core import cursor
from core.errors import BadRequest, NotFound
from db import enclosed, work
from db.models import Attempt, Delivery, Subscriber
from db.types import UtcTime
from db.upsert import Row, among, insert_all, insert_quietly, table

_delivery, _attempt, _subscriber = table(Delivery), table(Attempt), table(Subscriber)
_KIND = "deliveries"  # of a cursor


@dataclass(frozen=True, slots=True)
class Tried:
    """One try. `status` is the receiver's, `answer` the beginning of what it said."""

    delivery_id: int
    at: datetime
    seconds: float
    outcome: str
    status: int | None
    answer: str


def message(
    kind: str, subscriber_id: int, alert_id: int, body: Row, now: datetime, not_before: datetime | None = None
) -> Row:
    """A row for `make`, under a key of its own; to be sent at once where no other time is given."""
    return {"key": f"msg_{secrets.token_hex(16)}", "kind": kind, "subscriber_id": subscriber_id,
            "alert_id": alert_id, "body": body, "made_at": now, "not_before": not_before or now}  # fmt: skip


def make(session: Session, rows: Sequence[Row]) -> list[int]:
    """Such as `message` makes; their ids.

    The posts of one that tells nobody of them are noted; what was erased since its body was made is left out of it.
    """
    usual = {"attempts": 0, "claimed_by": None, "claimed_until": None, "ended_at": None, "outcome": None,
             "answer": None}  # fmt: skip
    held = enclosed.hold_named(session, [row["body"] for row in rows if _encloses(row)])
    kept = [{**row, "body": enclosed.only(row["body"], held)} if _encloses(row) else row for row in rows]
    numbers = insert_all(session, Delivery, [{**usual, **row} for row in kept])
    for number, row in zip(numbers, kept, strict=True):
        if _encloses(row):
            enclosed.note(session, number, [held[post["id"]] for post in enclosed.posts_in(row["body"])])
    return numbers


def _encloses(row: Row) -> bool:
    return row["kind"] not in enclosed.TELLING


def is_due(session: Session, now: datetime) -> bool:
    """Whether there may be something to claim."""
    waiting = _delivery.c.ended_at.is_(None), work.ready(Delivery, now), _free()
    statement = select(_delivery.c.id).where(*waiting).limit(1)
    return session.execute(statement).first() is not None


def claim(
    session: Session,
    worker: str,
    now: datetime,
    limit: int,
    busy: Collection[int],
    keys: Collection[str] | None = None,
) -> list[Any]:
    """Up to `limit` deliveries that are due, none of a subscriber that is paused or `busy`; of these `keys` alone,
    where some are given."""
    waiting = and_(_delivery.c.ended_at.is_(None), _free())
    if keys is not None:
        waiting = and_(waiting, among(session, _delivery.c.key, sorted(keys)))
    if busy:
        waiting = and_(waiting, ~among(session, _delivery.c.subscriber_id, sorted(busy)))
    order = _delivery.c.not_before, _delivery.c.attempts, _delivery.c.id
    mine = work.claim(session, Delivery, waiting, order, worker, now, limit)
    rows = session.execute(select(_delivery).where(among(session, _delivery.c.id, mine)).order_by(*order))
    return list(rows)


def _free() -> Any:
    """Said by who is paused: by who is not, SQLite would go through all messages that there ever were."""
    return _delivery.c.subscriber_id.not_in(select(_subscriber.c.id).where(_subscriber.c.paused_at.is_not(None)))


def note(session: Session, tries: Sequence[Tried]) -> None:
    rows = [
        {"delivery_id": t.delivery_id, "at": t.at, "seconds": t.seconds, "outcome": t.outcome, "status": t.status,
         "answer": t.answer} for t in tries
    ]  # fmt: skip
    insert_quietly(session, Attempt, rows)


def end(session: Session, delivery_ids: Collection[int], now: datetime, answer: str | None, outcome: str) -> None:
    """Sent, or given up."""
    work.finish(session, Delivery, sorted(delivery_ids), ended_at=now, answer=answer, outcome=outcome)


def again(session: Session, delivery_id: int, until: datetime, answer: str | None = None) -> None:
    """To be tried again; what has no answer was not even tried, and is no try."""
    values = {"attempts": _delivery.c.attempts - 1} if answer is None else {"answer": answer}
    work.finish(session, Delivery, [delivery_id], not_before=until, **values)


def put_off(session: Session, subscriber_id: int, until: datetime) -> None:
    """While an address fails, one message asks whether it does again; the others wait as long."""
    mine = _delivery.c.subscriber_id == subscriber_id, _delivery.c.ended_at.is_(None)
    sooner = or_(_delivery.c.not_before.is_(None), _delivery.c.not_before < until)
    session.execute(update(_delivery).where(*mine, sooner).values(not_before=until))


def hurry(session: Session, subscriber_id: int, now: datetime) -> None:
    """The address answers again: nothing has to wait any more."""
    mine = _delivery.c.subscriber_id == subscriber_id, _delivery.c.ended_at.is_(None)
    put_off = or_(_delivery.c.attempts > 0, _delivery.c.kind != "rule")  # what a rule says waits for its hour
    late = _delivery.c.not_before > now
    session.execute(update(_delivery).where(*mine, put_off, late).values(not_before=now))


def cancel(session: Session, alert_id: int, subscriber_id: int | None, now: datetime, why: str) -> None:
    """What was not sent yet is not sent any more."""
    mine = [_delivery.c.alert_id == alert_id, _delivery.c.ended_at.is_(None)]
    mine += [] if subscriber_id is None else [_delivery.c.subscriber_id == subscriber_id]
    session.execute(update(_delivery).where(*mine).values(**work.FREE, ended_at=now, answer=why, outcome="dropped"))


def recent(
    session: Session, subscriber_ids: Collection[int], since: datetime, now: datetime, *, late: bool
) -> dict[tuple[int, int], tuple[int, datetime]]:
    """(subscriber, alert) -> how many messages were made since then, and when the last. What was made later than
    now, a wrong clock said."""
    pair = _delivery.c.subscriber_id, _delivery.c.alert_id
    last = func.max(_delivery.c.made_at, type_=UtcTime)
    mine = among(session, _delivery.c.subscriber_id, sorted(subscriber_ids))
    lately = _delivery.c.made_at > since, _delivery.c.made_at <= now + work.SKEW
    kind = _delivery.c.kind == ("late" if late else "posts")
    statement = select(*pair, func.count(), last).where(mine, *lately, kind).group_by(*pair)
    return {(row[0], row[1]): (row[2], row[3]) for row in session.execute(statement)}


def count_of(session: Session, subscriber_id: int, kind: str, since: datetime) -> int:
    mine = _delivery.c.subscriber_id == subscriber_id, _delivery.c.kind == kind, _delivery.c.made_at > since
    return int(session.execute(select(func.count()).select_from(_delivery).where(*mine)).scalar_one())


def unsent(session: Session) -> dict[str, int]:
    """How many messages wait for a try, and how many were given up."""
    states = {"waiting": _delivery.c.ended_at.is_(None), "parked": _delivery.c.outcome == "parked"}
    counted = (select(func.count()).select_from(_delivery).where(state) for state in states.values())
    return dict(zip(states, (int(session.execute(one).scalar_one()) for one in counted), strict=True))


def last_sent(session: Session, alert_ids: Collection[int]) -> dict[int, datetime]:
    mine = among(session, _delivery.c.alert_id, sorted(alert_ids)), _delivery.c.ended_at.is_not(None)
    statement = select(_delivery.c.alert_id, func.max(_delivery.c.ended_at, type_=UtcTime))
    sent = statement.where(*mine, _delivery.c.outcome == "sent").group_by(_delivery.c.alert_id)
    return {row[0]: row[1] for row in session.execute(sent)}


def listed(session: Session, alert_id: int, limit: int, after: str | None = None) -> tuple[list[Any], str | None]:
    """The deliveries of an alert, the newest first, each with its subscriber's `subscriber_kind` and `shown`; and
    the cursor of the next page."""
    place = [_delivery.c.id < cursor.decode(after, _KIND)[0]] if after else []
    statement = _with_subscribers().where(_delivery.c.alert_id == alert_id, *place)
    rows = list(session.execute(statement.order_by(_delivery.c.id.desc()).limit(limit + 1)))
    return rows[:limit], cursor.encode(_KIND, rows[limit - 1].id) if len(rows) > limit else None


def of_keys(session: Session, keys: Collection[str]) -> list[Any]:
    """As `listed`, of all alerts, the oldest first."""
    mine = among(session, _delivery.c.key, sorted(keys))
    return list(session.execute(_with_subscribers().where(mine).order_by(_delivery.c.id)))


def _with_subscribers() -> Select[Any]:
    columns = _delivery, _subscriber.c.kind.label("subscriber_kind"), _subscriber.c.shown
    return select(*columns).join_from(_delivery, _subscriber, _subscriber.c.id == _delivery.c.subscriber_id)


def attempts(session: Session, delivery_ids: Collection[int]) -> Mapping[int, list[Any]]:
    """Delivery -> its tries, the first one first."""
    found: dict[int, list[Any]] = {number: [] for number in delivery_ids}
    statement = select(_attempt).where(among(session, _attempt.c.delivery_id, sorted(delivery_ids)))
    for row in session.execute(statement.order_by(_attempt.c.id)):
        found[row.delivery_id].append(row)
    return found


def tried_since(session: Session, row: Any) -> datetime:
    """When the first of the tries was that are counted since this message was made or sent again."""
    mine = select(_attempt.c.at).where(_attempt.c.delivery_id == row.id).order_by(_attempt.c.id.desc())
    moments: list[datetime] = list(session.execute(mine.limit(row.attempts)).scalars())
    return min(moments) if moments else row.made_at


def replay(session: Session, alert_id: int, delivery_id: int, now: datetime) -> Any:
    """Send it once more, under the same key. Raises NotFound; BadRequest for one that is on its way."""
    mine = _delivery.c.id == delivery_id, _delivery.c.alert_id == alert_id
    row = session.execute(select(_delivery).where(*mine)).first()
    if row is None:
        raise NotFound(f"alert {alert_id} has no delivery {delivery_id}")
    if row.ended_at is None:
        raise BadRequest(f"delivery {delivery_id} was not sent yet: it is tried again by itself")
    if row.outcome == "dropped":
        raise BadRequest(f"delivery {delivery_id} was not sent on purpose: {row.answer}")
    if row.cut_at is not None:
        raise BadRequest(f"delivery {delivery_id} is too old to be sent again: of its posts only the ids were kept")
    anew = {"ended_at": None, "outcome": None, "attempts": 0, "not_before": now}
    session.execute(update(_delivery).where(_delivery.c.id == delivery_id).values(anew))
    return row
