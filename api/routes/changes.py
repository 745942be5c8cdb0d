"""/changes: what became of posts, in the order in which it was committed, for programs that mirror the archive."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api import following
from api.access import Reader
from api.answers import listing, resource
from api.deps import context, only
from api.schemas import of_searches
from api.search import ChangeSearch
from db import mirror
from db.query import time_of

router = resource("following")


@router.get("/changes", response_model=of_searches.Changes, dependencies=[only(ChangeSearch)])
def list_changes(request: Request, who: Reader, search: Annotated[ChangeSearch, Query()]) -> Response:
    """What became new, edited, fuller, deleted, restored, retagged, corrected, erased or merged, oldest first.

    Each change has the post as it is now, where it matches now, else null: keep what has a post under its `id`,
    drop what has none, and drop what you keep under `other_ids`; so a mirror ends as /posts is. A change with null
    tells that a post no longer matches, or that its text was erased; the latter is told whatever was searched. Ask
    again with `next_cursor`, which is always there; `caught_up` says whether that was all. A search that matches
    little may answer no items and a cursor further on. Counts, sightings, accounts' names and probabilities change
    without a change here. docs/live.md has a mirror in a few lines.
    """
    query, kinds, since = search.query(), search.kinds(), time_of("changed_since", search.changed_since)
    with context(request).database.read() as session:
        place = mirror.place(session, search.cursor, since)
        found = following.changes(session, query, place, search.limit, kinds, who)
    return listing(found.items, found.place.cursor, caught_up=found.end)
