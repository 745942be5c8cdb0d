"""Conditional GET of feeds: by the digest of the body, and by when this process first saw that body.

Nothing in the archive dates a body: tags, topics' names and terms change it without a new version, and a commit may
come long after the time in its rows. So the body itself is remembered, by its digest, as long as it is asked for.
"""

import math
from collections import OrderedDict
from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256
from threading import Lock
from time import time

from starlette.datastructures import Headers
from starlette.responses import Response

from api.answered import names

_MOST = 2000  # feeds of which one process remembers since when they are as they are


class Freshness:
    """Of one process; any thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._lock = Lock()

    def answer(self, name: str, body: bytes, media_type: str, asked: Headers) -> Response:
        """The whole feed `name`, or 304 for who has it. Weak, as it may be compressed on its way."""
        etag = f'W/"{sha256(body).hexdigest()[:32]}"'
        now = time()
        since = self._since(name, etag, now)
        headers = {"ETag": etag}
        if since <= now:  # within its first second a date could not tell it from the body before
            headers["Last-Modified"] = formatdate(since, usegmt=True)
        if _has(asked, etag, since):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=media_type)

    def _since(self, name: str, etag: str, now: float) -> int:
        """The first whole second at which this was the body."""
        with self._lock:
            before = self._known.pop(name, None)
            since = before[1] if before and before[0] == etag else math.ceil(now)
            if before and before[0] != etag:
                since = max(since, before[1] + 1)
            self._known[name] = (etag, since)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return since


def _has(asked: Headers, etag: str, since: int) -> bool:
    """If-None-Match counts alone where it is there (RFC 9110)."""
    if told := asked.get("if-none-match"):
        return names(told, etag)
    try:
        return parsedate_to_datetime(asked.get("if-modified-since", "")).timestamp() >= since
    except (ValueError, OverflowError):
        return False
