"""/sources: where the collector looks, and how each does."""

from fastapi import Request
from starlette.responses import Response

from api import outgoing
from api.access import Reader
from api.answers import listing, resource
from api.conditional import asked_at
from api.deps import context, only
from api.schemas import of_archive
from db import sources

router = resource("collection")


@router.get("/sources", response_model=of_archive.Sources, dependencies=[only()])
def list_sources(request: Request, who: Reader) -> Response:
    """Every source with its last run and when it is due next."""
    site = context(request)
    with site.database.read() as session:
        found = outgoing.sources(sources.list_sources(session, asked_at(request)), who.audience)
    return listing(found, storage=outgoing.storage(site.readiness().get("storage"), who.audience))
