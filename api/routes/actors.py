"""/actors: Organisations and offices, with their accounts."""

from fastapi import Request
from starlette.responses import Response

from api import schemas
from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from db import directory

router = resource("directory")


@router.get("/actors", response_model=schemas.Actors, dependencies=[only()])
def list_actors(request: Request, _who: Reader) -> Response:
    """Organisations and offices, with their accounts."""
    with context(request).database.read() as session:
        return listing(directory.actors(session))
