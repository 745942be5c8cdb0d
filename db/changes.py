"""What a campaign changed: the decisions in force when it began against those in force now, by topic.

Read from the rows of tags, so that it is right however often the campaign was interrupted and whoever worked on it.
Of models only: what a person decided is no model's to change.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from db.models import Tag, Topic, Version
from db.slices import slices
from db.upsert import table

_tag, _topic, _version = table(Tag), table(Topic), table(Version)
Changes = dict[str, dict[str, int]]


def changed(
    session: Session, campaign_id: int, began: datetime, progress: Callable[[int], None] | None = None
) -> Changes:
    """{topic: {"not>tagged": n}} over the versions whose tags are of this campaign, slice by slice.

    A version that was not judged before it `began` changed nothing; a topic that a model does not know is `not`.
    """
    named = session.execute(select(_topic.c.id, _topic.c.slug).order_by(_topic.c.position, _topic.c.slug))
    names = {row.id: row.slug for row in named}
    found: Changes = {}
    judged = select(_version.c.id).where(_version.c.campaign_id == campaign_id)
    for rows in slices(session, judged, _version.c.id):
        for topic_id, was, now, count in session.execute(
            _between(rows[0]["id"], rows[-1]["id"], campaign_id, began)
        ):
            by_step = found.setdefault(names[topic_id], {})
            by_step[f"{was}>{now}"] = by_step.get(f"{was}>{now}", 0) + count
        if progress:
            progress(len(rows))
    return {slug: dict(sorted(found[slug].items())) for slug in names.values() if slug in found}


def _between(first: int, last: int, campaign_id: int, began: datetime) -> Any:
    """(topic, decision then, decision now, versions) of the versions of the campaign from `first` to `last`."""
    then = and_(_tag.c.valid_from < began, or_(_tag.c.valid_to.is_(None), _tag.c.valid_to >= began))
    now = _tag.c.valid_to.is_(None)
    mine = and_(_version.c.id.between(first, last), _version.c.campaign_id == campaign_id)
    was = func.max(case((then, _tag.c.decision)))
    person = aliased(_tag)
    said = and_(person.c.topic_id == _tag.c.topic_id, person.c.post_id == _tag.c.post_id)
    decided = exists().where(said, person.c.valid_to.is_(None), person.c.model_id.is_(None))
    pairs = (
        select(
            _tag.c.topic_id,
            was.label("was"),
            func.max(case((now, _tag.c.decision))).label("now"),
            func.max(was).over(partition_by=_tag.c.version_id).label("judged_before"),
        )
        .join_from(_version, _tag, _tag.c.version_id == _version.c.id)
        .where(mine, _tag.c.model_id.is_not(None), or_(then, now), ~decided)
        .group_by(_tag.c.version_id, _tag.c.topic_id)
        .subquery()
    )
    before, after = func.coalesce(pairs.c.was, "not"), func.coalesce(pairs.c.now, "not")
    counted = select(pairs.c.topic_id, before, after, func.count()).where(
        pairs.c.judged_before.is_not(None), before != after
    )
    return counted.group_by(pairs.c.topic_id, before, after)
