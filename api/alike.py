"""Posts that are similar to one, as they leave: with their cosine, by the terms of who asks.

Outside readers get none of a text that is withheld from them, neither for such a post nor in a list: enough cosines
to texts that one knows give a vector away, and a vector its words.
"""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from api import outgoing, pictures
from api.access import HOW, Caller
from api.deps import Context
from core.errors import Forbidden
from db import forms, posts, similar
from db.near import Near
from db.query import PostQuery
from db.slices import chunks

_EXACT = 4  # digits of a cosine: vectors of a byte a dimension tell no more


def alike(
    session: Session, here: Context, own: str, query: PostQuery, limit: int, who: Caller
) -> list[dict[str, Any]]:
    """Up to `limit` posts that `query` selects, the nearest first. Raises Forbidden, NotFound, NotReady."""
    key = posts.key_of(session, own)
    if not who.internal and not _may_leave(session, key, who):
        raise Forbidden(f"its text is withheld from outside readers, and so is what it is similar to. {HOW}")
    found: list[dict[str, Any]] = []
    for part in similar.similar(session, here.meaning, key, query, reads=here.reads is not None):
        for some in chunks(part, limit):
            found += _shown(session, some, who)
            if len(found) >= limit:
                return found[:limit]
    return found


def _may_leave(session: Session, key: int, who: Caller) -> bool:
    asked = forms.posts(session, [key])
    return not outgoing.posts(asked, asked, who.audience)[0]["rights"]["text_withheld"]


def _shown(session: Session, near: Sequence[Near], who: Caller) -> list[dict[str, Any]]:
    made = forms.posts(session, [key for key, _ in near])
    made = pictures.told(session, made, internal=who.internal)
    left = outgoing.posts(made, made, who.audience)
    return [
        {**post, "similarity": round(cosine, _EXACT)}
        for post, (_, cosine) in zip(left, near, strict=True)
        if not post["rights"]["text_withheld"]
    ]
