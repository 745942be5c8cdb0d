"""How long messages stay whole: what was told of which post stays for ever, for it is what makes once once.

The posts themselves stand in the archive. Their copies in messages are for looking at and sending again for a time.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlmodel import Session

from db import enclosed
from db.models import Delivery
from db.upsert import Row, table

KEPT = timedelta(days=90)  # from when a message was sent
_delivery = table(Delivery)
_NAMES = ("id", "page", "erasure")  # what of a post stays in a message


def is_due(session: Session, now: datetime) -> bool:
    return session.execute(_due(now).limit(1)).first() is not None


def cut_some(session: Session, now: datetime, limit: int) -> int:
    """Leave only ids and links of the posts in the next messages that were kept long enough; how many messages."""
    rows = session.execute(_due(now).limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        values = {"body": _named(row.body), "cut_at": now}
        session.execute(update(_delivery).where(_delivery.c.id == row.id).values(values))
    return len(rows)


def _due(now: datetime) -> Select[Any]:
    """Those that were sent; one that was parked may still be sent by hand, as it was."""
    sent = _delivery.c.ended_at <= now - KEPT, _delivery.c.outcome == "sent"
    columns = _delivery.c.id, _delivery.c.body
    return select(*columns).where(*sent, _delivery.c.cut_at.is_(None)).order_by(_delivery.c.ended_at)


def _named(body: Row) -> Row:
    posts = [{name: post[name] for name in _NAMES if post.get(name)} for post in enclosed.posts_in(body)]
    return {**body, "data": {**body["data"], "posts": posts}} if posts else body
