"""/feeds/posts.atom, .rss and .json: the newest posts of any search, for feed readers."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api import outgoing, pictures
from api.access import Caller, subscriber
from api.addresses import site
from api.deps import context, only
from api.feeds import atom, entries, jsonfeed, rss
from api.search import FeedSearch
from core.errors import NotFound
from db import directory, posts

router = APIRouter(include_in_schema=False)
_FORMATS = {"atom": atom, "rss": rss, "json": jsonfeed}
Subscriber = Annotated[Caller, Depends(subscriber)]


@router.get("/feeds/posts.{ending}", dependencies=[only(FeedSearch)])
def feed_of_posts(
    request: Request, who: Subscriber, ending: str, search: Annotated[FeedSearch, Query()]
) -> Response:
    """What /posts finds first, as a feed. Of Atom's readers alone those who had a post learn that it is gone."""
    if ending not in _FORMATS:
        raise NotFound(f"there is no feed posts.{ending}; there are {', '.join(f'posts.{e}' for e in _FORMATS)}")
    written, site_address, query = _FORMATS[ending], site(request), search.query()
    query = replace(query, tombstones=written is atom)
    with context(request).database.read() as session:
        page = posts.page(session, query, limit=search.limit)
        names = {topic["slug"]: topic["name"] for topic in directory.topics(session)}
        found = pictures.told(session, page.items, internal=who.internal)
    leaving = outgoing.posts(found, page.today, who.audience)
    made = entries.feed(leaving, names, search.chosen(), site_address, search.address(request.url.path))
    name = f"{who.audience} {made.address}"
    freshness = context(request).freshness
    return freshness.answer(name, written.write(made), f"{written.MEDIA_TYPE}; charset=utf-8", request.headers)
