"""A process of its own that writes new posts into an archive while others read: at a pace, or as fast as it can."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import chain, count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.searching import building, posts
from collector import kinds
from collector.intake import Intake
from core import times
from db import sources
from db.database import Database

IDLE, PACED, FULL = "idle", "paced", "full speed"
MODES = (IDLE, PACED, FULL)
PACE = 50  # posts a second
_PACED, _FULL = 10, 500  # posts a transaction
_STOP = "stop"


class Writer:
    """Idle until it is told otherwise."""

    def __init__(self, file: Path) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_write, args=(str(file), there))
        self._process.start()
        self._here.recv()

    def turn(self, mode: str) -> int:
        """To this mode; how many posts were written in the one before."""
        self._here.send(mode)
        written: int = self._here.recv()
        return written

    def close(self) -> None:
        self._here.send(_STOP)
        self._process.join(60)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def _write(file: str, told: Connection) -> None:
    with closing(Database(f"sqlite:///{file}")) as database:
        intake, waiting = _intake(database), _new_posts()
        kind = kinds.kind("file")
        mode, written, due = IDLE, 0, time.monotonic()
        told.send(mode)
        while True:
            if told.poll(None if mode == IDLE else max(0, due - time.monotonic()) if mode == PACED else 0):
                mode = told.recv()
                if mode == _STOP:
                    return
                told.send(written)
                written, due = 0, time.monotonic()
                continue
            size = _PACED if mode == PACED else _FULL
            records = [next(waiting) for _ in range(size)]
            intake.take(building.page(records), kind)
            written, due = written + size, due + size / PACE


def _intake(database: Database) -> Intake:
    with database.write() as session:
        source = sources.import_source(session, posts.SEEN_AT)
        run = sources.start_run(session, source.id or 0, posts.SEEN_AT, alone=False)
    return Intake(database, source, run, live=False, clock=lambda: posts.SEEN_AT + timedelta(days=1))


def _new_posts() -> Iterator[dict[str, Any]]:
    """Newer than all that is there, so that each first page meets them."""
    blocks = (posts.records(seed, posts.BLOCK) for seed in count(1_000))
    for number, record in enumerate(chain.from_iterable(chain.from_iterable(blocks))):
        owner = {"platform": "mastodon", "handle": "@writer@social.example", "name": "Invented Writer"}
        place = {"platform": "mastodon", "platform_id": f"social.example/new{number}", "account": owner}
        url = f"https://social.example/@writer/new{number}"
        made = times.text(posts.SEEN_AT + timedelta(seconds=number % 86_000))
        yield {**record, **place, "url": url, "created_at": made, "sightings": [{"first_hand": True, "url": url}]}
