"""What comes in, as alerts look at it: of which posts lines of the ledger tell, and their entries in the index.

A post comes once as it is seen, again when its text was edited, when a model read its current text for the first
time, and when a person corrected a tag. A model that reads it anew later brings no news.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from core.post import METRICS
from core.readings import index_words
from db import entries, happened, ledger
from db.current import CURRENT
from db.entries import token
from db.models import Account, Actor, Correction, Post, Tag, Topic, Version
from db.types import UtcTime
from db.upsert import among, table

_NEWS = ("first", "fuller", "edit")  # of what changes a version
_post, _version, _tag, _account, _actor, _correction, _topic = (
    table(m) for m in (Post, Version, Tag, Account, Actor, Correction, Topic)
)


@dataclass(frozen=True, slots=True)
class News:
    """`at` is when this archive was told: of a post that another one saw long before, when it was merged in.
    `edit` is the version that an edit made, as (number, id)."""

    post_id: int
    at: datetime
    edit: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """A post as it stands in the index now, with names of its account and actor among the `tokens`. `scores` are
    the probabilities of tags in force by topic, `counts` what was counted of likes and so on."""

    id: int
    words: Sequence[str]
    tokens: frozenset[str]
    created_at: datetime
    first_version: int
    pending: bool
    scores: Mapping[str, Sequence[float]]
    counts: Mapping[str, int]


def news(session: Session, lines: Sequence[Any]) -> dict[int, News]:
    """By post, in the order of the first line on each."""
    of_version = _read(session, _row_ids(lines, "version"), _version.c.change.in_(_NEWS))
    judged = _judged_first(session, [line for line in lines if line.kind == "tags"])
    moments = {happened.row_of(line): line.at for line in reversed(lines) if line.kind in ("version", "tags")}
    at: dict[int, datetime] = {}
    edits: dict[int, tuple[int, int] | None] = {}
    for row in (*of_version, *judged):
        known, edit = edits.get(row.post_id), (row.number, row.id) if row.change == "edit" else None
        edits[row.post_id] = max(known, edit) if known and edit else known or edit
        at.setdefault(row.post_id, moments[row.id])
    found = {post_id: News(post_id, at[post_id], edit) for post_id, edit in edits.items()}
    said = _said(session, {happened.row_of(line): line.at for line in lines if line.kind == "correction"})
    return {post_id: News(post_id, moment) for post_id, moment in said.items()} | found


def _row_ids(lines: Sequence[Any], kind: str) -> list[int]:
    return sorted({happened.row_of(line) for line in lines if line.kind == kind})


def _read(session: Session, version_ids: Collection[int], *conditions: Any) -> list[Any]:
    columns = _version.c.id, _version.c.post_id, _version.c.number, _version.c.change
    mine = among(session, _version.c.id, version_ids)
    return list(session.execute(select(*columns).where(mine, *conditions).order_by(_version.c.id)))


def _judged_first(session: Session, lines: Sequence[Any]) -> list[Any]:
    """The versions of which such a line tells that a model read them for the first time."""
    if not lines:
        return []
    moments = {(happened.row_of(line), ledger.moment_of(line.subject)) for line in lines}
    by_model = among(session, _tag.c.version_id, {n for n, _ in moments}), _tag.c.model_id.is_not(None)
    first = select(_tag.c.version_id, func.min(_tag.c.valid_from, type_=UtcTime)).where(*by_model)
    fresh = [row[0] for row in session.execute(first.group_by(_tag.c.version_id)) if (row[0], row[1]) in moments]
    return _read(session, fresh)


def _said(session: Session, corrections: Mapping[int, datetime]) -> dict[int, datetime]:
    """The posts of these corrections, each with when the last was made."""
    of_version = _version.c.id == _correction.c.version_id
    statement = select(_correction.c.id, _version.c.post_id).join_from(_correction, _version, of_version)
    mine = among(session, _correction.c.id, sorted(corrections))
    rows = session.execute(statement.where(mine).order_by(_correction.c.id))
    return {row.post_id: corrections[row.id] for row in rows}


def posts(session: Session, keys: Collection[int], *, tagging: bool) -> list[Coming]:
    """Those of these posts whose text is there. Without `tagging` nobody will read what waits for it."""
    found = {entry.post_id: entry for entry in entries.present(session, sorted(keys))}
    first = (
        select(func.min(_version.c.id)).where(_version.c.post_id == _post.c.id).correlate(_post).scalar_subquery()
    )
    statement = (
        select(
            _post.c.id, _post.c.created_at, _version.c.tag_priority,
            _account.c.handle_key, _actor.c.slug, first.label("first_version"),
            *(_post.c[name] for name in METRICS),
        )
        .join_from(_post, _version, CURRENT)
        .join(_account, _account.c.id == _post.c.account_id, isouter=True)
        .join(_actor, _actor.c.id == _account.c.actor_id, isouter=True)
        .where(among(session, _post.c.id, sorted(found)), _post.c.erasure_id.is_(None))
    )  # fmt: skip
    scores = _scores(session, sorted(found))
    rows = session.execute(statement.order_by(_post.c.id)).mappings()
    return [_coming(row, found[row["id"]], scores[row["id"]], tagging) for row in rows]


def _scores(session: Session, keys: Sequence[int]) -> dict[int, dict[str, list[float]]]:
    found: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    statement = (
        select(_tag.c.post_id, _topic.c.slug, _tag.c.probability)
        .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
        .where(among(session, _tag.c.post_id, keys), _tag.c.valid_to.is_(None))
    )
    for post_id, slug, probability in session.execute(statement):
        found[post_id][slug].append(probability)
    return found


def _coming(row: Any, entry: entries.Entry, scores: Mapping[str, Sequence[float]], tagging: bool) -> Coming:
    names = [token("handle", row["handle_key"])] if row["handle_key"] else []
    names += [token("actor", row["slug"])] if row["slug"] else []
    return Coming(
        id=row["id"],
        words=index_words(entry.text),
        tokens=frozenset((*entry.tokens, *names)),
        created_at=row["created_at"],
        first_version=row["first_version"],
        pending=tagging and row["tag_priority"] is not None,
        scores=scores,
        counts={name: row[name] for name in METRICS if row[name] is not None},
    )


def usual(session: Session, limit: int) -> list[Coming]:
    """The newest posts: by them a matcher knows which words are rare."""
    newest = select(_post.c.id).order_by(_post.c.id.desc()).limit(limit)
    return posts(session, list(session.execute(newest).scalars()), tagging=False)
