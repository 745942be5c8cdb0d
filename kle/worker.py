"""The scheduler only ticks: each tick claims work that rows say is due and hands it to its room.

Nothing is remembered here. A process that dies leaves claims that run out (or are released by the next start on
this host), and another goes on where it stood.
"""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from alerts.desk import Desk
from classifier.fill import Pass
from classifier.tag import adopt, tag_round
from collector.collect import collect
from collector.fetch import Fetcher
from core import times
from core.errors import NoRoom
from core.settings import Settings
from db import campaigns, ledger, segments, sources
from db.database import Database
from db.models import Source
from kle import claims, drifting, forgetting, jumps
from kle.alerting import Alerting
from kle.exporting import Exporting
from kle.storage import Storage

if TYPE_CHECKING:
    from classifier.model import Classifier

LANES = 4  # sources that are read at once; the fetcher's pace spaces those of one host
MINUTE = 60
log = structlog.get_logger("kle.worker")


class Worker:
    """Collects, tags (if it has a model), forgets, tells of alerts (if it has a desk), has exports built and seals
    the ledger (PostgreSQL), as long as it is started."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        collecting: bool = True,
        forgetting: bool = False,
        model: "Classifier | None" = None,
        desk: Desk | None = None,
        exporting: bool = False,
    ) -> None:
        self.name = claims.worker_name()
        self._database, self._model, self._forgetting = database, model, forgetting
        self._fetcher = Fetcher.from_settings(settings) if collecting else None
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._alerting = Alerting(database, desk, self.name, settings.tagging) if desk else None
        self._exporting = Exporting(settings, database) if exporting else None
        self._data_dir = settings.data_dir
        self.storage = Storage(settings, database, self.name)
        self._clock = jumps.Watch(self._tick_now)
        self._stopping = Event()
        self._lock = Lock()
        self._erasing = Lock()  # one at a time, and the purge when they are done
        self._rounds: dict[int, Thread] = {}  # by source
        self._stood = -1  # the ledger's last line when the index was looked at
        self._pass: Pass | None = None  # over posts that lack a vector

    def start(self) -> None:
        claims.release_dead(self._database)
        if self._fetcher:
            self._every_second(self._collect)
        if self._model:
            adopt(self._database, self._model)
            self._every_second(self._tag)
            self._every(60 * MINUTE, self._look_through)
            self._every(MINUTE, self._count)
        if self._forgetting:
            self._every(MINUTE, self._erase)
            self._every(10 * MINUTE, self._retain)
            self._every(10, self._purge)
            self._every(MINUTE, self._tidy)
        if self._alerting:
            self._every_second(self._alerting.match)
            self._every_second(self._alerting.deliver)
            self._every(10, self._alerting.judge)
            self._every(60 * MINUTE, self._alerting.tidy)
        if self._exporting:
            self._every_second(self._exporting.tick)
            self._every(MINUTE, self._exporting.tidy)
        if self._database.dialect == "postgresql":
            self._every_second(self._seal)
        self._scheduler.start()
        self._clock.start()

    @property
    def model(self) -> "Classifier | None":
        """What tags here; None where nothing does."""
        return self._model

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)

    def stop(self, grace: float = 10.0) -> None:
        """Rounds that run may finish within `grace` seconds; the claims of the others are released."""
        self._stopping.set()
        if self._alerting:
            self._alerting.stop()
        if self._exporting:
            self._exporting.stop()
        self._clock.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        until = time.monotonic() + grace
        if self._alerting:
            self._alerting.close(grace)
        if self._exporting:
            self._exporting.close(max(1.0, until - time.monotonic()))
        for thread in list(self._rounds.values()):
            thread.join(max(0.0, until - time.monotonic()))
        if self._rounds or self._alerting:
            claims.release_own(self._database)
        if self._fetcher and not self._rounds:
            self._fetcher.close()

    def _collect(self) -> None:
        """Start rounds of due sources, at most LANES at once.

        A round that runs here goes on though its claim ran out while the machine slept (a closed lid).
        """
        while not self._stopping.is_set() and len(self._rounds) < LANES:
            with self._lock:
                running = list(self._rounds)
            if not self.storage.has_room(running):
                return
            with self._database.write() as session:
                source = sources.claim_due(session, self.name, times.now(), running)
            if source is None or source.id is None:
                return
            thread = Thread(
                target=self._round, args=(source.id, source), name=f"round of {source.name}", daemon=True
            )
            with self._lock:
                self._rounds[source.id] = thread
            thread.start()

    def _round(self, source_id: int, source: Source) -> None:
        assert self._fetcher
        try:
            collect(self._database, source, self._fetcher, self.name)
        except NoRoom:
            pass  # the next tick sees it, and says so once
        except Exception:
            log.exception("round broke off", source=source.name)
        finally:
            with self._lock:
                del self._rounds[source_id]

    def _tag(self) -> None:
        """Tag until nothing waits and nothing is stale."""
        while not self._stopping.is_set() and self._model and self.storage.has_room(list(self._rounds)):
            if not tag_round(self._database, self._model, self.name) and not self._fill():
                self._settle()
                return

    def _look_through(self) -> None:
        """Once an hour: somebody may have tagged by another model, or merged an archive."""
        if self._model and self._model.reader and self._pass is None:
            self._pass = Pass(self._database, self._model.reader)

    def _fill(self) -> bool:
        """One step of the pass, behind all that waits for tags; False where there is none to do."""
        if self._pass is None:
            return False
        self._pass.step()
        if self._pass.done:
            self._pass = None
        return True

    def _settle(self) -> None:
        """Note when a campaign has come to its end; the usual second writes nothing."""
        with self._database.read() as session:
            present = campaigns.chosen(session)
        if present and present.finished_at is None:
            with self._database.write() as session:
                campaigns.settle(session, times.now())

    def _count(self) -> None:
        drifting.count_weeks(self._database)

    def _erase(self) -> None:
        with self._erasing:
            forgetting.erase_due(self._database, self._going)

    def _retain(self) -> None:
        forgetting.announce(self._database)
        with self._erasing:
            forgetting.retain_daily(self._database, self._going)
            forgetting.cut_messages(self._database, self._going)

    def _purge(self) -> None:
        if not self._erasing.locked():
            forgetting.purge_traces(self._database, self._data_dir, self._going)

    def _tidy(self) -> None:
        """Merge the index's segments in a minute in which nothing was written."""
        with self._database.read() as session:
            stands, _ = ledger.head(session)
        idle, self._stood = stands == self._stood, stands
        if idle and not self._erasing.locked():
            segments.tidy(self._database, self._going)

    def _going(self) -> bool:
        return not self._stopping.is_set()

    def _seal(self) -> None:
        with self._database.write() as session:
            ledger.seal(session)

    def _tick_now(self) -> None:
        """The clock was set back: no tick may wait until it has caught up."""
        log.warning("the clock was set back; going on by the new time")
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=times.now())

    def _every_second(self, tick: Callable[[], None]) -> None:
        self._every(1, tick)

    def _every(self, seconds: int, tick: Callable[[], None]) -> None:
        def safely() -> None:
            try:
                tick()
            except NoRoom:
                pass  # the next tick of collecting or tagging says so, once
            except Exception:
                log.exception("tick failed", tick=tick.__name__)

        self._scheduler.add_job(
            safely,
            "interval",
            seconds=seconds,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=times.now(),
        )
