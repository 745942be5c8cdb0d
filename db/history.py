"""The rows of posts up to a moment, a slice of posts at a time: what `db.whole` tells from.

Statements are built once a database, and times come as texts: of a release of a million posts each would be a third
of the time else.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import Session

from core.post import METRICS
from db.forms import ERASED
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
from db.types import UtcTime, told
from db.upsert import in_packed, is_sqlite, packed, table

_post, _version, _account, _actor = table(Post), table(Version), table(Account), table(Actor)
_tag, _topic, _model, _correction = table(Tag), table(Topic), table(TagModel), table(Correction)
_sighting, _source, _capture, _erasure = table(Sighting), table(Source), table(Capture), table(Erasure)
_metrics = table(Metrics)
_KEYS, _MOMENT = "keys", "moment"
_then: Any = bindparam(_MOMENT, type_=UtcTime)
_RANK = {"tagged": 0, "unsure": 1}
ByPost = dict[int, list[Any]]


@dataclass(frozen=True, slots=True)
class History:
    """Of some posts, by row key. `posts` are as they are today; of versions and sightings there are the later ones
    too (`known` is false); of tags and counts those of the moment alone (`ended`: no longer in force). `nots` are
    the decisions in force of models that a topic does not hold. `said` has corrections by their tag."""

    posts: dict[int, Any]
    versions: ByPost
    tags: ByPost
    nots: ByPost
    said: dict[int, Any]
    counts: ByPost
    sightings: ByPost

    @classmethod
    def of(cls, session: Session, keys: Sequence[int], moment: datetime) -> "History":
        sqlite = is_sqlite(session)
        given = {_KEYS: packed(keys, sqlite), _MOMENT: moment}

        def rows(statement: Callable[[bool], Any]) -> Sequence[Any]:
            return session.execute(statement(sqlite), given).all()

        tags = _by_post(rows(_tags))
        people = any(row.model_id is None for some in tags.values() for row in some)
        return cls(
            posts={row.id: row for row in rows(_posts)},
            versions=_by_post(rows(_versions)),
            tags=tags,
            nots=_by_post(rows(_nots)),
            said={row.tag_id: row for row in rows(_corrections)} if people else {},
            counts=_by_post(rows(_counts)),
            sightings=_by_post(rows(_sightings)),
        )


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers stand for: topics as (slug, place), models as digests."""

    topics: dict[int, tuple[str, int]]
    models: dict[int, str]

    @classmethod
    def of(cls, session: Session) -> "Names":
        topics = session.execute(select(_topic.c.id, _topic.c.slug, _topic.c.position))
        models = session.execute(select(_model.c.id, _model.c.digest))
        return cls({r.id: (r.slug, r.position) for r in topics}, {r.id: r.digest for r in models})

    def rank(self, tag: Any) -> tuple[Any, ...]:
        """The order in which tags are told: the surest first."""
        return _RANK.get(tag.decision, 2), -tag.probability, self.topics[tag.topic_id][1], tag.id


def _by_post(rows: Sequence[Any]) -> ByPost:
    """Rows whose first column is the post's key."""
    found: ByPost = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return dict(found)


@cache
def _posts(sqlite: bool) -> Any:
    own = (_post.c[name] for name in ("id", "platform", "platform_id", "repeats", "labels"))
    of_account = _account.c.handle, _account.c.name, _account.c.wishes, _actor.c.slug
    return (
        select(*own, told(_post.c.first_seen_at), told(_post.c.deleted_at), *of_account)
        .join_from(_post, _account, _account.c.id == _post.c.account_id, isouter=True)
        .join(_actor, _actor.c.id == _account.c.actor_id, isouter=True)
        .where(in_packed(_post.c.id, _KEYS, sqlite))
    )


@cache
def _versions(sqlite: bool) -> Any:
    own = ("post_id", "id", "number", "change", "text", "links", "media", "facts", "digest", "text_sha256",
           "tag_priority", "erasure_id")  # fmt: skip
    return (
        select(
            *(_version.c[name] for name in own),
            told(_version.c.seen_at),
            (_version.c.seen_at <= _then).label("known"),
            (_version.c.view > 0).label("first_hand"),
            _source.c.name,
            _capture.c.sha256,
            told(_capture.c.fetched_at),
            *ERASED,
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
           "evidence_end")  # fmt: skip
    ended = and_(_tag.c.valid_to.is_not(None), _tag.c.valid_to <= _then)
    return select(
        *(_tag.c[name] for name in own), told(_tag.c.valid_from), told(_tag.c.valid_to), ended.label("ended")
    ).where(
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
        select(_metrics.c.post_id, *counts, told(_metrics.c.observed_at))
        .where(in_packed(_metrics.c.post_id, _KEYS, sqlite), _metrics.c.observed_at <= _then)
        .order_by(_metrics.c.observed_at)
    )


@cache
def _sightings(sqlite: bool) -> Any:
    own = (_sighting.c[name] for name in ("post_id", "first_hand", "url"))
    known = (_sighting.c.seen_at <= _then).label("known")
    return (
        select(*own, told(_sighting.c.seen_at), _source.c.name, known)
        .join_from(_sighting, _source, _source.c.id == _sighting.c.source_id, isouter=True)
        .where(in_packed(_sighting.c.post_id, _KEYS, sqlite))
        .order_by(_sighting.c.id)
    )
