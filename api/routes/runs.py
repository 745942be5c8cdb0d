"""/runs: each look at a source and how it ended."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import outgoing
from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_archive
from api.search import RunSearch
from db import sources

router = resource("collection")


@router.get("/runs", response_model=of_archive.Runs, dependencies=[only(RunSearch)])
def list_runs(request: Request, who: Reader, search: Annotated[RunSearch, Query()]) -> Response:
    """Newest first."""
    with context(request).database.read() as session:
        found, next_cursor = sources.list_runs(session, search.source, search.limit, search.cursor)
    return listing(outgoing.runs(found, who.audience), next_cursor)
