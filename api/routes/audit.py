"""/audit: what was done with this archive, by whom and when."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.access import Admin
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_archive
from api.search import Paging
from core import cursor
from db import audit

router = resource("collection")


@router.get("/audit", response_model=of_archive.AuditLines, dependencies=[only(Paging)])
def list_audit(request: Request, _who: Admin, search: Annotated[Paging, Query()]) -> Response:
    """The lines of the audit chain, newest first; for a key or session with the scope admin.

    Told are changed settings, keys issued, used (once a day) and revoked, releases, backups, merges and erasures;
    never a secret. Each line's digest covers the line before, so that none can be taken out unseen.
    """
    before = cursor.decode(search.cursor, "audit")[0] if search.cursor else None
    with context(request).database.read() as session:
        found = audit.listed(session, search.limit + 1, before)
    items = found[: search.limit]
    more = len(found) > search.limit
    return listing(items, cursor.encode("audit", items[-1]["line"]) if more else None)
