"""/drift: shares of topics a week and source, and where the last full week is unlike those before."""

from fastapi import Request
from starlette.responses import Response

from api.access import Reader
from api.answers import listing, resource
from api.conditional import asked_at
from api.deps import context, only
from api.schemas import of_archive
from db import drift

router = resource("collection")


@router.get("/drift", response_model=of_archive.Drifts, dependencies=[only()])
def list_drift(request: Request, _who: Reader) -> Response:
    """What share of a source's posts is tagged with a topic, or unsure on one, by week of publication.

    The last full week is held against up to 26 before it: `alarm` says that it lies outside of what they and chance
    explain. Counted about once a minute while the worker runs.
    """
    with context(request).database.read() as session:
        return listing(drift.drift(session, asked_at(request)))
