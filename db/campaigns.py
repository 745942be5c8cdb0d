"""Campaigns: which model is to judge the archive, and what it has not judged yet.

Nothing is queued for a campaign: a version names the campaign in which its tags in force were given, so what is
stale is a range of an index. Beginning one writes one row, however large the archive is, and any process may die at
any moment: what it did not store is still stale.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlmodel import Session

from db import clock, work
from db.models import Campaign, TagModel, Version
from db.upsert import insert_all, table

_campaign, _version, _model = table(Campaign), table(Version), table(TagModel)


def chosen(session: Session) -> Any | None:
    """The campaign that counts, with its model's `digest`; None before anything was ever tagged."""
    statement = select(_campaign, _model.c.digest).join_from(_campaign, _model)
    order = _campaign.c.chosen_at.desc(), _campaign.c.id.desc()
    return session.execute(statement.where(_campaign.c.chosen_at.is_not(None)).order_by(*order).limit(1)).first()


def join(session: Session, model_id: int, now: datetime) -> int:
    """The campaign in which this model judges now: the one that counts if it is its own, else its last one.

    A model that comes along without being chosen does not become the archive's, unless it is the first.
    """
    present = chosen(session)
    if present and present.model_id == model_id:
        return int(present.id)
    mine = _last(session, model_id)
    return int(mine.id) if mine else _add(session, model_id, now, None if present else now, now)


def adopt(session: Session, model_id: int, now: datetime) -> None:
    """Make this model the archive's; what others judged becomes stale. Nothing changes where it is already."""
    present, mine = chosen(session), _last(session, model_id)
    if present and present.model_id == model_id:
        return
    if mine:
        at = _last_choice(session, now)
        session.execute(update(_campaign).where(_campaign.c.id == mine.id).values(
            started_at=at, chosen_at=at, finished_at=None))  # fmt: skip
    else:
        _begin(session, model_id, now)
    settle(session, now)


def begin(session: Session, model_id: int, now: datetime) -> Any:
    """A campaign in which this model judges everything; one of its own that never finished goes on."""
    mine = _last(session, model_id)
    if mine is None or mine.finished_at is not None:
        _begin(session, model_id, now)
    else:
        chosen_at = _last_choice(session, now)
        session.execute(update(_campaign).where(_campaign.c.id == mine.id).values(chosen_at=chosen_at))
    return chosen(session)


def _begin(session: Session, model_id: int, now: datetime) -> None:
    at = _last_choice(session, now)
    _add(session, model_id, at, at, None)


def _last_choice(session: Session, now: datetime) -> datetime:
    """After every choice before, also where the clock was set back: the last one counts."""
    before = session.execute(select(func.max(_campaign.c.chosen_at))).scalar()
    return max(now, before + clock.INSTANT) if before else now


def settle(session: Session, now: datetime) -> None:
    """Call the campaign finished if nothing is stale."""
    present = chosen(session)
    if present and present.finished_at is None and not session.execute(select(_any(present.id))).scalar():
        finish(session, present.id, now)


def finish(session: Session, campaign_id: int, now: datetime) -> None:
    session.execute(update(_campaign).where(_campaign.c.id == campaign_id).values(finished_at=now))


def ranges(campaign_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What is stale for this campaign, as two ranges of the index: older campaigns, and later ones."""
    return _version.c.campaign_id < campaign_id, _version.c.campaign_id > campaign_id


def done_count(session: Session, campaign_id: int) -> int:
    return _count(session, _version.c.campaign_id == campaign_id)


def stale_count(session: Session) -> int:
    """How many versions have tags of another campaign than the one that counts."""
    present = chosen(session)
    return sum(_count(session, part) for part in ranges(present.id)) if present else 0


def held_count(session: Session, campaign_id: int, now: datetime) -> int:
    """How many of the stale ones somebody works on at this moment."""
    return _count(session, and_(work.held(Version, now), or_(*ranges(campaign_id))))


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return int(session.execute(select(func.count()).select_from(_version).where(condition)).scalar_one())


def _any(campaign_id: int) -> Any:
    older, later = ranges(campaign_id)
    return or_(exists().where(older), exists().where(later))


def _last(session: Session, model_id: int) -> Any | None:
    mine = select(_campaign).where(_campaign.c.model_id == model_id).order_by(_campaign.c.id.desc())
    return session.execute(mine.limit(1)).first()


def _add(
    session: Session, model_id: int, now: datetime, chosen_at: datetime | None, finished_at: datetime | None
) -> int:
    row = {"model_id": model_id, "started_at": now, "chosen_at": chosen_at, "finished_at": finished_at}
    return insert_all(session, Campaign, [row])[0]
