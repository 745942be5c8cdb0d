"""Alerts, whom they tell, and where the matcher stands in the ledger: the statements, one function each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from core.errors import NotFound
from db import ledger
from db.models import Alert, Meta, Subscriber, Subscription
from db.upsert import Row, insert, insert_all, insert_quietly, table

_PLACE = "alerts_place"  # in Meta: the last line of the ledger that was matched
_alert, _subscriber, _subscription, _meta = (table(m) for m in (Alert, Subscriber, Subscription, Meta))


@dataclass(frozen=True, slots=True)
class Hearing:
    """That a subscriber hears of what an alert matches, behind a line of the ledger."""

    alert_id: int
    subscriber_id: int
    from_seq: int


def make(session: Session, row: Row, now: datetime) -> int:
    """A new alert; what the ledger has said until now is not new to it."""
    made = {"declared": False, "tells_edits": False, "quiet": None, **row, "made_at": now}
    (number,) = insert_all(session, Alert, [{**made, "from_seq": ledger.head(session)[0]}])
    return number


def change(session: Session, alert_id: int, values: Row) -> None:
    """Raises NotFound; an alert that ended stays as it was."""
    mine = (_alert.c.id == alert_id) & _alert.c.ended_at.is_(None)
    if not session.execute(update(_alert).where(mine).values(values)).rowcount:  # type: ignore[attr-defined]
        raise NotFound(f"there is no alert {alert_id}")


def get(session: Session, alert_id: int) -> Any:
    """Raises NotFound."""
    mine = (_alert.c.id == alert_id) & _alert.c.ended_at.is_(None)
    found = session.execute(select(_alert).where(mine)).first()
    if found is None:
        raise NotFound(f"there is no alert {alert_id}")
    return found


def standing(session: Session) -> list[Any]:
    """Those that tell of what comes now, in the order in which they were made."""
    alive = _alert.c.ended_at.is_(None) & _alert.c.paused_at.is_(None)
    return list(session.execute(select(_alert).where(alive).order_by(_alert.c.id)))


def subscriber(session: Session, row: Row) -> int:
    """The subscriber at this address, as it is known already or made now."""
    insert_quietly(session, Subscriber, [row])
    mine = (_subscriber.c.kind == row["kind"]) & (_subscriber.c.address_key == row["address_key"])
    return int(session.execute(select(_subscriber.c.id).where(mine)).scalar_one())


def subscribe(session: Session, alert_id: int, subscriber_ids: Sequence[int]) -> None:
    """These hear of what this alert matches from now on; who heard already goes on."""
    seq = ledger.head(session)[0]
    rows = [{"alert_id": alert_id, "subscriber_id": n, "from_seq": seq, "ended_at": None} for n in subscriber_ids]
    statement = insert(session, Subscription)
    again = statement.on_conflict_do_update(
        index_elements=["alert_id", "subscriber_id"],
        set_={"from_seq": statement.excluded.from_seq, "ended_at": None},
        where=_subscription.c.ended_at.is_not(None),
    )
    if rows:
        session.execute(again, rows)


def hearings(session: Session) -> list[Hearing]:
    """Who hears now: subscriptions that have not ended, of subscribers who said yes and have not gone."""
    columns = _subscription.c.alert_id, _subscription.c.subscriber_id, _subscription.c.from_seq
    of = _subscriber.c.id == _subscription.c.subscriber_id
    alive = _subscription.c.ended_at.is_(None) & _subscriber.c.ended_at.is_(None)
    alive &= _subscriber.c.confirmed_at.is_not(None)
    statement = select(*columns).join_from(_subscription, _subscriber, of).where(alive)
    return [Hearing(*row) for row in session.execute(statement.order_by(_subscription.c.id))]


def place(session: Session) -> int:
    """The last line that was matched, held until the end of this transaction: one matcher at a time. An archive
    that never had an alert begins where it stands."""
    row = {"name": _PLACE, "value": str(ledger.head(session)[0])}
    session.execute(insert(session, Meta).values(row).on_conflict_do_nothing())
    held = select(_meta.c.value).where(_meta.c.name == _PLACE).with_for_update()
    return int(session.execute(held).scalar_one())


def advance(session: Session, seq: int) -> None:
    session.execute(update(_meta).where(_meta.c.name == _PLACE).values(value=str(seq)))
