"""Drift: what share of a source's posts is unsure, or tagged with a topic, week by week of publication.

The counts stand in rows (`Week`), written by the worker: reading them, for a page or on a scrape, touches no post.
A week is counted again when tags of its posts were written since; the row key is time, so it is one range of keys.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, select
from sqlmodel import Session

from core import times
from db.entries import topic_slugs
from db.models import Meta, Source, Tag, Topic, Version, Week
from db.query import KEY_BITS, first_key
from db.upsert import Row, insert, table
from db.usual import judged

WEEKS = 26  # before the last full one, that it is held against
WEEK = timedelta(days=7)
UNSURE = "unsure"
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_KEYS = int(WEEK.total_seconds()) << KEY_BITS  # row keys of a week
_COUNTED = "drift_counted"  # in Meta: the last tag that was counted
_UNDER_WAY = 1000  # tags with smaller ids that others may commit later (PostgreSQL)
_tag, _topic, _version, _source, _week, _meta = (table(m) for m in (Tag, Topic, Version, Source, Week, Meta))


@dataclass(frozen=True, slots=True)
class Due:
    """Weeks to be counted again, and the last tag that is counted then."""

    weeks: Sequence[datetime]
    last_tag: int


def monday(moment: datetime) -> datetime:
    return _MONDAY + (times.utc(moment) - _MONDAY) // WEEK * WEEK


def due(session: Session, now: datetime) -> Due:
    """Those of the last half year that were tagged in since they were counted; at first all of it."""
    last = int(session.execute(select(func.coalesce(func.max(_tag.c.id), 0))).scalar_one())
    counted = session.execute(select(_meta.c.value).where(_meta.c.name == _COUNTED)).scalar()
    first = monday(now) - (WEEKS + 1) * WEEK
    if counted is None:
        return Due([first + n * WEEK for n in range(WEEKS + 2)], last)
    if int(counted) == last:
        return Due([], last)
    number = ((_tag.c.post_id - first_key(_MONDAY)) // _KEYS).label("number")
    tagged = select(number).where(_tag.c.id > int(counted) - _UNDER_WAY, _tag.c.post_id >= first_key(first))
    numbers = session.execute(tagged.distinct()).scalars()
    return Due([_MONDAY + int(n) * WEEK for n in sorted(numbers)], last)


def count(session: Session, start: datetime) -> list[Row]:
    """The week's rows, one a source that has judged posts in it."""
    inside = and_(_version.c.post_id >= first_key(start), _version.c.post_id < first_key(start + WEEK))
    mine = and_(inside, _version.c.campaign_id.is_not(None), _version.c.source_id.is_not(None))
    posts = select(_version.c.source_id, func.count()).where(mine).group_by(_version.c.source_id)
    made: dict[int, Row] = {
        source_id: {"source_id": source_id, "start": start, "posts": number, "unsure": 0, "topics": {}}
        for source_id, number in session.execute(posts)
    }
    in_force = and_(_tag.c.post_id == _version.c.post_id, _tag.c.valid_to.is_(None))
    held = select(_version.c.source_id).join_from(_version, _tag, in_force).where(mine)
    unsure = held.add_columns(func.count(func.distinct(_tag.c.post_id))).where(_tag.c.decision == UNSURE)
    for source_id, number in session.execute(unsure.group_by(_version.c.source_id)):
        made[source_id]["unsure"] = number
    tagged = held.join(_topic, _topic.c.id == _tag.c.topic_id).where(_tag.c.decision == "tagged")
    by_topic = tagged.add_columns(_topic.c.slug, func.count()).group_by(_version.c.source_id, _topic.c.slug)
    for source_id, slug, number in session.execute(by_topic):
        made[source_id]["topics"][slug] = number
    return list(made.values())


def keep(session: Session, start: datetime, rows: Sequence[Row]) -> None:
    """These are the week's rows now."""
    gone = and_(_week.c.start == start, _week.c.source_id.not_in([row["source_id"] for row in rows]))
    session.execute(delete(_week).where(gone))
    for row in rows:
        changed = {name: row[name] for name in ("posts", "unsure", "topics")}
        statement = insert(session, Week).values(row)
        session.execute(statement.on_conflict_do_update(index_elements=["source_id", "start"], set_=changed))


def note(session: Session, last_tag: int, now: datetime) -> None:
    """All is counted up to this tag; weeks that nobody asks for any more go."""
    said = {"name": _COUNTED, "value": str(last_tag)}
    statement = insert(session, Meta).values(said)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": str(last_tag)}))
    session.execute(delete(_week).where(_week.c.start < monday(now) - (WEEKS + 1) * WEEK))


# -- what the API, the page and /metrics show ---------------------------------------------------------------


def drift(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Each source with its weeks, oldest first, and its last full week held against those before."""
    last = monday(now) - WEEK
    statement = (
        select(_week, _source.c.name)
        .join_from(_week, _source)
        .where(_week.c.start >= last - WEEKS * WEEK, _week.c.start <= now)
        .order_by(_source.c.name, _week.c.start)
    )
    found: dict[str, list[Any]] = {}
    for row in session.execute(statement):
        found.setdefault(row.name, []).append(row)
    slugs = topic_slugs(session)
    return [_form(name, rows, slugs, last) for name, rows in found.items()]


def _form(name: str, rows: Sequence[Any], slugs: Sequence[str], last: datetime) -> dict[str, Any]:
    seen = [slug for slug in slugs if any(row.topics.get(slug) for row in rows)]
    return {
        "source": name,
        "last_week": times.text(last),
        "shares": [_share(of, rows, last) for of in (UNSURE, *(f"topic:{slug}" for slug in seen))],
        "weeks": [
            {"start": times.text(r.start), "posts": r.posts, "unsure": r.unsure, "topics": r.topics} for r in rows
        ],
    }


def _share(of: str, rows: Sequence[Any], last: datetime) -> dict[str, Any]:
    past = tuple((counted(of, row), row.posts) for row in rows if row.start < last)
    week = next(((counted(of, row), row.posts) for row in rows if row.start == last), (0, 0))
    return {"of": of, "posts": week[1], **asdict(judged(week, past))}


def counted(of: str, row: Any) -> int:
    """How many posts of a week's row are `of` this: unsure, or topic: and a slug."""
    return int(row.unsure if of == UNSURE else row.topics.get(of.removeprefix("topic:"), 0))
