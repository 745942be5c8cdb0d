"""Limits of one request and of all at once: a slow search is stopped, an overload is told at once.

So many reads work at a time, some more wait a moment, the rest hear 503 with Retry-After. The numbers fit each
other. Searches keep a processor busy: with many more at once than processors, all would run out of time and none
would be answered. And `AT_ONCE` reads leave threads (40, starlette's own) and connections (50, `db.database`) for
writes, for the worker in the same process, and for those who look after the server, who wait in no queue. A read
gives its place back when its answer begins: a slow line holds no place.
"""

import asyncio
import os
import re
from collections.abc import Callable

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import on_failure
from core.errors import Busy
from db import deadline

AT_ONCE = min(24, max(8, 4 * (os.cpu_count() or 1)))
WAITING = 128
WAIT_SECONDS = 2.0
_UNLIMITED = re.compile(
    r"/api/v1/(alerts/\d+/)?stream$"  # stays open, and reads a little now and then
    "|/(healthz|readyz|metrics)$"  # an overload must not hide itself
    "|/static/"
)


class LimitRequests:
    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds
        self.places = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or _UNLIMITED.match(path):
            await self.app(scope, receive, send)
        elif scope["method"] != "GET":
            await self._timed(scope, receive, send)
        elif await self._place():
            await self._placed(scope, receive, send)
        else:
            said = f"{AT_ONCE} requests are being answered and others wait already: try again in a few seconds"
            answer = on_failure(Request(scope), Busy(said, retry_after=WAIT_SECONDS))
            await answer(scope, receive, send)

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        with deadline.within(self.seconds):
            await self.app(scope, receive, send)

    async def _place(self) -> bool:
        if not self.places.locked():
            await self.places.acquire()
            return True
        if self.waiting >= WAITING:
            return False
        self.waiting += 1
        try:
            await asyncio.wait_for(self.places.acquire(), WAIT_SECONDS)
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
        return True

    async def _placed(self, scope: Scope, receive: Receive, send: Send) -> None:
        free = _once(self.places.release)

        async def freeing(message: Message) -> None:
            free()
            await send(message)

        try:
            await self._timed(scope, receive, freeing)
        finally:
            free()


def _once(act: Callable[[], None]) -> Callable[[], None]:
    done = False

    def first() -> None:
        nonlocal done
        if not done:
            done = True
            act()

    return first
