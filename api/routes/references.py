"""/references: Documents and events that posts are held against."""

from fastapi import Request
from starlette.responses import Response

from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_archive
from db import directory

router = resource("directory")


@router.get("/references", response_model=of_archive.References, dependencies=[only()])
def list_references(request: Request, _who: Reader) -> Response:
    """Documents and events that posts are held against."""
    with context(request).database.read() as session:
        return listing(directory.references(session))
