"""One look at the head of the ledger for all open streams of this process, and how many there may be.

Whoever commits, in this process or another one, moves the head: a look asks for the last number of one table, some
times a second, and only while somebody listens. Streams wait here and then read what is new for themselves.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar, cast

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError

from api.metrics import Metrics
from core.errors import NotReady
from db import ledger
from db.database import Database

LOOK_EVERY = 0.2  # seconds
_READERS = 4  # streams that read at once: requests have the other threads and connections
_ANSWERS = 64  # that are kept for streams which ask the same
_RETRY_AFTER = 30.0
log = logging.getLogger("kle.api")
T = TypeVar("T")


class TooManyStreams(NotReady):
    title: ClassVar[str] = "Too many streams"


class Watcher:
    """Of one event loop, that of the server."""

    def __init__(self, database: Database, metrics: Metrics, most: int) -> None:
        self._database, self._metrics, self._most = database, metrics, most
        self.open, self._head = 0, 0
        self._moved = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._answers: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()
        self._readers = CapacityLimiter(_READERS)
        self.closed = False

    @contextmanager
    def seat(self) -> Iterator[None]:
        """A place for one stream, as long as it is open. Raises TooManyStreams."""
        if self.open >= self._most or self.closed:
            raise TooManyStreams(
                f"{self.open} streams are open, and KLE_MAX_STREAMS allows no more: try again later, or ask"
                " /changes now and then",
                retry_after=_RETRY_AFTER,
            )
        self._count(+1)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._count(-1)
            if self.open == 0 and self._looking:
                self._looking.cancel()
                self._answers.clear()
                self._looking = None

    def _count(self, step: int) -> None:
        self.open += step
        self._metrics.streams.set(self.open)

    def close(self) -> None:
        """The server stops: every stream ends now, and its client comes back later. Called in its loop."""
        self.closed = True
        self._moved.set()

    async def read(self, work: Callable[[], T]) -> T:
        """In a thread, as all of the database is."""
        return await to_thread.run_sync(work, limiter=self._readers)

    async def shared(self, question: Hashable, work: Callable[[], T]) -> T:
        """As `read`, once for all streams that ask the same of the same state."""
        key = (question, self._head)
        if key not in self._answers:
            self._answers[key] = asyncio.ensure_future(self.read(work))
            while len(self._answers) > _ANSWERS:
                self._answers.popitem(last=False)
        answer = self._answers[key]
        try:
            return cast(T, await asyncio.shield(answer))  # whose stream ends leaves it to the others
        except SQLAlchemyError:
            self._answers.pop(key, None)
            raise

    async def beyond(self, seq: int, seconds: float) -> None:
        """Until the ledger has a line after this one, the server stops, or so much time has passed."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                while self._head <= seq and not self.closed:
                    await self._moved.wait()
        except TimeoutError:
            pass

    async def _look(self) -> None:
        while True:
            try:
                head = await to_thread.run_sync(self._last)
            except SQLAlchemyError:
                log.exception("the ledger does not answer; streams wait")
            else:
                if head != self._head:
                    self._head = head
                    self._moved.set()
                    self._moved = asyncio.Event()
            await asyncio.sleep(LOOK_EVERY)

    def _last(self) -> int:
        with self._database.read() as session:
            return ledger.head(session)[0]
