"""/facets: what a search divides into."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.access import Reader
from api.answers import Json, resource
from api.deps import context, only
from api.schemas import of_searches
from api.search import FacetSearch
from db import counts

router = resource("counts")


@router.get("/facets", response_model=of_searches.Facets, dependencies=[only(FacetSearch)])
def get_facets(request: Request, _who: Reader, search: Annotated[FacetSearch, Query()]) -> Response:
    """Counts by topic, account, actor, platform, language and kind, largest first; with `as_of` of what was known
    then."""
    with context(request).database.read() as session:
        return Json(counts.facets(session, search.query(), search.limit))
