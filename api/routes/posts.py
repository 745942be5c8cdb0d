"""/posts: search, one post, its versions. Ids hold colons and slashes, so the longer path is declared first."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import outgoing, pictures, snippets
from api.access import Reader
from api.answers import Json, listing, resource
from api.conditional import asked_at
from api.deps import context, only
from api.moved import own_id
from api.schemas import of_posts, of_searches
from api.search import OnePost, PostSearch
from db import coverage, posts

router = resource("posts")


@router.get("/posts", response_model=of_searches.Posts, dependencies=[only(PostSearch)])
def search_posts(request: Request, who: Reader, search: Annotated[PostSearch, Query()]) -> Response:
    """Posts that match, with how many there are and whether anybody looked; where words were searched, each with
    the part of its text that shows them.

    With `as_of` what the archive knew then: posts that were known, in their versions of then, found by their words,
    tags and counts of then. Terms are today's, as are ids and accounts' names. Before the first post the list is
    empty; a moment that is still to come answers as now.

    `sort=relevance` orders the same posts by how well they say the words of `q` and how near they mean them. Of the
    newest 20,000 matches the 150 nearest in meaning and the 50 newest are scored; the others follow, newest first.
    """
    query, here = search.query(), context(request)
    with here.database.read() as session:
        page = posts.page(
            session, query, search.sort, search.limit, search.cursor, meaning=here.meaning, reads=here.reads
        )
        looked = coverage.coverage(session, query, asked_at(request))
        found = pictures.told(session, page.items, internal=who.internal)
    items = snippets.told(outgoing.posts(found, page.today, who.audience), query)
    return listing(items, page.next_cursor, total=page.total, coverage=outgoing.coverage(looked, who.audience))


@router.get("/posts/{id:path}/versions", response_model=of_posts.Versions, dependencies=[only(OnePost)])
def list_versions(
    request: Request,
    who: Reader,
    id: str,  # noqa: A002
    asked: Annotated[OnePost, Query()],
) -> Response:
    """Every state of the post that was seen, oldest first, with the difference to the one before, its digest, and
    the capture that shows it.

    With `as_of` those that the archive knew then, with their tags of then; 404 where it did not know the post.
    """
    moment = asked.moment()
    with context(request).database.read() as session:
        own = own_id(session, id)
        _, today = posts.pair(session, own, moment)
        found = posts.versions(session, own, moment)
        found = pictures.told(session, found, internal=who.internal, of=own)
    return listing(outgoing.versions(today, found, who.audience))


@router.get("/posts/{id:path}/metrics", response_model=of_searches.Counts, dependencies=[only()])
def list_metrics(request: Request, _who: Reader, id: str) -> Response:  # noqa: A002
    """Likes, reposts, replies, quotes and views each time that one of them was another, oldest first."""
    with context(request).database.read() as session:
        return listing(posts.metrics(session, own_id(session, id)))


@router.get("/posts/{id:path}", response_model=of_posts.Post, dependencies=[only(OnePost)])
def get_post(request: Request, who: Reader, id: str, asked: Annotated[OnePost, Query()]) -> Response:  # noqa: A002
    """One post. A second id of it answers 308 with the post's own.

    With `as_of` as the archive knew it then: its version and its tags of then, with the model that gave them; 404
    where it was not known yet. Its terms are today's: what may not leave now does not leave as it was either.
    """
    moment = asked.moment()
    with context(request).database.read() as session:
        own = own_id(session, id)
        found, today = posts.pair(session, own, moment)
        (found,) = pictures.told(session, [found], internal=who.internal)
    return Json(outgoing.posts([found], [today], who.audience)[0])
