"""Rows of versions, as a source showed a post or another archive says that it saw it; and what a new one ends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from core import times
from core.post import Elsewhere, SeenPost
from db import clock, hearsay, ledger, vectors
from db.models import Tag, Version
from db.proof import digests
from db.seen import Look
from db.upsert import Row, insert_all, table

_version, _tag = table(Version), table(Tag)


def add(session: Session, rows: Sequence[Row]) -> list[int]:
    """Insert versions with their ledger lines; their ids."""
    numbers = insert_all(session, Version, rows)
    lines = [
        ledger.Line("version", f"version/{number}", row["digest"], row["seen_at"])
        for number, row in zip(numbers, rows, strict=True)
    ]
    ledger.append(session, lines)
    return numbers


def row_of(look: Look, row: Row, post: SeenPost, number: int, change: str) -> Row:
    """`row` is the post's own: its url, kind, lang, created_at, precision, synthetic, and when this was seen; and
    whether it is gone by an import's word alone."""
    made = {
        "post_id": row["id"],
        "number": number,
        "change": change,
        "text": post.text,
        "links": list(post.links),
        "media": media(post),
        "facts": _facts(look, row, post, change),
        "view": int(post.view),
        "seen_at": row["changed_at"],
        "source_id": look.source.id,
        "capture_id": look.capture_id,
        "text_sha256": digests.of_text(post.text),
        "tag_priority": 0 if look.live else 1,
        "attempts": 0,
    }
    return {**made, "digest": digests.of_version(made)}


def _facts(look: Look, row: Row, post: SeenPost, change: str) -> Row:
    account = {"platform": post.account.platform, "handle": post.account.handle} if post.account else None
    facts = {
        "id": post.id,
        "url": row["url"],
        "kind": row["kind"],
        "account": account,
        "lang": row["lang"],
        "created_at": times.text(row["created_at"]),
        "precision": row["precision"],
        "synthetic": row["synthetic"],
        "source": look.source.name,
        "via": post.embedded_in,
        "labels": list(post.labels),
        "revised_at": times.text(post.revised_at) if post.revised_at else None,
        "capture": look.captured,
    }
    if change == "first" and post.deleted:
        facts["deleted"] = True  # no other version says that it was gone already
    if (post.deleted or change == "delete") and row.get(hearsay.FACT, hearsay.tells(look.source, post)):
        facts[hearsay.FACT] = True
    if post.elsewhere:
        facts["merged"] = mark(post.elsewhere)
    return facts


def mark(elsewhere: Elsewhere) -> Row:
    """What a version says of the one that another archive saw, however often it was passed on."""
    first = elsewhere.before or elsewhere
    return {
        "archive": first.archive,
        "number": first.number,
        "change": first.change,
        "seen_at": times.text(first.seen_at),
        "digest": first.digest,
    }


def media(post: SeenPost) -> list[dict[str, Any]]:
    return [{"type": m.type, "url": m.url, "alt": m.alt} for m in post.media]


def outdate(session: Session, post_id: int, now: datetime) -> None:
    """What models said of the text before this one is not in force any more, and what it meant is forgotten."""
    judged = (_tag.c.post_id == post_id) & _tag.c.valid_to.is_(None) & _tag.c.model_id.is_not(None)
    session.execute(update(_tag).where(judged).values(valid_to=clock.not_before(_tag.c.valid_from, now)))
    before = (_version.c.post_id == post_id) & _version.c.campaign_id.is_not(None)
    session.execute(update(_version).where(before).values(campaign_id=None))
    vectors.drop(session, [post_id])
