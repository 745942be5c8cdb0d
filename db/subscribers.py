"""Who is told: one row an address, with its secrets, its yes and how it does. The statements, one function each."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from core.errors import NotFound
from db.models import Subscriber
from db.upsert import Row, among, insert_quietly, table

_subscriber = table(Subscriber)


def known(session: Session, kind: str, address_key: str) -> Any | None:
    mine = _subscriber.c.kind == kind, _subscriber.c.address_key == address_key
    return session.execute(select(_subscriber).where(*mine)).first()


def add(session: Session, row: Row) -> Any:
    """The subscriber at this address, as it is known already or made now."""
    insert_quietly(session, Subscriber, [row])
    found = known(session, row["kind"], row["address_key"])
    assert found is not None
    return found


def get(session: Session, subscriber_id: int) -> Any:
    """Raises NotFound."""
    found = by_id(session, [subscriber_id]).get(subscriber_id)
    if found is None:
        raise NotFound(f"there is no subscriber {subscriber_id}")
    return found


def by_id(session: Session, subscriber_ids: Collection[int]) -> dict[int, Any]:
    rows = session.execute(select(_subscriber).where(among(session, _subscriber.c.id, sorted(set(subscriber_ids)))))
    return {row.id: row for row in rows}


def change(session: Session, subscriber_id: int, values: Mapping[str, Any]) -> None:
    session.execute(update(_subscriber).where(_subscriber.c.id == subscriber_id).values(dict(values)))


def confirm(session: Session, subscriber_id: int, now: datetime) -> None:
    """It said yes; the first time counts."""
    mine = _subscriber.c.id == subscriber_id, _subscriber.c.confirmed_at.is_(None)
    session.execute(update(_subscriber).where(*mine).values(confirmed_at=now))


def failing(session: Session, subscriber_id: int, now: datetime) -> None:
    """Since now, unless it fails already."""
    mine = _subscriber.c.id == subscriber_id, _subscriber.c.failing_since.is_(None)
    session.execute(update(_subscriber).where(*mine).values(failing_since=now))
