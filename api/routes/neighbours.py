"""/posts/{id}/similar: near neighbours in meaning, in whatever language they are."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.access import Reader
from api.alike import alike
from api.answers import listing, resource
from api.deps import context, only
from api.moved import own_id
from api.schemas import of_searches
from api.search import SimilarSearch

router = resource("posts")


@router.get("/posts/{id:path}/similar", response_model=of_searches.SimilarPosts, dependencies=[only(SimilarSearch)])
def similar_posts(
    request: Request,
    who: Reader,
    id: str,  # noqa: A002
    search: Annotated[SimilarSearch, Query()],
) -> Response:
    """The posts that mean most nearly the same, in whatever language, among those that the filters select:
    `lang=ar` and `since=2025-07-01` find what was said of it in Arabic since July.

    Compared are the vectors that the model made of the current texts while it tagged them; all of them, so that
    nothing near is missed. 503 for a post that waits for its tags; 404 for one that was erased, or where no model
    with vectors reads. Outside readers get no answer for a text that is withheld from them, and none in the list.
    """
    query, here = search.query(), context(request)
    with here.database.read() as session:
        own = own_id(session, id)
        return listing(alike(session, here, own, query, search.limit, who))
