"""Until when a read may take: whoever waits is told so, and no worker hangs.

The limit is the context's: `within(10)` around a request holds for all units of work inside it, in whatever thread
they run, and needs no argument handed down. Commands, exports and the worker set none. It is kept three ways:
before each statement (so a loop of quick ones ends too); on SQLite by a watchdog that interrupts the connection
from outside, which reaches into one long step of the full-text index, where a progress handler would cost every
search the interpreter's lock; on PostgreSQL by its own statement timeout.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from core.errors import TooSlow
from db.upsert import is_sqlite

OPTION = "kle_limit"  # of the connection that reads within a limit
_STEP = 0.05  # seconds between two looks of the watchdog
_CANCELED = "57014"  # PostgreSQL's state of a statement that was stopped
_NO_TIMEOUT = "SET LOCAL statement_timeout = 0"
_RETRY = 5.0  # seconds after which it may be worth another try


@dataclass(slots=True)
class Limit:
    """`at` on the monotonic clock; `promised` is what PostgreSQL was last told, in seconds."""

    seconds: float
    at: float
    promised: float = 0.0

    @property
    def left(self) -> float:
        return self.at - time.monotonic()

    def error(self) -> TooSlow:
        return TooSlow(f"this took longer than {self.seconds:g} seconds and was stopped", retry_after=_RETRY)


_limit: ContextVar[Limit | None] = ContextVar("kle_limit", default=None)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Reads that begin in here end within so many seconds from now; None: they may take as long as they need."""
    token = _limit.set(Limit(seconds, time.monotonic() + seconds) if seconds else None)
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def kept(session: Session) -> Iterator[None]:
    """Hold the session to the context's limit. Raises TooSlow."""
    limit = _limit.get()
    if limit is None:
        yield
        return
    if limit.left <= 0:
        raise limit.error()
    session.connection(execution_options={OPTION: limit})
    with _stopped(session, limit):
        yield


@contextmanager
def briefly(session: Session, seconds: float) -> Iterator[None]:
    """What is read in here takes so many seconds at most, and never longer than the context's limit; the session
    stays as it was. Raises TooSlow."""
    outer = _limit.get()
    at = time.monotonic() + seconds
    limit = Limit(seconds, min(at, outer.at) if outer else at)
    with _stopped(session, limit):
        if is_sqlite(session):
            yield
            return
        with session.begin_nested():  # a statement that was stopped takes only this back
            session.execute(text(_timeout(limit.left)))
            yield
            session.execute(text(_timeout(outer.promised) if outer else _NO_TIMEOUT))


@contextmanager
def _stopped(session: Session, limit: Limit) -> Iterator[None]:
    """What the database was told to stop, or the watchdog stops, is told as TooSlow."""
    watched: AbstractContextManager[None] = nullcontext()
    if is_sqlite(session):
        watched = _WATCHDOG.watching(session.connection().connection.driver_connection, limit.at)
    try:
        with watched:
            yield
    except (DBAPIError, sqlite3.OperationalError) as error:
        if not _was_stopped(getattr(error, "orig", error)):
            raise
        raise limit.error() from error


def _timeout(seconds: float) -> str:
    """0 would be none."""
    return f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}"


@contextmanager
def holding(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock that another may hold for long. Raises TooSlow."""
    limit = _limit.get()
    if not lock.acquire(timeout=max(0.0, limit.left) if limit else -1):
        raise limit.error() if limit else AssertionError
    try:
        yield
    finally:
        lock.release()


def before_statement(connection: Any, cursor: Any, *_: Any) -> None:
    """An event of the engine. Raises TooSlow between two statements."""
    limit: Limit | None = connection.get_execution_options().get(OPTION)
    if limit is None:
        return
    left = limit.left
    if left <= 0:
        raise limit.error()
    if connection.dialect.name != "sqlite" and not limit.promised / 2 < left <= limit.promised:
        # anew only where half of it is used up: a round trip less for most statements
        limit.promised = left
        cursor.connection.execute(_timeout(left))


def _was_stopped(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return "interrupted" in str(error)
    return getattr(error, "sqlstate", None) == _CANCELED


class _Watchdog:
    """One thread that interrupts SQLite connections whose time is over.

    Again and again while they are watched: an interrupt that falls between two statements is lost. It holds the
    lock while it interrupts, so that a connection which is no longer watched, and may serve the next reader, is
    left alone. The thread starts with the first limit.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, tuple[float, sqlite3.Connection]] = {}
        self._thread: threading.Thread | None = None
        self._asleep = False

    @contextmanager
    def watching(self, connection: Any, at: float) -> Iterator[None]:
        with self._changed:
            outer = self._watched.get(id(connection))
            self._watched[id(connection)] = (at, connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="kle-deadline", daemon=True)
                self._thread.start()
            elif self._asleep:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                if outer:
                    self._watched[id(connection)] = outer
                else:
                    del self._watched[id(connection)]

    def _look(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for at, connection in self._watched.values():
                    if at <= now:
                        with suppress(sqlite3.Error):
                            connection.interrupt()
                self._asleep = not self._watched
                self._changed.wait(_STEP if self._watched else None)


_WATCHDOG = _Watchdog()
