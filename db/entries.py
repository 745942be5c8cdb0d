"""What a post's entry in the full-text index says: its current words and its filter tokens; and which texts were
superseded."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session

from core import addresses
from db.current import CURRENT
from db.models import IndexEntry, Post, Sighting, Tag, Topic, Version
from db.upsert import Row, among, table

MARK = "\ue000"  # private use: core.text strips it from everything that people write
_LONGEST = 400  # characters of a value: any database takes them as one word
_UNSAFE = re.compile(r"[^\w.:@/-]")
_post, _version, _tag, _topic, _sighting = (table(m) for m in (Post, Version, Tag, Topic, Sighting))
_entry = table(IndexEntry)


@lru_cache(10_000)
def token(field: str, value: object) -> str:
    """A filter token; what a tokenizer might cut is replaced alike in index and query."""
    return f"{MARK}{field}:{plain(value)}"


def plain(value: object) -> str:
    """A value as tokens have it."""
    return _UNSAFE.sub("_", str(value).lower()[:_LONGEST])


# the versions that were current once; an erased one has no words any more, a late one never was current
_superseded = and_(
    _version.c.post_id == _post.c.id,
    _version.c.number < _post.c.current,
    _version.c.change != "late",
    _version.c.erasure_id.is_(None),
)
EVERY = token("all", "1")  # stands in each entry, so that "not this" has something to be taken from


@dataclass(frozen=True, slots=True)
class Entry:
    post_id: int
    version_id: int
    text: str
    tokens: tuple[str, ...]

    @property
    def key(self) -> tuple[int, tuple[str, ...]]:
        return self.version_id, self.tokens


def topic_slugs(session: Session) -> list[str]:
    """Of all topics, in the order of the taxonomy."""
    return list(session.execute(select(_topic.c.slug).order_by(_topic.c.position, _topic.c.slug)).scalars())


def topic_names(session: Session) -> dict[str, str]:
    """Slug -> name of all topics."""
    return {row.slug: row.name for row in session.execute(select(_topic.c.slug, _topic.c.name))}


def next_keys(session: Session, after: int, limit: int) -> list[int]:
    statement = select(_post.c.id).where(_post.c.id > after).order_by(_post.c.id).limit(limit)
    return list(session.execute(statement).scalars())


def present(session: Session, post_ids: Sequence[int]) -> list[Entry]:
    """What stands in the index now, with the text that was indexed."""
    statement = (
        select(_entry.c.post_id, _entry.c.version_id, _entry.c.tokens, _version.c.text)
        .join_from(_entry, _version, _version.c.id == _entry.c.version_id)
        .where(among(session, _entry.c.post_id, post_ids))
    )
    return [Entry(r.post_id, r.version_id, r.text, tuple(r.tokens.split())) for r in session.execute(statement)]


def superseded_of(session: Session, post_ids: Sequence[int]) -> list[int]:
    """The ids of the versions of these posts that were current once, in order."""
    statement = (
        select(_version.c.id).join_from(_post, _version, _superseded).where(among(session, _post.c.id, post_ids))
    )
    return list(session.execute(statement.order_by(_version.c.id)).scalars())


def superseded_after(session: Session, after: int, limit: int) -> list[int]:
    """As `superseded_of`, of all posts, from the version after this one on."""
    statement = select(_version.c.id).join_from(_version, _post, _superseded).where(_version.c.id > after)
    return list(session.execute(statement.order_by(_version.c.id).limit(limit)).scalars())


def texts(session: Session, version_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(id, text) of these versions, in the order of their ids."""
    statement = select(_version.c.id, _version.c.text).where(among(session, _version.c.id, version_ids))
    return [(row.id, row.text) for row in session.execute(statement.order_by(_version.c.id))]


def wanted(session: Session, post_ids: Sequence[int]) -> list[Entry]:
    """What should stand there, by the rows."""
    statement = select(
        _post.c.id, _post.c.platform, _post.c.kind, _post.c.lang, _post.c.account_id, _post.c.edits,
        _post.c.deleted_at, _post.c.second_hand, _post.c.synthetic, _post.c.erasure_id,
        _version.c.id.label("version_id"), _version.c.text, _version.c.links, _version.c.media,
    ).join_from(_post, _version, CURRENT).where(among(session, _post.c.id, post_ids))  # fmt: skip
    topics, sources = _topics(session, post_ids), _sources(session, post_ids)
    return [
        Entry(
            r["id"], r["version_id"], r["text"], (*_tokens(r), *topics.get(r["id"], []), *sources.get(r["id"], []))
        )
        for r in session.execute(statement).mappings()
    ]


def of_new(post: Row, version_id: int, version: Row) -> Entry:
    """What `wanted` would say of a post that was added just now, from the rows that were written."""
    said = {**post, **{name: version[name] for name in ("text", "links", "media")}}
    tokens = (*_tokens(said), token("source", version["source_id"]))
    return Entry(post["id"], version_id, version["text"], tokens)


def _tokens(row: Mapping[Any, Any]) -> list[str]:
    found = [EVERY, token("platform", row["platform"]), token("kind", row["kind"])]
    found += [token("lang", row["lang"])] if row["lang"] else []
    found += [token("account", row["account_id"])] if row["account_id"] else []
    flags = (
        ("is", "edited", row["edits"] > 0),
        ("is", "deleted", row["deleted_at"] is not None),
        ("is", "erased", row["erasure_id"] is not None),
        ("is", "second_hand", row["second_hand"]),
        ("is", "synthetic", row["synthetic"]),
        ("has", "media", bool(row["media"])),
        ("has", "link", bool(row["links"]) or addresses.stands_in(row["text"])),
    )
    return found + [token(field, value) for field, value, holds in flags if holds]


def _topics(session: Session, post_ids: Sequence[int]) -> dict[int, list[str]]:
    statement = (
        select(_tag.c.post_id, _topic.c.slug, _tag.c.decision)
        .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
        .where(among(session, _tag.c.post_id, post_ids), _tag.c.valid_to.is_(None), _tag.c.decision != "not")
        .order_by(_topic.c.position, _topic.c.slug)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for post_id, slug, decision in session.execute(statement):
        tokens = [token("topic", slug)] if decision == "tagged" else [token("unsure", slug), token("is", "unsure")]
        found[post_id] += [t for t in tokens if t not in found[post_id]]
    return found


def _sources(session: Session, post_ids: Sequence[int]) -> dict[int, list[str]]:
    columns = _sighting.c.post_id, _sighting.c.source_id
    statement = select(*columns).where(among(session, _sighting.c.post_id, post_ids)).distinct().order_by(*columns)
    found: dict[int, list[str]] = defaultdict(list)
    for post_id, source_id in session.execute(statement):
        found[post_id].append(token("source", source_id))
    return found
