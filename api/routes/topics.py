"""/topics: What posts are tagged with."""

from fastapi import Request
from starlette.responses import Response

from api import schemas
from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from db import directory

router = resource("directory")


@router.get("/topics", response_model=schemas.Topics, dependencies=[only()])
def list_topics(request: Request, _who: Reader) -> Response:
    """What posts are tagged with."""
    with context(request).database.read() as session:
        return listing(directory.topics(session))
