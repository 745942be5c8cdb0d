"""/timeline: counts a bucket of time, in all and by topic."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import outgoing
from api.access import Reader
from api.answers import listing, resource
from api.conditional import asked_at
from api.deps import context, only
from api.schemas import of_searches
from api.search import TimelineSearch
from db import counts, coverage

router = resource("counts")


@router.get("/timeline", response_model=of_searches.Timeline, dependencies=[only(TimelineSearch)])
def get_timeline(request: Request, who: Reader, search: Annotated[TimelineSearch, Query()]) -> Response:
    """One item a bucket, over the whole archive when no range is given; and whether anybody looked. With `as_of` by
    what was known then: the times, tags and looks of then."""
    query = search.query()
    with context(request).database.read() as session:
        found = counts.timeline(session, query, search.interval)
        looked = coverage.coverage(session, query, asked_at(request))
    return listing(found, coverage=outgoing.coverage(looked, who.audience))
