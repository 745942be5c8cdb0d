"""/timeline: counts a bucket of time, in all and by topic."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import schemas
from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.search import TimelineSearch
from db import counts

router = resource("counts")


@router.get("/timeline", response_model=schemas.Timeline, dependencies=[only(TimelineSearch)])
def get_timeline(request: Request, _who: Reader, search: Annotated[TimelineSearch, Query()]) -> Response:
    """One item a bucket, over the whole archive when no range is given."""
    with context(request).database.read() as session:
        return listing(counts.timeline(session, search.query(), search.interval))
