"""Alerts and their subscriptions: the statements, one function each. What is told, `db.told` keeps."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, select, update
from sqlmodel import Session

from core import cursor
from core.errors import NotFound
from db import ledger
from db.models import Alert, Meta, Subscriber, Subscription, Version
from db.upsert import Row, among, insert, insert_all, insert_quietly, table

_PLACE = "alerts_place"  # in Meta: the last line of the ledger that was matched
_KEY = "alerts_key"  # in Meta
_STAMP = "alerts_stamp"  # in Meta: another one after each change, by which a matcher knows that it has to look
_alert, _subscriber, _subscription, _meta, _version = (
    table(m) for m in (Alert, Subscriber, Subscription, Meta, Version)
)
OUTSIDE = "outside"  # owner of what somebody asked for whom we do not know


@dataclass(frozen=True, slots=True)
class Hearing:
    """That a subscriber hears of what an alert matches, if its first version comes behind `from_version`."""

    alert_id: int
    subscriber_id: int
    from_version: int


def make(session: Session, row: Row, now: datetime) -> int:
    """A new alert; what the archive has seen until now is not new to it."""
    made = {"declared": False, "tells_edits": False, "quiet": None, "state": {}, **row, "made_at": now}
    _touch(session)
    begin(session)
    (number,) = insert_all(session, Alert, [{**made, "from_version": _last_version(session)}])
    return number


def change(session: Session, alert_id: int, values: Row) -> None:
    """Raises NotFound; an alert that ended stays as it was."""
    mine = (_alert.c.id == alert_id) & _alert.c.ended_at.is_(None)
    _touch(session)
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


def last_declared(session: Session, name: str) -> Any | None:
    """The one of kle.toml of this name that ended last."""
    mine = _alert.c.declared, _alert.c.name == name, _alert.c.ended_at.is_not(None)
    return session.execute(select(_alert).where(*mine).order_by(_alert.c.id.desc()).limit(1)).first()


def reopen(session: Session, row: Any) -> None:
    """An alert that ended goes on, with those who heard it until then: what came meanwhile is not new to it."""
    last = _last_version(session)
    session.execute(
        update(_alert).where(_alert.c.id == row.id).values(ended_at=None, paused_at=None, from_version=last)
    )
    heard = _subscription.c.alert_id == row.id, _subscription.c.ended_at == row.ended_at
    session.execute(update(_subscription).where(*heard).values(ended_at=None, from_version=last))
    _touch(session)


def all_of(session: Session) -> list[Any]:
    """Those that have not ended, paused ones too, in the order in which they were made."""
    return list(session.execute(select(_alert).where(_alert.c.ended_at.is_(None)).order_by(_alert.c.id)))


def listed(session: Session, limit: int, after: str | None) -> tuple[list[Any], str | None]:
    """A page of them, with the cursor of the next one."""
    statement = select(_alert).where(_alert.c.ended_at.is_(None)).order_by(_alert.c.id).limit(limit + 1)
    if after:
        statement = statement.where(_alert.c.id > cursor.decode(after, "alerts")[0])
    rows = list(session.execute(statement))
    following = cursor.encode("alerts", rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], following


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
    session: Session,
    alert_id: int,
    subscriber_id: int,
    now: datetime,
    confirmed_at: datetime | None,
    secret: str | None = None,
    *,
    outside: bool = False,
) -> tuple[int, bool]:
    """This subscriber hears of what this alert matches from now on; without a yes what matches waits for it. Who
    hears already goes on as before. The subscription's number, and whether it was begun now."""
    _touch(session)
    anew = {"from_version": _last_version(session), "asked_at": now, "confirmed_at": confirmed_at, "ended_at": None,
            "left_at": None, "outside": outside, "secret": secret, "former_secret": None,
            "former_until": None}  # fmt: skip
    statement = insert(session, Subscription).values(alert_id=alert_id, subscriber_id=subscriber_id, **anew)
    begun = session.execute(
        statement.on_conflict_do_update(
            index_elements=["alert_id", "subscriber_id"], set_=anew, where=_subscription.c.ended_at.is_not(None)
        ).returning(_subscription.c.id)
    ).scalar()
    mine = _subscription.c.alert_id == alert_id, _subscription.c.subscriber_id == subscriber_id
    return int(begun or session.execute(select(_subscription.c.id).where(*mine)).scalar_one()), begun is not None


def of_subscribers(session: Session, subscriber_ids: Collection[int]) -> list[Any]:
    """The subscriptions of these subscribers that have not ended, the newest first."""
    mine = among(session, _subscription.c.subscriber_id, sorted(subscriber_ids))
    statement = select(_subscription).where(mine, _subscription.c.ended_at.is_(None))
    return list(session.execute(statement.order_by(_subscription.c.id.desc())))


def renew_secret(session: Session, subscription_id: int, secret: str, former: str, until: datetime) -> None:
    """Those of before stay valid until then."""
    mine = _subscription.c.id == subscription_id
    values = {"secret": secret, "former_secret": former, "former_until": until}
    session.execute(update(_subscription).where(mine).values(values))


def subscriptions(session: Session, alert_ids: Collection[int]) -> list[Any]:
    """Those of these alerts that have not ended, each with its subscriber: its row's columns are named
    `subscriber_*`, as in `subscriber_kind`."""
    mine = among(session, _subscription.c.alert_id, sorted(set(alert_ids)))
    return list(session.execute(_with_subscribers().where(mine).order_by(_subscription.c.id)))


def subscriptions_by_id(session: Session, numbers: Collection[int]) -> list[Any]:
    """As `subscriptions`, those with these numbers."""
    mine = among(session, _subscription.c.id, sorted(set(numbers)))
    return list(session.execute(_with_subscribers().where(mine).order_by(_subscription.c.id)))


def lately_used(session: Session, owner: str, limit: int) -> list[Any]:
    """As `subscriptions`, those that this owner made last, newest first, each subscriber once."""
    of = (_alert.c.id == _subscription.c.alert_id) & _alert.c.ended_at.is_(None) & (_alert.c.owner == owner)
    own = _subscription.c.outside.is_(False)
    last = select(func.max(_subscription.c.id)).join_from(_subscription, _alert, of)
    last = last.where(own, _subscription.c.ended_at.is_(None)).group_by(_subscription.c.subscriber_id)
    statement = _with_subscribers().where(_subscription.c.id.in_(last)).order_by(_subscription.c.id.desc())
    return list(session.execute(statement.limit(limit)))


def _with_subscribers() -> Select[Any]:
    of = _subscriber.c.id == _subscription.c.subscriber_id
    theirs = [column.label(f"subscriber_{column.name}") for column in _subscriber.c if column.name != "id"]
    statement = select(_subscription, *theirs).join_from(_subscription, _subscriber, of)
    return statement.where(_subscription.c.ended_at.is_(None))


def subscription(session: Session, subscription_id: int) -> Any:
    """One that has not ended, of an alert that has not. Raises NotFound."""
    alive = _subscription.c.ended_at.is_(None), _alert.c.ended_at.is_(None)
    of = _alert.c.id == _subscription.c.alert_id
    statement = select(_subscription).join_from(_subscription, _alert, of)
    found = session.execute(statement.where(_subscription.c.id == subscription_id, *alive)).first()
    if found is None:
        raise NotFound(f"there is no subscription {subscription_id}")
    return found


def ever(session: Session, subscription_id: int) -> Any | None:
    """One, ended or not."""
    return session.execute(select(_subscription).where(_subscription.c.id == subscription_id)).first()


def confirm(session: Session, subscription_ids: Collection[int], now: datetime) -> None:
    mine = among(session, _subscription.c.id, sorted(subscription_ids)), _subscription.c.confirmed_at.is_(None)
    session.execute(update(_subscription).where(*mine).values(confirmed_at=now))
    _touch(session)


def unsubscribe(session: Session, subscription_ids: Collection[int], now: datetime, *, left: bool = False) -> None:
    """`left`: the one who is told asked for it."""
    mine = among(session, _subscription.c.id, sorted(subscription_ids)), _subscription.c.ended_at.is_(None)
    session.execute(update(_subscription).where(*mine).values(ended_at=now, left_at=now if left else None))
    _touch(session)


def unconfirmed(session: Session, subscriber_id: int) -> list[Any]:
    """The subscriptions of this subscriber that wait for a yes."""
    waiting = _subscription.c.confirmed_at.is_(None), _subscription.c.ended_at.is_(None)
    mine = _subscription.c.subscriber_id == subscriber_id
    return list(session.execute(select(_subscription).where(mine, *waiting).order_by(_subscription.c.id)))


def never_confirmed(session: Session, before: datetime) -> list[int]:
    """The numbers of subscriptions that were asked for before then, and that nobody said yes to."""
    waiting = _subscription.c.confirmed_at.is_(None), _subscription.c.ended_at.is_(None)
    asked = _subscription.c.asked_at < before
    return list(session.execute(select(_subscription.c.id).where(asked, *waiting)).scalars())


def abandoned(session: Session) -> list[int]:
    """The numbers of alerts of outsiders that nobody hears any more."""
    mine = _alert.c.ended_at.is_(None), _alert.c.owner == OUTSIDE
    heard = exists().where(_subscription.c.alert_id == _alert.c.id, _subscription.c.ended_at.is_(None))
    return list(session.execute(select(_alert.c.id).where(*mine, ~heard)).scalars())


def left(session: Session, alert_id: int) -> set[int]:
    """The subscribers who left this alert themselves."""
    mine = _subscription.c.alert_id == alert_id, _subscription.c.left_at.is_not(None)
    return set(session.execute(select(_subscription.c.subscriber_id).where(*mine)).scalars())


def hearings(session: Session) -> list[Hearing]:
    """All subscriptions that have not ended; what is for those that are not confirmed waits until they are."""
    columns = _subscription.c.alert_id, _subscription.c.subscriber_id, _subscription.c.from_version
    statement = select(*columns).where(_subscription.c.ended_at.is_(None)).order_by(_subscription.c.id)
    return [Hearing(*row) for row in session.execute(statement)]


def key_of(session: Session) -> str | None:
    """By which key addresses are encrypted, as its digest; None as long as there are none."""
    return session.execute(select(_meta.c.value).where(_meta.c.name == _KEY)).scalar()


def keep_key(session: Session, digest: str) -> None:
    insert_quietly(session, Meta, [{"name": _KEY, "value": digest}])


def drop_key(session: Session) -> None:
    session.execute(delete(_meta).where(_meta.c.name == _KEY))


def stamp(session: Session) -> str:
    """Another one after each change of an alert or a subscription."""
    return session.execute(select(_meta.c.value).where(_meta.c.name == _STAMP)).scalar() or ""


def hold(session: Session) -> None:
    """Until this transaction ends no other one that holds, or changes an alert, goes on."""
    _touch(session)


def keep_still(session: Session) -> None:
    """Until this transaction ends no alert and no subscription changes; others that ask for this go on."""
    session.execute(select(_meta.c.value).where(_meta.c.name == _STAMP).with_for_update(read=True))


def _touch(session: Session) -> None:
    row = {"name": _STAMP, "value": secrets.token_hex(8)}
    statement = insert(session, Meta).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": row["value"]}))


def place(session: Session) -> int | None:
    """The last line that was matched; None where no matcher ever was."""
    found = session.execute(select(_meta.c.value).where(_meta.c.name == _PLACE)).scalar()
    return None if found is None else int(found)


def begin(session: Session) -> None:
    """With the next line, where no matcher ever was."""
    insert_quietly(session, Meta, [{"name": _PLACE, "value": str(ledger.head(session)[0])}])


def advance(session: Session, old: int, new: int) -> bool:
    """Go on from one line to another; False where another matcher did so before."""
    mine = (_meta.c.name == _PLACE) & (_meta.c.value == str(old))
    return bool(session.execute(update(_meta).where(mine).values(value=str(new))).rowcount)  # type: ignore[attr-defined]


def _last_version(session: Session) -> int:
    return int(session.execute(select(func.coalesce(func.max(_version.c.id), 0))).scalar_one())
