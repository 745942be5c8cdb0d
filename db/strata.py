"""What samples are drawn by: of every match its id and what groups it, a slice at a time.

Only what is asked for is read: a draw without strata needs ids alone. As of a moment the rows are those of then, as
`db.then` reads them. A post whose text was erased has nothing that could be labelled, and is none of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from core import ids, times
from db import then
from db.models import Account, Post, Tag, Topic, Version
from db.query import PostQuery, selection
from db.upsert import among, table

STRATA = ("topic", "lang", "platform", "account", "kind", "month")
NONE = "none"  # off topic, without a language, without an account
_SLICE = 2000
_post, _account, _tag, _topic, _known = (table(m) for m in (Post, Account, Tag, Topic, Version))
_MONTH = len("2025-08")


@dataclass(frozen=True, slots=True)
class Member:
    """A match: its row key, its public id, and by each stratum asked for the values that it has, in order."""

    key: int
    id: str
    groups: tuple[tuple[str, ...], ...]


def most_groups(session: Session, strata: Sequence[str]) -> int:
    """The cells that one post may be in: it has several topics, and one of everything else."""
    if "topic" not in strata:
        return 1
    return max(int(session.execute(select(func.count()).select_from(_topic)).scalar_one()), 1)


def members(session: Session, query: PostQuery, strata: Sequence[str]) -> Iterator[list[Member]]:
    """Every match of `query` that has a text, oldest first."""
    found, after = selection(session, replace(query, tombstones=False)), None
    while True:
        keys = list(session.execute(found.by_key(newest=False, place=after, limit=_SLICE)).scalars())
        if keys:
            yield _slice(session, keys, query.as_of, strata)
        if len(keys) < _SLICE:
            return
        after = keys[-1]


def _slice(session: Session, keys: Sequence[int], moment: datetime | None, strata: Sequence[str]) -> list[Member]:
    rows = _rows(session, keys)
    changed = [key for key in keys if moment and rows[key].changed_at > moment]
    said = {key: _of_row(row) for key, row in rows.items()} | _of_then(session, changed, moment)
    topics = _topics(session, keys, moment) if "topic" in strata else {}
    return [
        Member(key, ids.public_id(rows[key].platform, rows[key].platform_id), tuple(
            tuple(topics.get(key) or (NONE,)) if name == "topic" else (said[key][name] or NONE,) for name in strata
        ))
        for key in keys if key in said and said[key]["told"]
    ]  # fmt: skip


def _rows(session: Session, keys: Collection[int]) -> dict[int, Any]:
    names = "id", "platform", "platform_id", "kind", "lang", "created_at", "changed_at", "erasure_id"
    joined = select(*(_post.c[name] for name in names), _account.c.handle).join_from(_post, _account, isouter=True)
    return {row.id: row for row in session.execute(joined.where(among(session, _post.c.id, keys)))}


def _of_row(row: Any) -> dict[str, Any]:
    return {
        "platform": row.platform,
        "kind": row.kind,
        "lang": row.lang,
        "account": account(row.platform, row.handle),
        "month": times.text(row.created_at)[:_MONTH],
        "told": row.erasure_id is None,
    }


def account(platform: str, handle: str | None) -> str | None:
    """An account as a stratum names it."""
    return handle and f"{platform}/{handle}"


def _of_then(session: Session, keys: Collection[int], moment: datetime | None) -> dict[int, dict[str, Any]]:
    """Of posts that changed later: what the version of then says."""
    if not keys:
        return {}
    versions, speaks = then.speaking(moment)
    columns = _post.c.id, _post.c.platform, versions.c.facts, versions.c.erasure_id, _account.c.handle
    statement = (
        select(*columns).join_from(_post, versions, speaks).join(_account, _account.c.id == _post.c.account_id,
                                                                 isouter=True)
    )  # fmt: skip
    return {
        row.id: {
            "platform": row.platform,
            "kind": row.facts.get("kind"),
            "lang": row.facts.get("lang"),
            "account": account(row.platform, row.handle) if row.facts.get("account") else None,
            "month": str(row.facts.get("created_at"))[:_MONTH],
            "told": row.erasure_id is None,
        }
        for row in session.execute(statement.where(among(session, _post.c.id, keys)))
    }


def _topics(session: Session, keys: Collection[int], moment: datetime | None) -> Mapping[int, Sequence[str]]:
    """The topics that each is tagged with, in the order of the taxonomy."""
    statement = (
        select(_tag.c.post_id, _topic.c.slug)
        .join_from(_tag, _topic, _topic.c.id == _tag.c.topic_id)
        .where(among(session, _tag.c.post_id, keys), _tag.c.decision == "tagged", then.in_force(moment))
        .order_by(_topic.c.position, _topic.c.slug)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.post_id].append(row.slug)
    return found
