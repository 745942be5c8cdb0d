"""/topics: What posts are tagged with."""

from fastapi import Request
from starlette.responses import Response

from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_archive
from db import directory

router = resource("directory")


@router.get("/topics", response_model=of_archive.Topics, dependencies=[only()])
def list_topics(request: Request, _who: Reader) -> Response:
    """What posts are tagged with."""
    with context(request).database.read() as session:
        return listing(directory.topics(session))
