"""Alerts and their subscriptions: the statements, one function each. What is told, `db.told` keeps."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session

from core.errors import NotFound
from db import ledger
from db.models import Alert, Meta, Subscriber, Subscription, Version
from db.upsert import Row, among, insert, insert_all, insert_quietly, table

_PLACE = "alerts_place"  # in Meta: the last line of the ledger that was matched
_alert, _subscriber, _subscription, _meta, _version = (
    table(m) for m in (Alert, Subscriber, Subscription, Meta, Version)
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """That a subscriber hears of what an alert matches, if its first version comes behind `from_version`."""

    alert_id: int
    subscriber_id: int
    from_version: int


def make(session: Session, row: Row, now: datetime) -> int:
    """A new alert; what the archive has seen until now is not new to it."""
    made = {"declared": False, "tells_edits": False, "quiet": None, "state": {}, **row, "made_at": now}
    (number,) = insert_all(session, Alert, [{**made, "from_version": _last_version(session)}])
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


def by_id(session: Session, alert_ids: Collection[int]) -> dict[int, Any]:
    """Those with these numbers, ended ones too."""
    rows = session.execute(select(_alert).where(among(session, _alert.c.id, sorted(set(alert_ids)))))
    return {row.id: row for row in rows}


def all_of(session: Session) -> list[Any]:
    """Those that have not ended, paused ones too, in the order in which they were made."""
    return list(session.execute(select(_alert).where(_alert.c.ended_at.is_(None)).order_by(_alert.c.id)))


def standing(session: Session) -> list[Any]:
    """Those that tell of what comes now, in the order in which they were made."""
    return [row for row in all_of(session) if row.paused_at is None]


def step(session: Session, read: Any, state: dict[str, Any]) -> bool:
    """From the state in which this alert was read to the next one; False where it is not what it was then."""
    found = session.execute(select(_alert).where(_alert.c.id == read.id).with_for_update()).first()
    if found is None or found != read:
        return False
    session.execute(update(_alert).where(_alert.c.id == read.id).values(state=state))
    return True


def subscribe(
    session: Session, alert_id: int, confirmed: dict[int, datetime | None], now: datetime, *, outside: bool = False
) -> None:
    """These subscribers, each with when it said yes (None: not yet), hear of what this alert matches from now on;
    who hears already goes on."""
    last = _last_version(session)
    row = {"alert_id": alert_id, "from_version": last, "asked_at": now, "ended_at": None, "outside": outside}
    rows = [{**row, "subscriber_id": number, "confirmed_at": at} for number, at in confirmed.items()]
    statement = insert(session, Subscription)
    renewed = ("from_version", "asked_at", "confirmed_at", "ended_at", "outside")
    again = statement.on_conflict_do_update(
        index_elements=["alert_id", "subscriber_id"],
        set_={name: getattr(statement.excluded, name) for name in renewed},
        where=_subscription.c.ended_at.is_not(None),
    )
    if rows:
        session.execute(again, rows)


def subscriptions(session: Session, alert_ids: Collection[int]) -> list[Any]:
    """Those of these alerts that have not ended, each with its subscriber: its row's columns are named
    `subscriber_*`, as in `subscriber_kind`."""
    of = _subscriber.c.id == _subscription.c.subscriber_id
    theirs = [column.label(f"subscriber_{column.name}") for column in _subscriber.c if column.name != "id"]
    statement = select(_subscription, *theirs).join_from(_subscription, _subscriber, of)
    mine = among(session, _subscription.c.alert_id, sorted(set(alert_ids))), _subscription.c.ended_at.is_(None)
    return list(session.execute(statement.where(*mine).order_by(_subscription.c.id)))


def hearings(session: Session) -> list[Hearing]:
    """All subscriptions that have not ended; what is for those that are not confirmed waits until they are."""
    columns = _subscription.c.alert_id, _subscription.c.subscriber_id, _subscription.c.from_version
    statement = select(*columns).where(_subscription.c.ended_at.is_(None)).order_by(_subscription.c.id)
    return [Hearing(*row) for row in session.execute(statement)]


def place(session: Session) -> int:
    """The last line that was matched. An archive that never had an alert begins where it stands."""
    row = {"name": _PLACE, "value": str(ledger.head(session)[0])}
    found = session.execute(select(_meta.c.value).where(_meta.c.name == _PLACE)).scalar()
    if found is None:
        insert_quietly(session, Meta, [row])
        found = session.execute(select(_meta.c.value).where(_meta.c.name == _PLACE)).scalar_one()
    return int(found)


def advance(session: Session, old: int, new: int) -> bool:
    """Go on from one line to another; False where another matcher did so before."""
    mine = (_meta.c.name == _PLACE) & (_meta.c.value == str(old))
    return bool(session.execute(update(_meta).where(mine).values(value=str(new))).rowcount)  # type: ignore[attr-defined]


def _last_version(session: Session) -> int:
    return int(session.execute(select(func.coalesce(func.max(_version.c.id), 0))).scalar_one())


def first_versions(session: Session, post_ids: Sequence[int]) -> dict[int, int]:
    """Post -> the version that was archived first: an older text that is learned later comes behind it."""
    first = select(_version.c.post_id, func.min(_version.c.id))
    rows = session.execute(first.where(among(session, _version.c.post_id, post_ids)).group_by(_version.c.post_id))
    return {row[0]: row[1] for row in rows}
