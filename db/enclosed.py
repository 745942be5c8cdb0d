"""Which messages hold a post: by what subscribers were told, and by what was enclosed without telling it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, union
from sqlmodel import Session

from core import ids
from db.models import Alias, Enclosed, Post, Told
from db.upsert import among, insert_quietly, table

TELLING = ("posts", "late")  # kinds of messages whose posts are told: those have rows of `Told`
_told, _enclosed, _post, _alias = table(Told), table(Enclosed), table(Post), table(Alias)


def hold(session: Session, post_ids: Collection[int]) -> set[int]:
    """Those of these posts that stand and were not erased, until the end of this transaction.

    Who puts posts into a message asks this first: then an erasure comes before, or finds the message.
    """
    mine = among(session, _post.c.id, sorted(set(post_ids))), _post.c.erasure_id.is_(None)
    statement = select(_post.c.id).where(*mine).order_by(_post.c.id)
    return set(session.execute(statement.with_for_update(read=True, key_share=True)).scalars())


def hold_named(session: Session, bodies: Sequence[dict[str, Any]]) -> dict[str, int]:
    """As `hold`, of the posts of these messages: the ids that they are called by, each with its row key."""
    named = sorted({post["id"] for body in bodies for post in posts_in(body)})
    if not named:
        return {}
    columns = _post.c.id, _post.c.platform, _post.c.platform_id
    numbers = {name.partition(":")[2] for name in named}
    rows = session.execute(select(*columns).where(among(session, _post.c.platform_id, sorted(numbers))))
    found = {ids.public_id(row.platform, row.platform_id): row.id for row in rows}
    keys = {name: found[name] for name in named if name in found}
    standing = hold(session, keys.values())
    return {name: key for name, key in keys.items() if key in standing}


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


def only(body: dict[str, Any], held: Collection[str]) -> dict[str, Any]:
    """A message without the posts that are not `held`."""
    posts = [post for post in posts_in(body) if post["id"] in held]
    return body if len(posts) == len(posts_in(body)) else {**body, "data": {**body["data"], "posts": posts}}


def posts_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The posts of a message, as it holds them."""
    found: list[dict[str, Any]] = body.get("data", {}).get("posts", [])
    return found
