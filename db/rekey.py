"""A post that gets a better id or an exact time moves to the row that these make; its old id redirects there."""

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from core import ids
from core.post import SeenPost
from db import exports, keys, search, vectors
from db.models import (
    Alias,
    Enclosed,
    Erasure,
    Exhibit,
    MediaFile,
    Metrics,
    Post,
    Sighting,
    Tag,
    Told,
    Version,
)
from db.upsert import insert_quietly, table

_post = table(Post)
_CHILDREN = (Version, Sighting, Exhibit, Metrics, Tag, Alias, MediaFile, Erasure, Told, Enclosed)


def rekey(session: Session, old_id: int, seen: SeenPost) -> int:
    """Move post `old_id` to the id and time of `seen`; all that hangs on it follows. Returns the new row key."""
    old = session.execute(select(_post).where(_post.c.id == old_id).with_for_update()).mappings().one()
    exact = seen.created_at if seen.created_at and seen.precision == "second" else None
    moment = exact or old["created_at"]
    key = keys.allocate(session, [int(moment.timestamp() // 1)])[0]
    search.remove(session, [old_id])
    row = {
        **old,
        "id": key,
        "platform": seen.platform,
        "platform_id": seen.platform_id,
        "url": seen.url or old["url"],
    }
    row |= {"created_at": moment, "precision": "second" if exact else old["precision"]}
    session.execute(insert(_post), row)
    for child in _CHILDREN:
        session.execute(update(table(child)).where(table(child).c.post_id == old_id).values(post_id=key))
    vectors.move(session, old_id, key)
    exports.follow(session, old_id, key)
    session.execute(delete(_post).where(_post.c.id == old_id))
    former = ids.public_id(old["platform"], old["platform_id"])
    insert_quietly(session, Alias, [{"public_id": former, "post_id": key}])
    return key
