"""Which messages hold a post: by what subscribers were told, and by what was enclosed without telling it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, union
from sqlmodel import Session

from db.models import Alias, Enclosed, Post, Told
from db.upsert import among, insert_quietly, table

_told, _enclosed, _post, _alias = table(Told), table(Enclosed), table(Post), table(Alias)


def hold(session: Session, post_ids: Collection[int]) -> set[int]:
    """Those of these posts that stand and were not erased, until the end of this transaction.

    Who puts posts into a message asks this first: then an erasure comes before, or finds the message.
    """
    mine = among(session, _post.c.id, sorted(set(post_ids))), _post.c.erasure_id.is_(None)
    statement = select(_post.c.id).where(*mine).order_by(_post.c.id)
    return set(session.execute(statement.with_for_update(read=True, key_share=True)).scalars())


def note(session: Session, delivery_id: int, post_ids: Collection[int]) -> None:
    """This message holds these posts, and no `Told` row says so."""
    rows = [{"delivery_id": delivery_id, "post_id": post_id} for post_id in sorted(set(post_ids))]
    insert_quietly(session, Enclosed, rows)


def messages_of(session: Session, post_id: int) -> list[int]:
    """The ids of all deliveries that hold this post, in order."""
    told = select(_told.c.delivery_id).where(_told.c.post_id == post_id, _told.c.delivery_id.is_not(None))
    others = select(_enclosed.c.delivery_id).where(_enclosed.c.post_id == post_id)
    return sorted(session.execute(union(told, others)).scalars())


def names_of(session: Session, post: Any) -> set[str]:
    """The ids under which messages may name a post: its own, and those that lead to it."""
    mine = select(_alias.c.public_id).where(_alias.c.post_id == post["post_id"])
    return {post["public_id"], *session.execute(mine).scalars()}


def posts_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The posts of a message, as it holds them."""
    found: list[dict[str, Any]] = body.get("data", {}).get("posts", [])
    return found
