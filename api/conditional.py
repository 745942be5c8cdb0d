"""Conditional GET: every whole answer has an ETag, and who holds it already gets 304 instead.

The ETag is a digest of the body: right whatever changed (a text, a tag, a name, the terms, a setting, the program),
and the same in every process. It is weak, for two reasons. What is the same but for the moment at which it was
asked counts as the same: coverage ends "now", and who keeps the answer of a minute ago with nothing new in it holds
nothing false. And the packed form of an answer is the same answer.

Most answers that are asked for again are not even made: what was told to the same reader at the same address, while
`Database.state` is what it was, is still so. That is remembered in the process, a moment's worth where the answer
depends on the clock (`asked_at` was asked), else as long as the state stays.

The public's answers may be kept by anybody for some seconds; those of insiders by their own browsers alone, which
ask each time. An answer whose route says otherwise in Cache-Control or ETag keeps what it says.
"""

import hashlib
from collections.abc import Hashable
from datetime import datetime

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller, caller
from api.answered import Answered, names
from api.deps import context
from api.holding import holding, is_whole
from core import times

PUBLIC = "public, max-age=10"
PRIVATE = "private, no-cache"
_OF_THE_BODY = (b"content-length", b"content-type", b"content-encoding")


class Unchanged(Exception):
    """What the reader holds is what would be answered."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def asked_at(request: Request) -> datetime:
    """Now, the same throughout a request: the answer depends on the clock. Every read that needs the time asks
    here."""
    found: datetime = request.scope.setdefault("state", {}).setdefault("asked_at", times.now())
    return found


def holds(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this answer, compared weakly as RFC 9110 has it for GET."""
    return names(request.headers.get("if-none-match", ""), etag)


async def unchanged(request: Request) -> None:
    """A dependency of every read: raises Unchanged where the answer is known without making it.

    The state is asked before the answer is made, so that what is remembered under it is never older than it.
    """
    if request.method != "GET" or "if-none-match" not in request.headers:
        return
    site = context(request)
    question = _question(request, await caller(request))
    state = await run_in_threadpool(site.database.state)
    known = site.answered.find(question, state)
    if known and holds(request, known):
        raise Unchanged(known)
    request.state.question = (question, state)


def _question(request: Request, who: Caller) -> Hashable:
    """All that an answer is made from beside the archive, its settings and the time."""
    scope, asked = request.scope, request.headers
    place = (scope["scheme"], tuple(asked.getlist("host")), scope["path"], scope["query_string"])
    return (who, place, asked.get("accept"), asked.get("authorization"))


def on_unchanged(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Unchanged)
    return Response(status_code=304, headers={"ETag": error.etag})


class AnswerConditionally:
    """Middleware: names what leaves, and leaves out what the reader holds. Streams pass as they come."""

    def __init__(self, app: ASGIApp, answered: Answered) -> None:
        self.app = app
        self.answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})

        async def finish(start: Message, body: Message) -> Message:
            return self._finish(scope, start, body)

        await self.app(scope, receive, holding(send, finish))

    def _finish(self, scope: Scope, start: Message, body: Message) -> Message:
        """The start is completed in place; the body as it is, or empty."""
        headers, state = MutableHeaders(scope=start), scope["state"]
        if start["status"] in (200, 304):
            headers.setdefault("Cache-Control", _for(state.get("who")))
        if start["status"] == 304:
            _without_body(start)
        if start["status"] != 200 or not is_whole(body) or "etag" in headers or _transient(headers):
            return body
        headers["ETag"] = etag = _etag(body.get("body", b""), state.get("asked_at"))
        if "question" in state:
            question, of_state = state["question"]
            self.answered.note(question, of_state, etag, clocked="asked_at" in state)
        if not names(Headers(scope=scope).get("if-none-match", ""), etag):
            return body
        start["status"] = 304
        _without_body(start)
        return {**body, "body": b""}


def _transient(headers: Headers) -> bool:
    return "no-store" in headers["cache-control"]


def _without_body(start: Message) -> None:
    """The other headers stay: a cache gives what it holds those of the 304, the policy for browsers among them."""
    start["headers"] = [(name, value) for name, value in start["headers"] if name not in _OF_THE_BODY]


def _for(who: Caller | None) -> str:
    """Nobody asked who it is: not for shared caches either."""
    return PUBLIC if who is not None and not who.internal else PRIVATE


def _etag(body: bytes, now: datetime | None) -> str:
    if now is not None:
        body = body.replace(times.text(now).encode(), b"")
    return f'W/"{hashlib.blake2b(body, digest_size=15).hexdigest()}"'
