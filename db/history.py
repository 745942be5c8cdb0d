"""The rows of posts up to a moment, a slice of posts at a time: what `db.whole` tells from.

Statements are built once a database, and rows come as the driver has them: to make Python objects of all their
times and lists, most of which only pass through, took longer than to read them. `Decoded` reads such values where
they are looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import Session

from core import times
from core.post import METRICS
from db.forms import named
from db.models import (
    Account,
    Actor,
    Capture,
    Correction,
    Erasure,
    Metrics,
    Post,
    Sighting,
    Source,
    Tag,
    TagModel,
    Topic,
    Version,
)
from db.types import UtcTime
from db.upsert import in_packed, is_sqlite, packed, table

_post, _version, _account, _actor = table(Post), table(Version), table(Account), table(Actor)
_tag, _topic, _model, _correction = table(Tag), table(Topic), table(TagModel), table(Correction)
_sighting, _source, _capture, _erasure = table(Sighting), table(Source), table(Capture), table(Erasure)
_metrics = table(Metrics)
_KEYS, _MOMENT = "keys", "moment"
_then: Any = bindparam(_MOMENT, type_=UtcTime)
Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Decoded:
    """How a driver's values are read: SQLite has texts for times and lists, psycopg has them as they are meant."""

    time: Callable[[Any], Any]
    listed: Callable[[Any], Any]

    @classmethod
    def of(cls, sqlite: bool) -> "Decoded":
        return cls(_Times().__getitem__, _loaded) if sqlite else cls(_told, _as_it_is)


class _Times(dict[str | None, str | None]):
    """Times as the API writes them, each told once: the rows of one look share theirs."""

    def __init__(self) -> None:
        super().__init__({None: None})

    def __missing__(self, value: str) -> str:
        whole = value.removesuffix(".000000")
        self[value] = made = f"{whole[:10]}T{whole[11:]}Z"
        return made


def _told(value: datetime | None) -> str | None:
    return None if value is None else times.text(value)


def _loaded(value: str) -> Any:
    return [] if value == "[]" else orjson.loads(value)


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class History:
    """Of some posts, as they are today: `posts`, `versions` and `sightings`, the later ones too (`known` is false).
    `tags` and `counts` are those of the moment alone (`ended`: no longer in force); `nots` the decisions in force
    of models that a topic does not hold: (post, version, topic, probability). `said` are corrections."""

    posts: Rows
    versions: Rows
    tags: Rows
    nots: Rows
    said: Rows
    counts: Rows
    sightings: Rows

    @classmethod
    def of(cls, session: Session, keys: Sequence[int], moment: datetime) -> "History":
        sqlite = is_sqlite(session)
        given = {_KEYS: packed(keys, sqlite), _MOMENT: moment}

        def rows(statement: Callable[[bool], Any]) -> Rows:
            return _fetched(session, statement(sqlite), given)

        tags = rows(_tags)
        people = any(tag.model_id is None for tag in tags)
        return cls(
            posts=rows(_posts),
            versions=rows(_versions),
            tags=tags,
            nots=_bare(session, _nots(sqlite), given),
            said=rows(_corrections) if people else [],
            counts=_bare(session, _counts(sqlite), given),
            sightings=_bare(session, _sightings(sqlite), given),
        )


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers stand for: topics by slug and place, models by digest."""

    topics: dict[int, str]
    places: dict[int, int]
    models: dict[int, str]

    @classmethod
    def of(cls, session: Session) -> "Names":
        topics = session.execute(select(_topic.c.id, _topic.c.slug, _topic.c.position)).all()
        models = session.execute(select(_model.c.id, _model.c.digest))
        return cls(
            {r.id: r.slug for r in topics}, {r.id: r.position for r in topics}, {r.id: r.digest for r in models}
        )


def _bare(session: Session, statement: Any, given: dict[str, Any]) -> Rows:
    """Tuples as the driver has them."""
    found: Any = session.execute(statement, given)
    rows: Rows = found.cursor.fetchall()
    found.close()
    return rows


def _fetched(session: Session, statement: Any, given: dict[str, Any]) -> Rows:
    """The same by name."""
    found: Any = session.execute(statement, given)
    rows = list(map(named(*found.keys()), found.cursor.fetchall()))
    found.close()
    return rows


@cache
def _posts(sqlite: bool) -> Any:
    own = (_post.c[name] for name in ("id", "platform", "platform_id", "repeats", "labels", "first_seen_at",
                                      "deleted_at"))  # fmt: skip
    of_account = _account.c.handle, _account.c.name, _account.c.wishes, _actor.c.slug
    return (
        select(*own, *of_account)
        .join_from(_post, _account, _account.c.id == _post.c.account_id, isouter=True)
        .join(_actor, _actor.c.id == _account.c.actor_id, isouter=True)
        .where(in_packed(_post.c.id, _KEYS, sqlite))
    )


@cache
def _versions(sqlite: bool) -> Any:
    own = ("post_id", "id", "number", "change", "text", "links", "media", "facts", "digest", "text_sha256",
           "tag_priority", "erasure_id", "seen_at", "view")  # fmt: skip
    erased = (_erasure.c[name] for name in ("cause", "reason", "at", "purged_at"))
    return (
        select(
            *(_version.c[name] for name in own),
            (_version.c.seen_at <= _then).label("known"),
            _source.c.name,
            _capture.c.sha256,
            _capture.c.fetched_at,
            *erased,
            _erasure.c.deleted_at.label("erasure_deleted_at"),
        )
        .join_from(_version, _source, _source.c.id == _version.c.source_id, isouter=True)
        .join(_capture, _capture.c.id == _version.c.capture_id, isouter=True)
        .join(_erasure, _erasure.c.id == _version.c.erasure_id, isouter=True)
        .where(in_packed(_version.c.post_id, _KEYS, sqlite))
        .order_by(_version.c.number)
    )


@cache
def _tags(sqlite: bool) -> Any:
    """`tagged` and `unsure`, and all that people said."""
    own = ("post_id", "id", "version_id", "topic_id", "model_id", "probability", "decision", "evidence_start",
           "evidence_end", "valid_from", "valid_to")  # fmt: skip
    ended = and_(_tag.c.valid_to.is_not(None), _tag.c.valid_to <= _then)
    return select(*(_tag.c[name] for name in own), ended.label("ended")).where(
        in_packed(_tag.c.post_id, _KEYS, sqlite),
        _tag.c.valid_from <= _then,
        or_(_tag.c.decision != "not", _tag.c.model_id.is_(None)),
    )


@cache
def _nots(sqlite: bool) -> Any:
    """Most decisions of a model are these: few columns of them."""
    return select(_tag.c.post_id, _tag.c.version_id, _tag.c.topic_id, _tag.c.probability).where(
        in_packed(_tag.c.post_id, _KEYS, sqlite),
        _tag.c.decision == "not",
        _tag.c.model_id.is_not(None),
        _tag.c.valid_from <= _then,
        or_(_tag.c.valid_to.is_(None), _tag.c.valid_to > _then),
    )


@cache
def _corrections(sqlite: bool) -> Any:
    said = (_correction.c[name] for name in ("tag_id", "name", "credential_id", "note"))
    return (
        select(*said)
        .join_from(_correction, _tag, _tag.c.id == _correction.c.tag_id)
        .where(in_packed(_tag.c.post_id, _KEYS, sqlite))
    )


@cache
def _counts(sqlite: bool) -> Any:
    counts = (_metrics.c[name] for name in METRICS)
    return (
        select(_metrics.c.post_id, _metrics.c.observed_at, *counts)
        .where(in_packed(_metrics.c.post_id, _KEYS, sqlite), _metrics.c.observed_at <= _then)
        .order_by(_metrics.c.observed_at)
    )


@cache
def _sightings(sqlite: bool) -> Any:
    own = (_sighting.c[name] for name in ("post_id", "first_hand", "url", "seen_at"))
    known = (_sighting.c.seen_at <= _then).label("known")
    return (
        select(*own, _source.c.name, known)
        .join_from(_sighting, _source, _source.c.id == _sighting.c.source_id, isouter=True)
        .where(in_packed(_sighting.c.post_id, _KEYS, sqlite))
        .order_by(_sighting.c.id)
    )
