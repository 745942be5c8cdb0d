"""Rows -> posts in the API's form, for a page of them at a time."""

from collections import defaultdict, namedtuple
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import case, or_, select
from sqlmodel import Session

from core import ids, times
from core.post import METRICS
from db.current import CURRENT
from db.models import Account, Actor, Correction, Erasure, Post, Sighting, Source, Tag, TagModel, Topic, Version
from db.types import told
from db.until import seen_until
from db.upsert import in_packed, is_sqlite, packed, table

_post, _version, _account, _actor = table(Post), table(Version), table(Account), table(Actor)
_tag, _topic, _model = table(Tag), table(Topic), table(TagModel)
_sighting, _source, _correction, _erasure = table(Sighting), table(Source), table(Correction), table(Erasure)
ERASED = (_erasure.c.cause, _erasure.c.reason, told(_erasure.c.at), told(_erasure.c.purged_at),
          told(_erasure.c.deleted_at).label("erasure_deleted_at"))  # fmt: skip
_TIMES = ("created_at", "first_seen_at", "changed_at", "deleted_at", "measured_at")
_SHOWN = ("id", "platform", "platform_id", "url", "kind", "lang", "precision", "synthetic", "versions", "edits",
          "repeats", "labels", "erasure_id", *METRICS)  # fmt: skip
_KEYS = "keys"
_SAID = (*(_tag.c[name] for name in ("id", "version_id", "post_id", "model_id", "probability", "decision",
         "evidence_start", "evidence_end")), told(_tag.c.valid_from), told(_tag.c.valid_to))  # fmt: skip
KLE = "key_leader_engagement"
_rank = case({"tagged": 0, "unsure": 1}, value=_tag.c.decision, else_=2)


def posts(session: Session, keys: Sequence[int]) -> list[dict[str, Any]]:
    """The posts of these row keys in the order of the keys."""
    if not keys:
        return []
    tags, sighted = _tags(session, keys), _sightings(session, keys)
    rows = {r.id: r for r in _of(session, _rows, keys)}
    gone = {key: times.parse(row.deleted_at) for key, row in rows.items() if row.deleted_at}
    until = seen_until(session, gone)
    return [_form(rows[k], tags[k], sighted[k], until.get(k)) for k in keys if k in rows]


# Statements that every page runs are built once a database: to spell one out takes as long as to run it.


def _of(session: Session, statement: Callable[[bool], Any], keys: Sequence[int]) -> Sequence[Any]:
    sqlite = is_sqlite(session)
    found = session.execute(statement(sqlite), {_KEYS: packed(keys, sqlite)})
    return list(map(named(*found.keys()), found.all()))


@cache
def named(*columns: str) -> Callable[[Any], Any]:
    """Rows whose columns are read by name as quickly as an attribute: SQLAlchemy's look each name up."""
    row: Any = namedtuple("_Row", columns)  # type: ignore[misc]
    return row._make


@cache
def _rows(sqlite: bool) -> Any:
    of_version = (_version.c[name] for name in ("text", "text_sha256", "links", "media", "tag_priority"))
    of_account = _account.c.handle, _account.c.name, _account.c.wishes, _actor.c.slug
    own = *(_post.c[name] for name in _SHOWN), *(told(_post.c[name]) for name in _TIMES)
    return (
        select(*own, *of_version, *of_account, *ERASED)
        .join_from(_post, _version, CURRENT)
        .join(_account, _account.c.id == _post.c.account_id, isouter=True)
        .join(_actor, _actor.c.id == _account.c.actor_id, isouter=True)
        .join(_erasure, _erasure.c.id == _post.c.erasure_id, isouter=True)
        .where(in_packed(_post.c.id, _KEYS, sqlite))
    )


@cache
def _tags_in_force(sqlite: bool) -> Any:
    return _tagged(in_packed(_tag.c.post_id, _KEYS, sqlite), _tag.c.valid_to.is_(None))


@cache
def _seen(sqlite: bool) -> Any:
    of_sighting = (_sighting.c[name] for name in ("post_id", "first_hand", "url"))
    return (
        select(*of_sighting, told(_sighting.c.seen_at), _source.c.name)
        .join_from(_sighting, _source, isouter=True)
        .where(in_packed(_sighting.c.post_id, _KEYS, sqlite))
        .order_by(_sighting.c.id)
    )


def _form(row: Any, tagged: list[Any], sightings: list[Any], until: datetime | None) -> dict[str, Any]:
    tags = [tag_form(tag, row.text_sha256) for tag in tagged]
    return {
        "id": ids.public_id(row.platform, row.platform_id),
        "platform": row.platform,
        "platform_id": row.platform_id,
        "url": row.url,
        "kind": row.kind,
        "account": {"platform": row.platform, "handle": row.handle, "name": row.name, "actor": row.slug}
        if row.handle
        else None,
        "text": row.text if row.erasure_id is None else None,
        "lang": row.lang,
        "created_at": row.created_at,
        "created_at_precision": row.precision,
        "synthetic": row.synthetic,
        "first_seen_at": row.first_seen_at,
        "changed_at": row.changed_at,
        "deleted_at": row.deleted_at,
        "seen_until": times.text(until) if until else None,
        "media": media(row.media),
        "links": row.links,
        "tags": tags,
        "tagging": "done" if row.tag_priority is None else "pending",
        "is_kle": is_kle(tags),
        "versions": row.versions,
        "edits": row.edits,
        "repeats": row.repeats,
        "metrics": _metrics(row),
        "labels": list(dict.fromkeys([*row.labels, *(row.wishes or ())])),
        "sightings": sightings,
        "erasure": erased(row) if row.erasure_id is not None else None,
    }


def erased(row: Any) -> dict[str, Any]:
    """`at` is when its texts went, `erased_at` when their last trace did. `row` has the columns of `ERASED`."""
    return {
        "cause": row.cause,
        "reason": row.reason,
        "at": row.at,
        "erased_at": row.purged_at,
        "deleted_at": row.erasure_deleted_at,
    }


def media(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """In one order of keys: databases keep them in different ones."""
    return [{name: item.get(name) for name in ("type", "url", "alt")} for item in items]


def is_kle(tags: Sequence[dict[str, Any]]) -> bool:
    return any(tag["topic"] == KLE and tag["decision"] == "tagged" for tag in tags)


def tag_form(row: Any, text_sha256: str) -> dict[str, Any]:
    """`row` is one of `tag_rows`; offsets into another text than the one shown, with this digest, mean nothing."""
    changed = row.text_sha256 != text_sha256
    spoken = row.evidence_start is not None and not changed
    return {
        "topic": row.slug,
        "probability": round(row.probability, 4),
        "decision": row.decision,
        "model": row.digest,
        "evidence": {"start": row.evidence_start, "end": row.evidence_end} if spoken else None,
        "by": "person" if row.model_id is None else "model",
        "correction": _correction_form(row, changed) if row.model_id is None else None,
    }


def _correction_form(row: Any, changed: bool) -> dict[str, Any]:
    return {
        "name": row.name,
        "key": row.credential_id,
        "note": row.note,
        "at": row.valid_from,
        "version": row.number,
        "text_changed": changed,
    }


def tag_rows(session: Session, *conditions: Any) -> Any:
    """`tagged` and `unsure` tags, and all that people said, with topic, model and author, the likeliest first."""
    return session.execute(_tagged(*conditions))


def _tagged(*conditions: Any) -> Any:
    said = _correction.c.name, _correction.c.credential_id, _correction.c.note
    return (
        select(*_SAID, _topic.c.slug, _model.c.digest, _version.c.number, _version.c.text_sha256, *said)
        .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
        .join(_version, _version.c.id == _tag.c.version_id)
        .join(_model, _model.c.id == _tag.c.model_id, isouter=True)
        .join(_correction, _correction.c.tag_id == _tag.c.id, isouter=True)
        .where(or_(_tag.c.decision != "not", _tag.c.model_id.is_(None)), *conditions)
        .order_by(_rank, _tag.c.probability.desc(), _topic.c.position, _tag.c.id)
    )


def _tags(session: Session, keys: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in _of(session, _tags_in_force, keys):
        found[row.post_id].append(row)
    return found


def _sightings(session: Session, keys: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for key, first_hand, url, seen_at, source in _of(session, _seen, keys):
        seen = {"source": source, "first_hand": first_hand, "url": url or None, "seen_at": seen_at}
        found[key].append(seen)
    return found


def _metrics(row: Any) -> dict[str, Any] | None:
    if row.measured_at is None:
        return None
    return {**{name: getattr(row, name) for name in METRICS}, "observed_at": row.measured_at}
