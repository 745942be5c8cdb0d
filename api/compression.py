"""Answers packed with gzip for those who take it.

Never packed: streams (events must leave as they come, captures carry their own length and digest), what is packed
already, what is small, and what says no-transform. Nor the pages of somebody signed in: they hold the form's token
and repeat what the address says, and the length of the two packed together would give the token away bit by bit
(BREACH). Programs with a key get no token, and a web page cannot make a browser send a key.

Who takes neither gzip nor plain bytes hears 406, before any work is done (RFC 9110, 12.5.3); who takes gzip alone
gets also what is small packed, and plain what is never packed: there is no other form of it.
"""

import gzip
import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import COOKIE
from api.holding import holding, is_whole
from api.problems import on_failure
from core.errors import NotAcceptable

_LEAST = 1000  # bytes: below, the headers are most of it
_LARGE = 200_000  # bytes: above, packing would keep others waiting too long
_LEVEL = 4
_QVALUE = re.compile(r"[01](\.[0-9]*)?")
_PACKABLE = re.compile(
    r"text/(?!event-stream)|application/(json|[\w.+-]+\+json|xml|[\w.+-]+\+xml|javascript)\b|image/svg\+xml"
)


class Compress:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "GET" and not _takes_any(Headers(scope=scope)):
            said = "answers here are packed with gzip or not at all, and this Accept-Encoding takes neither"
            await on_failure(Request(scope), NotAcceptable(said))(scope, receive, _varied(send))
            return

        async def pack(start: Message, body: Message) -> Message:
            return await _packed(scope, start, body)

        await self.app(scope, receive, holding(send, pack))


async def _packed(scope: Scope, start: Message, body: Message) -> Message:
    """The start is completed in place; the body as it is, or packed."""
    headers = MutableHeaders(scope=start)
    kind, content = headers.get("content-type", ""), body.get("body", b"")
    headers.add_vary_header("Accept-Encoding")
    if start["status"] == 304:
        _as_held(Headers(scope=scope), headers)
        return body
    if not _PACKABLE.match(kind) or "content-encoding" in headers:
        return body
    if not is_whole(body) or start["status"] == 206 or _kept_plain(scope, headers, kind, len(content)):
        return body
    many = len(content) > _LARGE
    packed = await run_in_threadpool(_gzip, content) if many else _gzip(content)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(packed))
    if etag := headers.get("etag"):
        headers["ETag"] = f"W/{etag.removeprefix('W/')}"  # other bytes, the same in meaning
    if "accept-ranges" in headers:
        del headers["accept-ranges"]
    return {**body, "body": packed}


def _varied(send: Send) -> Send:
    async def varied(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Accept-Encoding")
        await send(message)

    return varied


def _kept_plain(scope: Scope, headers: Headers, kind: str, size: int) -> bool:
    asked = Headers(scope=scope)
    if size < _LEAST and _takes_plain(_weights(asked)):
        return True
    secret = kind.startswith("text/html") and COOKIE in HTTPConnection(scope).cookies
    return secret or "no-transform" in headers.get("cache-control", "") or not takes_gzip(asked)


def takes_gzip(asked: Headers) -> bool:
    """Whether Accept-Encoding takes gzip, and likes plain text no better."""
    weights = _weights(asked)
    gzip_weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip_weight > 0 and gzip_weight >= weights.get("identity", 0.0)


def _takes_any(asked: Headers) -> bool:
    return _takes_plain(_weights(asked)) or takes_gzip(asked)


def _takes_plain(weights: dict[str, float]) -> bool:
    """Everybody does who does not say otherwise."""
    return weights.get("identity", weights.get("*", 1.0)) > 0


def _weights(asked: Headers) -> dict[str, float]:
    """What is said of each coding; what says nothing sensible counts as not said."""
    weights: dict[str, float] = {}
    for part in ",".join(asked.getlist("accept-encoding")).lower().split(","):
        name, *more = (word.strip() for word in part.split(";"))
        weight = _weight(more)
        if weight is not None:
            weights[name] = weight
    return weights


def _weight(parameters: list[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _QVALUE.fullmatch(value.strip()) else None
    return 1.0


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, _LEVEL, mtime=0)


def _as_held(asked: Headers, headers: MutableHeaders) -> None:
    """A 304 names what the reader holds: the packed form of it by its weak name."""
    etag = headers.get("etag", "")
    if f"W/{etag}" in asked.get("if-none-match", ""):
        headers["ETag"] = f"W/{etag}"
