"""The scheduler only ticks: each tick claims work that rows say is due and hands it to its room.

Nothing is remembered here. A process that dies leaves claims that run out (or are released by the next start on
this host), and another goes on where it stood.
"""

import os
import secrets
import socket
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from classifier.tag import tag_round
from collector.collect import collect
from collector.fetch import Fetcher
from core import times
from core.settings import Settings
from db import ledger, sources
from db.database import Database
from db.models import Source

if TYPE_CHECKING:
    from classifier.model import Model

LANES = 4  # sources that are read at once
log = structlog.get_logger("kle.worker")


def worker_name() -> str:
    """host:pid:random, so that a dead process can be told from a live one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Worker:
    """Collects, tags (if it has a model) and seals the ledger (PostgreSQL), as long as it is started."""

    def __init__(
        self, settings: Settings, database: Database, *, collecting: bool = True, model: "Model | None" = None
    ) -> None:
        self.name = worker_name()
        self._settings, self._database, self._model = settings, database, model
        self._fetcher = Fetcher.from_settings(settings) if collecting else None
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._stopping = Event()
        self._lock = Lock()
        self._rounds: dict[str, Thread] = {}

    def start(self) -> None:
        self._release(is_alive)
        if self._fetcher:
            self._every_second(self.collect_tick)
        if self._model:
            self._every_second(self.tag_tick)
        if self._database.dialect == "postgresql":
            self._every_second(self.seal_tick)
        self._scheduler.start()

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def stop(self, grace: float = 10.0) -> None:
        """Rounds that run may finish within `grace` seconds; the claims of the others are released."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        until = times.now().timestamp() + grace
        for thread in list(self._rounds.values()):
            thread.join(max(0.0, until - times.now().timestamp()))
        if self._rounds:
            self._release(lambda pid: pid != os.getpid() and is_alive(pid))
        if self._fetcher and not self._rounds:
            self._fetcher.close()

    def collect_tick(self) -> None:
        """Start rounds of due sources, at most LANES at once."""
        while not self._stopping.is_set() and len(self._rounds) < LANES:
            with self._database.write() as session:
                source = sources.claim_due(session, self.name, times.now())
            if source is None:
                return
            thread = Thread(target=self._round, args=(source,), name=f"round {source.name}", daemon=True)
            with self._lock:
                self._rounds[source.name] = thread
            thread.start()

    def tag_tick(self) -> None:
        """Tag until nothing waits."""
        while not self._stopping.is_set() and self._model:
            if not tag_round(self._database, self._model, self.name):
                return

    def seal_tick(self) -> None:
        with self._database.write() as session:
            ledger.seal(session)

    def _round(self, source: Source) -> None:
        assert self._fetcher
        try:
            collect(self._database, source, self._fetcher, self.name)
        except Exception:
            log.exception("round failed", source=source.name)
        finally:
            with self._lock:
                del self._rounds[source.name]

    def _every_second(self, tick: Callable[[], None]) -> None:
        def safely() -> None:
            try:
                tick()
            except Exception:
                log.exception("tick failed", tick=tick.__name__)

        self._scheduler.add_job(
            safely, "interval", seconds=1, max_instances=1, coalesce=True, misfire_grace_time=None,
            next_run_time=times.now(), name=tick.__name__,
        )  # fmt: skip

    def _release(self, alive: Callable[[int], bool]) -> None:
        with self._database.write() as session:
            sources.release_dead_claims(session, socket.gethostname(), alive, times.now())
