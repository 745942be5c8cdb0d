"""Until when a post that is gone was seen: what "deleted" on a page is held against."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import case, exists, func, literal, select, union_all
from sqlmodel import Session

from db.models import Capture, Exhibit, Sighting, Version
from db.types import UtcTime
from db.upsert import table

_version, _sighting, _exhibit, _capture = table(Version), table(Sighting), table(Exhibit), table(Capture)


def seen_until(session: Session, gone: Mapping[int, datetime]) -> dict[int, datetime]:
    """Row key -> the last time before its deletion at which a look, a sighting or a version showed the post; posts
    that were gone when they were first seen are left out. `gone` has when each was seen to be gone."""
    if not gone:
        return {}
    showed_the_gap = exists().where(
        _version.c.post_id == _exhibit.c.post_id,
        _version.c.capture_id == _exhibit.c.capture_id,
        _version.c.change == "delete",
    )
    shown = select(_exhibit.c.post_id, _capture.c.fetched_at.label("at")).join_from(_exhibit, _capture)
    versions = select(_version.c.post_id, _version.c.seen_at).where(_version.c.change != "delete")
    seen = union_all(
        shown.where(_exhibit.c.post_id.in_(gone), ~showed_the_gap),
        select(_sighting.c.post_id, _sighting.c.seen_at).where(_sighting.c.post_id.in_(gone)),
        versions.where(_version.c.post_id.in_(gone)),
    ).subquery()
    end = case({key: literal(at, UtcTime) for key, at in gone.items()}, value=seen.c.post_id)
    last = (
        select(seen.c.post_id, func.max(seen.c.at, type_=UtcTime)).where(seen.c.at < end).group_by(seen.c.post_id)
    )
    return {row[0]: row[1] for row in session.execute(last)}
