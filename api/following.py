"""The changes of a query as they leave: for the change feed and the stream alike."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api import outgoing, pictures
from api.access import Caller
from db import mirror
from db.mirror import Place
from db.query import PostQuery

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """`items` with the cursor behind each; `place` is where to go on, at the `end` of all or not."""

    items: list[Item]
    cursors: list[str]
    place: Place
    end: bool


def changes(
    session: Session, query: PostQuery, after: Place, limit: int, kinds: frozenset[str], who: Caller
) -> Changes:
    """The next changes with their posts, as this reader may have them."""
    page = mirror.page(session, query, after, limit, kinds)
    shown = {post["id"]: post for post in page.posts if post}
    told = pictures.told(session, list(shown.values()), internal=who.internal)
    leaving = {post["id"]: post for post in outgoing.posts(told, list(shown.values()), who.audience)}
    items = [
        {**item, "post": leaving[post["id"]] if post else None}
        for item, post in zip(page.items, page.posts, strict=True)
    ]
    return Changes(items, [place.cursor for place in page.places], page.place, page.end)
