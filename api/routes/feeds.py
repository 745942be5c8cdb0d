"""/feeds/posts.atom, .rss, .json: the newest posts of a search, for feed readers; /feeds/alerts: of an alert's."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api import outgoing, pictures
from api.access import Caller, insider, subscriber
from api.addresses import site
from api.deps import context, only
from api.feeds import atom, entries, jsonfeed, rss
from api.search import MAX_KEY, AlertFeed, FeedSearch
from core.errors import NotFound
from db import alerts, posts
from db.entries import topic_names

router = APIRouter(include_in_schema=False)
_FORMATS = {"atom": atom, "rss": rss, "json": jsonfeed}
Subscriber = Annotated[Caller, Depends(subscriber)]


async def inside(who: Subscriber) -> Caller:
    """A feed reader of somebody we know."""
    return await insider(who)


@router.get("/feeds/posts.{ending}", dependencies=[only(FeedSearch)])
def feed_of_posts(
    request: Request, who: Subscriber, ending: str, search: Annotated[FeedSearch, Query()]
) -> Response:
    """What /posts finds first, as a feed. Of Atom's readers alone those who had a post learn that it is gone."""
    return _feed(request, who, ending, search, search.address(request.url.path))


@router.get("/feeds/alerts/{id:int}.{ending}", dependencies=[only(AlertFeed)])
def feed_of_alert(
    request: Request,
    who: Annotated[Caller, Depends(inside)],
    id: Annotated[int, Path(ge=1, le=MAX_KEY)],  # noqa: A002
    ending: str,
    asked: Annotated[AlertFeed, Query()],
) -> Response:
    """The newest posts that an alert matches, also those from before it was made. Not for outside readers."""
    with context(request).database.read() as session:
        alert = alerts.get(session, id)
    search = FeedSearch(q=alert.query, limit=asked.limit)
    return _feed(request, who, ending, search, asked.address(request.url.path), alert.name)


def _feed(request: Request, who: Caller, ending: str, search: FeedSearch, path: str, named: str = "") -> Response:
    """`path` is the feed's own address here."""
    if ending not in _FORMATS:
        own = request.url.path.rpartition("/")[2].rpartition(".")[0]
        raise NotFound(f"there is no feed {own}.{ending}; there are {', '.join(f'{own}.{e}' for e in _FORMATS)}")
    written, site_address, query = _FORMATS[ending], site(request), search.query()
    query = replace(query, tombstones=written is atom)
    with context(request).database.read() as session:
        page = posts.page(session, query, limit=search.limit)
        names = topic_names(session)
        found = pictures.told(session, page.items, internal=who.internal)
    leaving = outgoing.posts(found, page.today, who.audience)
    made = entries.feed(leaving, names, search.chosen(), site_address, path, named)
    name = f"{who.audience} {made.address}"
    freshness = context(request).freshness
    return freshness.answer(name, written.write(made), f"{written.MEDIA_TYPE}; charset=utf-8", request.headers)
