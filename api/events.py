"""Server-Sent Events of the changes of a query, each stream at its client's pace.

A stream holds one page of changes at most: it reads the next one when the client has taken this one, from the place
that the last event named. So a slow client costs no memory, and one that comes back goes on where it was.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.following import Changes, Item
from api.watcher import Watcher
from core.errors import KleError
from db.mirror import Place

HEARTBEAT = 15.0  # seconds
PATIENCE = 60.0  # for a client that takes nothing any more
RETRY = 3000  # milliseconds after which a client comes back
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would keep events back
log = logging.getLogger("kle.api")


@dataclass(frozen=True, slots=True)
class Following:
    """What a stream asks for: `read` has the next changes after a place, the same for all whose `question` is the
    same; `still_may` raises KleError once its reader may read no more."""

    watcher: Watcher
    question: Hashable
    read: Callable[[Place], Changes]
    still_may: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events as they are sent, and where to go on."""

    events: bytes
    place: Place
    end: bool


class EventStream(StreamingResponse):
    """Marked by its media type: nothing on its way may gather it, press it or end it."""

    media_type = "text/event-stream"

    def __init__(self, following: Following, place: Place) -> None:
        super().__init__(events(following, place), headers=HEADERS)
        self._watcher = following.watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._watcher.seat():
            if scope.get("state", {}).get("head"):
                await Response(headers=dict(self.headers))(scope, receive, send)
                return
            async with aclosing(self.body_iterator):  # type: ignore[type-var]
                await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        async def patiently(message: Any) -> None:
            async with asyncio.timeout(PATIENCE):
                await send(message)

        try:
            await super().stream_response(patiently)
        except TimeoutError:
            log.info("a stream was ended: its client took nothing for %d seconds", PATIENCE)


async def events(following: Following, place: Place) -> AsyncGenerator[bytes, None]:
    """Begins with the place, so that who is cut off before the first event misses none either."""
    watcher, clock = following.watcher, asyncio.get_running_loop().time
    yield b"retry: %d\n%s" % (RETRY, _beat(place))
    said = clock()
    while not watcher.closed:
        try:
            found = await watcher.shared((following.question, place), partial(_batch, following, place))
        except SQLAlchemyError:
            log.exception("a stream broke off")
            return
        place = found.place
        if found.events:
            yield found.events
            said = clock()
        if found.end:
            await watcher.beyond(place.seq, said + HEARTBEAT - clock())
        if clock() - said >= HEARTBEAT:
            try:
                await following.still_may()
            except KleError:
                return
            yield _beat(place)
            said = clock()


def _batch(following: Following, after: Place) -> Batch:
    found = following.read(after)
    return Batch(b"".join(map(_event, found.items, found.cursors)), found.place, found.end)


def _event(item: Item, cursor: str) -> bytes:
    """JSON holds no line break of its own."""
    head = f"event: post.{item['change']}\nid: {cursor}\ndata: "
    return head.encode() + orjson.dumps(item) + b"\n\n"


def _beat(place: Place) -> bytes:
    """A comment, and the place: of what did not match nothing has to be read again."""
    return f": still here\nid: {place.cursor}\n\n".encode()
