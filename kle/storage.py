"""Is there room for more? Asked before anything is collected, imported or tagged.

What has no room stops, says so once, and goes on by itself. `KLE_MIN_FREE` stops it before the disk is full, so
that what people do (corrections, forgetting), `kle verify` and backups still work.
"""

import time
from threading import Lock

import structlog

from core import times
from core.errors import NoRoom
from core.settings import Settings
from db import room
from db.database import Database

EVERY = 5.0  # seconds between two looks whether there is room again
_MB = 1_000_000
log = structlog.get_logger("kle.storage")


class Storage:
    """`said` is what stands in the way, None where nothing does."""

    def __init__(self, settings: Settings, database: Database, worker: str = "") -> None:
        self._database, self._least, self._worker = database, settings.min_free, worker
        self._lock = Lock()
        self._looked = float("-inf")
        self._since = times.now()
        self._asked = False
        self.said: str | None = None

    def has_room(self, running: list[int] | None = None) -> bool:
        """For those who would begin something now; `running` are sources whose rounds were begun before."""
        with self._lock:
            if self.said and time.monotonic() - self._looked < EVERY:
                return False
            self._looked = time.monotonic()
            said = self._lacking()
            if said and not self.said:
                self._stop(said)
            elif not said and (before := self.said or self._left_by_another()):
                said = self._go_on(before, running or [])
            self.said = said
            return said is None

    def check(self) -> None:
        """Raises NoRoom."""
        if said := self._lacking():
            raise NoRoom(said)

    def look(self) -> str | None:
        """What stands in the way, for a process that only shows it: its own look, or what another noted."""
        if said := self.said or self._too_little():
            return said
        with self._database.read() as session:
            since = room.since(session)
        return f"{room.NO_ROOM} since {times.text(since)}; collecting goes on by itself" if since else None

    def _lacking(self) -> str | None:
        return self._too_little() or self._still_full()

    def _too_little(self) -> str | None:
        free = room.free(self._database.file)
        if free is None or free >= self._least:
            return None
        kept = f"{self._least / _MB:,.0f} MB are kept back (KLE_MIN_FREE)"
        return f"{room.NO_ROOM}: {free / _MB:,.0f} MB are free where the archive lies, {kept}; it goes on by itself"

    def _still_full(self) -> str | None:
        """After a write that failed, another one tells."""
        if self._database.no_room is None:
            return None
        try:
            with self._database.write() as session:
                room.try_to_write(session)
        except NoRoom as error:
            return error.message
        self._database.no_room = None
        return None

    def _stop(self, said: str) -> None:
        self._since = times.now()
        log.error("nothing more is collected, imported or tagged", reason=said)
        try:
            with self._database.write() as session:
                room.note(session, self._since)
        except NoRoom:
            pass  # not even that; this process knows it

    def _left_by_another(self) -> str | None:
        """What a process noted that ended before there was room again: asked once."""
        if self._asked:
            return None
        self._asked = True
        with self._database.read() as session:
            since = room.since(session)
        if since is None:
            return None
        self._since = since
        return f"{room.NO_ROOM} since {times.text(since)}"

    def _go_on(self, before: str, running: list[int]) -> str | None:
        """What stands in the way still, or again."""
        try:
            with self._database.write() as session:
                missed = room.go_on(session, self._since, before, self._worker, running, times.now())
        except NoRoom as error:
            return error.message
        log.warning("there is room again", sources_that_missed_a_look=missed, since=times.text(self._since))
        return None
