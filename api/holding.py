"""The start of an answer held back until its body is there, so that who must know the body can complete it."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.types import Message, Send

EVENTS = "text/event-stream"
Finish = Callable[[Message, Message], Awaitable[Message]]


def holding(send: Send, finish: Finish) -> Send:
    """A `send` in whose place `finish(start, body)` completes the start, in place, and says what body leaves.

    `body` is the whole one, or the first piece of a stream; of events nothing is held, their reader waits for the
    start.
    """
    held: Message | None = None

    async def sending(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and not _is_events(message):
            held = message
            return
        if held is not None:
            start, held = held, None
            message = await finish(start, message)
            await send(start)
        await send(message)

    return sending


def is_whole(body: Message) -> bool:
    return bool(body["type"] == "http.response.body" and not body.get("more_body"))


def _is_events(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(EVENTS)
