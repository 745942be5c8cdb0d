"""/coverage: who looked when, so that "no posts" is told apart from "nobody looked"."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import outgoing
from api.access import Reader
from api.answers import Json, resource
from api.conditional import asked_at
from api.deps import context, only
from api.schemas import of_searches
from api.search import Filters
from db import coverage

router = resource("collection")


@router.get("/coverage", response_model=of_searches.Coverage, dependencies=[only(Filters)])
def get_coverage(request: Request, who: Reader, search: Annotated[Filters, Query()]) -> Response:
    """Runs, failures and gaps of each source in the range of the search; with `as_of` those that had ended then."""
    with context(request).database.read() as session:
        looked = coverage.coverage(session, search.query(), asked_at(request))
    return Json(outgoing.coverage(looked, who.audience))
