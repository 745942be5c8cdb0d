"""Known posts for which their platform is asked again by id; when, `core.rechecks` says."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session

from core import ids, rechecks
from core.post import Asked
from db import hearsay
from db.models import Alias, Post, Sighting
from db.upsert import table

_post, _sighting, _alias = table(Post), table(Sighting), table(Alias)


def due(session: Session, source_id: int, now: datetime, limit: int) -> dict[int, Asked]:
    """Row key -> post, the longest due first: posts of the accounts that this source shows first hand, however
    each came into the archive."""
    sibling = aliased(_post)
    here = (_sighting.c.post_id == sibling.c.id) & (_sighting.c.source_id == source_id) & _sighting.c.first_hand
    shown = exists().select_from(sibling.join(_sighting, here)).where(sibling.c.account_id == _post.c.account_id)
    columns = _post.c.id, _post.c.platform, _post.c.platform_id, _post.c.kind, _post.c.url
    there = or_(_post.c.deleted_at.is_(None), hearsay.alone())
    statement = select(*columns).where(_is_due(now), there, shown)
    rows = session.execute(statement.order_by(_post.c.recheck_at, _post.c.id).limit(limit)).all()
    others = _other_ids(session, {row.id: ids.public_id(row.platform, "") for row in rows})
    return {row.id: Asked(row.platform_id, row.kind, row.url, others.get(row.id, ())) for row in rows}


def _is_due(now: datetime) -> ColumnElement[bool]:
    """As `core.rechecks.is_due`."""
    ahead = [
        and_(_post.c.platform == platform, _post.c.recheck_at > now + longest)
        for platform, longest in rechecks.followed().items()
    ]
    return or_(_post.c.recheck_at <= now, *ahead)


def _other_ids(session: Session, prefixes: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    """Row key -> what else its platform calls a post; public ids of other platforms are left out."""
    statement = select(_alias.c.post_id, _alias.c.public_id).where(_alias.c.post_id.in_(list(prefixes)))
    found: dict[int, tuple[str, ...]] = {}
    for row in session.execute(statement.order_by(_alias.c.public_id)) if prefixes else ():
        if row.public_id.startswith(prefix := prefixes[row.post_id]):
            found[row.post_id] = (*found.get(row.post_id, ()), row.public_id.removeprefix(prefix))
    return found


def done(session: Session, keys: Sequence[int], now: datetime) -> None:
    """These were asked for, whatever came of it; those that were seen, or found gone, have their time already."""
    if not keys:
        return
    columns = _post.c.id, _post.c.platform, _post.c.created_at
    waiting = select(*columns).where(_post.c.id.in_(keys), _is_due(now))
    for row in session.execute(waiting).all():
        moment = rechecks.next_at(row.platform, row.created_at, now)
        session.execute(update(_post).where(_post.c.id == row.id).values(recheck_at=moment))
