"""The ticks of exports: start the process that builds what waits, and take away files whose time is over."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog

from core import times
from core.settings import Settings
from db import exports
from db.database import Database
from exports import store
from kle import claims

_AFTER_FAILURE = 30.0  # seconds until a process is started again that could not work
log = structlog.get_logger("kle.exporting")


@dataclass
class Exporting:
    """Of one process that shares its data folder with those that serve."""

    settings: Settings
    database: Database
    _builder: subprocess.Popen[bytes] | None = None
    _not_before: float = field(default=float("-inf"))

    def __post_init__(self) -> None:
        store.root(self.settings.data_dir).mkdir(parents=True, exist_ok=True, mode=0o700)

    def tick(self) -> None:
        """One builder at a time, as long as something waits."""
        if self._builder and self._builder.poll() is None:
            return
        self._note_end()
        if time.monotonic() < self._not_before:
            return
        with self.database.read() as session:
            due = exports.is_due(session, times.now())
        if due:
            self._builder = start(self.settings)

    def _note_end(self) -> None:
        """What it was killed over is begun anew at once: those tries are counted. What ended without having begun
        cannot work, and is given time."""
        if self._builder and self._builder.returncode:
            log.error("the process that builds exports ended", status=self._builder.returncode)
            if not claims.release_child(self.database, self._builder.pid):
                self._not_before = time.monotonic() + _AFTER_FAILURE
        self.stop()
        self._builder = None

    def tidy(self) -> None:
        expire(self.settings.data_dir, self.settings.exports_kept, self.database)
        clear(self.settings.data_dir, self.database)

    def stop(self) -> None:
        """It is told to end by the end of its input, and goes on where it is started again."""
        if self._builder and self._builder.stdin:
            self._builder.stdin.close()

    def close(self, grace: float) -> None:
        if self._builder is None:
            return
        try:
            self._builder.wait(grace)
        except subprocess.TimeoutExpired:
            self._builder.kill()
            self._builder.wait()


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """A process of its own session: Ctrl-C in a terminal is for us, and we tell it."""
    return subprocess.Popen(
        [sys.executable, "-m", "kle.building"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environment(settings)},
        start_new_session=True,
    )


def environment(settings: Settings) -> dict[str, str]:
    """Whatever differs from the default, from wherever it came: the demo's settings are in no environment."""
    said = {
        "CONFIG": str(settings.config.resolve()) if settings.config.is_file() else "",
        "DATA_DIR": str(settings.data_dir.resolve()),
        "DATABASE_URL": settings.database_url,
        "MIN_FREE": str(settings.min_free),
        "SECRET_KEY": settings.secret_key,
        "LOG_LEVEL": settings.log_level,
    }
    return {f"KLE_{name}": value for name, value in said.items() if value}


def expire(data_dir: Path, kept: timedelta, database: Database) -> None:
    """Files that were kept long enough go, and what has none any more, as in a copy of the archive, is said so."""
    with database.read() as session:
        over = exports.expired(session, times.now() - kept)
        over += store.gone(data_dir, [row.id for row in exports.kept(session)])
    _remove(data_dir, database, over)


def clear(data_dir: Path, database: Database) -> None:
    """The files of what was withdrawn go; until then no erasure is done. A process that does not share the folder
    where they lie cannot tell whether they are gone, and leaves that to one that does."""
    with database.read() as session:
        withdrawn = exports.uncleared(session)
    if store.root(data_dir).is_dir():
        _remove(data_dir, database, withdrawn)


def held(database: Database) -> set[str]:
    """The folders in which somebody builds, as the archive says."""
    with database.read() as session:
        return {store.name(row.id, row.claimed_by) for row in exports.in_work(session)}


def _remove(data_dir: Path, database: Database, numbers: list[int]) -> None:
    if not numbers:
        return
    for number in numbers:
        store.remove(data_dir, number, lambda: held(database))
    removed = store.gone(data_dir, numbers)
    built = {int(folder.partition("-")[0]) for folder in held(database)}
    if left := set(numbers) - set(removed) - built:
        log.error("files of exports cannot be removed", exports=sorted(left))
    with database.write() as session:
        exports.clear(session, removed, times.now())
