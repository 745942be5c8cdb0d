"""/accounts: Who publishes, on which platform."""

from fastapi import Request
from starlette.responses import Response

from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_archive
from db import directory

router = resource("directory")


@router.get("/accounts", response_model=of_archive.Accounts, dependencies=[only()])
def list_accounts(request: Request, _who: Reader) -> Response:
    """Who publishes, on which platform."""
    with context(request).database.read() as session:
        return listing(directory.accounts(session))
