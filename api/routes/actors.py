"""/actors: Organisations and offices, with their accounts."""

from fastapi import Request
from starlette.responses import Response

from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_archive
from db import directory

router = resource("directory")


@router.get("/actors", response_model=of_archive.Actors, dependencies=[only()])
def list_actors(request: Request, _who: Reader) -> Response:
    """Organisations and offices, with their accounts."""
    with context(request).database.read() as session:
        return listing(directory.actors(session))
