"""/stream: the changes of a query as they are committed, as Server-Sent Events."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Header, Query, Request
from starlette.responses import Response

from api import following
from api.access import Caller, Reader, still_may_read
from api.answers import resource
from api.deps import context, only
from api.events import EventStream, Following
from api.following import Changes
from api.search import StreamSearch
from db import mirror
from db.mirror import Place

router = resource("following")
_PAGE = 50  # changes that a stream reads, and holds, at once
Last = Annotated[str | None, Header(max_length=500, description="As EventSource sends it when it comes back.")]
ANSWERS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


@router.get("/stream", response_class=Response, responses=ANSWERS, dependencies=[only(StreamSearch)])
def stream_changes(
    request: Request, who: Reader, search: Annotated[StreamSearch, Query()], last_event_id: Last = None
) -> Response:
    """What /changes tells, as it happens: events `post.new`, `post.edited` and so on, with the change as JSON.

    An event's id is a cursor of /changes. A client that comes back with it as Last-Event-ID, as EventSource does,
    or as `cursor`, goes on where it was, however long that is ago; without one it begins with what comes from now
    on. A comment comes every 15 seconds where nothing happens. 503 with Retry-After where too many are open.
    """
    return stream(request, who, search, last_event_id, partial(still_may_read, request))


def stream(
    request: Request, who: Caller, search: StreamSearch, last: str | None, still_may: Callable[[], Awaitable[None]]
) -> Response:
    """`still_may` raises KleError once this reader may read no more."""
    site, query, kinds = context(request), search.query(), search.kinds()

    def read(after: Place) -> Changes:
        with site.database.read() as session:
            return following.changes(session, query, after, _PAGE, kinds, who)

    with site.database.read() as session:
        place = mirror.place(session, last or search.cursor or mirror.NOW)
        mirror.check(session, query)
    question = (who.audience, search.model_dump_json(exclude={"cursor"}))
    return EventStream(Following(site.watcher, question, read, still_may), place)
