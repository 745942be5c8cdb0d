"""Messages of alerts hold posts: what is forgotten goes from them too, sent or not, and is not told any more.

What was sent already is out of reach. The list of a message stays as it was fixed: of an erased post it says which
one it was and when it went.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session

from core import times
from db import enclosed
from db.models import Attempt, Delivery, Told
from db.upsert import Row, among, table

UNSENT = "not sent: all that it told of was erased"
ANSWER_GONE = "what was answered was erased with a post of this message"
_told, _delivery, _attempt = table(Told), table(Delivery), table(Attempt)
_KEPT = (
    "id", "platform", "platform_id", "kind", "account", "created_at", "created_at_precision", "synthetic",
    "first_seen_at", "changed_at", "deleted_at", "seen_until", "tagging", "is_kle", "versions", "edits", "repeats",
    "metrics", "rights", "page", "edited",
)  # fmt: skip
_KEPT_OF_TAG = ("topic", "probability", "decision", "model", "by")
_KEPT_OF_SIGHTING = ("source", "first_hand", "seen_at")
_KEPT_OF_REASON = ("alert", "kind", "topic", "name", "probability", "threshold", "decision", "model", "by",
                   "account", "actor", "filter", "link")  # fmt: skip
_REASON = "the post was erased"


def forget(session: Session, tombstone: Row) -> None:
    """Take what the post of this tombstone said out of all messages, and tell nobody of it who was not told yet."""
    mine = _told.c.post_id == tombstone["post_id"]
    session.execute(delete(_told).where(mine, _told.c.delivery_id.is_(None)))  # first: it may become a message
    numbers = enclosed.messages_of(session, tombstone["post_id"])
    if not numbers:
        return
    for row in session.execute(select(_told.c.id, _told.c.why).where(mine)).all():
        why = [{**one, "reasons": []} for one in row.why]
        session.execute(update(_told).where(_told.c.id == row.id).values(why=why))
    names = enclosed.names_of(session, tombstone)
    held = select(_delivery).where(among(session, _delivery.c.id, numbers)).order_by(_delivery.c.id)
    for message in session.execute(held.with_for_update()).mappings().all():
        values = _without(message, names, tombstone)
        session.execute(update(_delivery).where(_delivery.c.id == message["id"]).values(values))
    answered = among(session, _attempt.c.delivery_id, numbers), _attempt.c.answer.is_not(None)
    session.execute(update(_attempt).where(*answered).values(answer=ANSWER_GONE))  # it may repeat what was sent


def _without(message: Any, names: Collection[str], tombstone: Row) -> Row:
    body = message["body"]
    posts = [_buried(post, tombstone) if post["id"] in names else post for post in enclosed.posts_in(body)]
    values: Row = {"body": {**body, "data": {**body["data"], "posts": posts}}}
    if message["answer"] is not None:
        values["answer"] = ANSWER_GONE
    untried = message["ended_at"] is None and not message["attempts"]
    if untried and message["kind"] in enclosed.TELLING and all(is_buried(post) for post in posts):
        values |= {"ended_at": tombstone["at"], "outcome": "dropped", "answer": UNSENT}
    return values


def is_buried(post: Mapping[str, Any]) -> bool:
    """Whether this is what is left of an erased post in a message."""
    return post.get("erasure") is not None and post.get("text") is None


def _buried(post: Mapping[str, Any], tombstone: Row) -> Row:
    """The same form with nothing of what the post said: what is not known to stay goes."""
    left = {name: post[name] if name in _KEPT else _empty(post[name]) for name in post}
    parts = {"tags": _KEPT_OF_TAG, "sightings": _KEPT_OF_SIGHTING, "reasons": _KEPT_OF_REASON}
    for name, kept in parts.items():
        if name in post:
            left[name] = [{n: v if n in kept else _empty(v) for n, v in one.items()} for one in post[name]]
    for reason in left.get("reasons", []):
        reason["text"] = _REASON
    return {**left, "erasure": _erasure(tombstone)}


def _empty(value: Any) -> Any:
    return [] if isinstance(value, list) else None


def _erasure(tombstone: Row) -> Row:
    """As the API's form has it for everybody outside."""
    deleted = tombstone["deleted_at"]
    return {
        "cause": tombstone["cause"],
        "reason": None,
        "at": times.text(tombstone["at"]),
        "erased_at": None,
        "deleted_at": times.text(deleted) if deleted else None,
    }
