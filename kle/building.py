"""Building what waits, in a process of its own: `python -m kle.building`, started by `kle.exporting`.

A release is made of rows that pass through Python: in the process that answers requests, these would wait for them
(95 of 100 within 0.8 s instead of 0.1 s, measured on two cores). So it has its own, which ends with the one that
started it. It may die at any moment: until the end nothing lies
under the release's name, its claim runs out, and another process begins anew.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from core import sealed, times
from core.errors import KleError, NoRoom
from core.settings import Settings
from db import exports, room, work
from db.database import Database
from exports import asked, release, store
from exports.passage import Reading
from kle import claims, runtime
from kle.exporting import held
from kle.storage import Storage

NICE = 10  # whoever waits for an answer goes first
_LOOK = 1.0  # seconds between two looks at what became of it
_RENEW = work.HOLD.total_seconds() / 3
_ORPHANED = 5.0  # seconds in which a release that is stopped ends by itself
log = structlog.get_logger("kle.building")


class Watch:
    """Beside the building: keeps the claim, notes how far it is, and sees when to stop."""

    def __init__(self, database: Database, settings: Settings, number: int, worker: str, stop: Event) -> None:
        self.posts = 0
        self.lost = False
        self.no_room: str | None = None
        self._database, self._settings, self._number, self._worker = database, settings, number, worker
        self._stop, self._ended = stop, Event()
        self._thread = Thread(target=self._look, name=f"watch of export {number}", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def going(self) -> bool:
        return not (self._stop.is_set() or self.lost or self.no_room)

    def add(self, posts: int) -> None:
        self.posts += posts

    def _look(self) -> None:
        said, renewed = 0, time.monotonic()
        while not self._ended.wait(_LOOK):
            self.no_room = self.no_room or lacking(self._settings)
            if self.posts == said and time.monotonic() - renewed < _RENEW and not self.no_room:
                self.lost = self.lost or not self._still_mine()
                continue
            said, renewed = self.posts, time.monotonic()
            self.lost = self.lost or not self._keep_up(said)

    def _still_mine(self) -> bool:
        with self._database.read() as session:
            return bool(exports.get(session, self._number).claimed_by == self._worker)

    def _keep_up(self, posts: int) -> bool:
        try:
            with self._database.write() as session:
                return exports.keep_up(session, self._number, self._worker, times.now(), posts)
        except NoRoom as error:
            self.no_room = error.message
            return True


def lacking(settings: Settings) -> str | None:
    """What is said where the disk of the exports is nearly full."""
    free = room.free(store.root(settings.data_dir))
    if free is None or free >= settings.min_free:
        return None
    return (
        f"{room.NO_ROOM}: {free / 1e6:,.0f} MB are free where exports lie, and {settings.min_free / 1e6:,.0f} MB"
        " are kept back (KLE_MIN_FREE): make room and ask again"
    )


def build_all(settings: Settings, database: Database, stop: Event) -> None:
    """Until nothing waits. At the start, what processes that died left behind goes."""
    worker = claims.worker_name()
    claims.release_dead(database)
    store.sweep(settings.data_dir, lambda: _wanted(database))
    while not stop.is_set():
        with database.write() as session:
            row = exports.claim(session, worker, times.now())
        if row is None:
            return
        build(settings, database, row, worker, stop)


def _wanted(database: Database) -> set[str]:
    built = held(database)  # first: what is done between the two is among those that are kept
    with database.read() as session:
        return built | {row.result["folder"] for row in exports.kept(session)}


def build(settings: Settings, database: Database, row: Any, worker: str, stop: Event) -> None:
    """One export, from its claim to its end; whatever the end, no file is left that is of no use."""
    with Watch(database, settings, row.id, worker, stop) as watch:
        why = None
        try:
            done = _made(settings, database, row, worker, watch)
        except KleError as error:
            done, why = False, error.message
        except Exception as error:
            log.exception("an export failed", export=row.id)
            done, why = False, f"it broke off ({type(error).__name__}): the log says more"
    if done:
        return
    store.discard(settings.data_dir, store.name(row.id, worker))
    with database.write() as session:
        if stop.is_set():
            exports.release(session, row.id, worker)
        elif why := watch.no_room or why:
            exports.fail(session, row.id, worker, times.now(), why)


def _made(settings: Settings, database: Database, row: Any, worker: str, watch: Watch) -> bool:
    """False where it was stopped, or taken away."""
    Storage(settings, database).check()
    if said := lacking(settings):
        raise NoRoom(said)
    form = asked.form_of(row)
    order = asked.order(
        form, settings.citation, sealed.derived(settings.secret_key, settings.data_dir, "pseudonyms")
    )
    with database.read() as session:
        keys = asked.keys(session, order)
    store.remove(settings.data_dir, row.id, lambda: held(database))  # of tries before this one
    with database.write() as session:
        if not exports.keep_up(session, row.id, worker, times.now(), 0):
            return False
        exports.note_posts(session, row.id, keys)
    folder = store.fresh(settings.data_dir, store.name(row.id, worker))
    database.pass_by()
    made = release.export(
        database, order, folder / store.RELEASE, progress=watch.add, going=watch.going, by=row.owner,
        reading=_listing(database, row.id, keys),
    )  # fmt: skip
    if not watch.going():
        return False
    result = head(made, folder)
    with database.write() as session:
        size = result["zip"]["bytes"] + sum(one["bytes"] for one in result["files"])
        return exports.finish(session, row.id, worker, times.now(), result, size)


def _listing(database: Database, number: int, listed: NDArray[np.int64]) -> Reading:
    """Sees to it that nothing is read that is not on the list of the export, which erasures look at: a post that
    came to the query since that was made goes on it before."""

    def reading(keys: Sequence[int]) -> None:
        more = np.setdiff1d(np.array(keys, np.int64), listed)
        if more.size:
            with database.write() as session:
                exports.add_posts(session, number, more)

    return reading


def head(made: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What is kept of a release beside its files."""
    kept = {name: value for name, value in made["manifest"].items() if name != "files"}
    return {
        "folder": folder.name,
        "files": made["files"],
        "zip": {name: made["zip"][name] for name in ("bytes", "sha256")},
        "manifest": kept,
    }


def _end_with_parent(stop: Event) -> None:
    """The other end of our input is held by the process that started this one, and closed by its end. Not by way of
    `sys.stdin`: a thread that waits in it would break the end of the interpreter."""
    while os.read(0, 4096):
        pass
    stop.set()
    time.sleep(_ORPHANED)
    os._exit(1)


def main() -> None:
    """Settings come from the environment, which the one that started this one has filled in."""
    os.nice(NICE)
    stop = Event()
    Thread(target=_end_with_parent, args=(stop,), name="parent", daemon=True).start()
    with runtime.archive() as (settings, database):
        build_all(settings, database, stop)


if __name__ == "__main__":
    main()
