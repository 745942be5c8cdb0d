"""What moving an archive costs: backup, restore and merge in posts per second, and whom a backup makes wait.

`python -m benchmarks.moving [POSTS] [POSTGRES-URL]`; a PostgreSQL database must be empty. The archive is of posts
as `kle import` takes them in, each with a tag. Beside the backup the two ways that SQLite has for it are timed.
"""

import multiprocessing
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.drafts import drafts
from benchmarks.payloads.formats import post_form as maker
from core import times
from core.settings import Settings
from db import tags
from db.database import Database
from db.models import Topic
from db.moving import backup, restore
from db.moving.merging import merge
from db.upsert import insert_all
from kle import importing
from kle.storage import Storage

POSTS = 50_000
_PAUSE = 0.005  # seconds between two writes of the one who is kept waiting


def main() -> None:
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as name:
        for row in measured(Path(name), posts, sys.argv[2] if len(sys.argv) > 2 else ""):
            print(f"{row[0]:<44} {row[1]:8.2f} s {posts / row[1]:10.0f} posts/s  {row[2]}")  # noqa: T201


def measured(folder: Path, posts: int, postgres: str = "") -> list[tuple[str, float, str]]:
    """(what, seconds, remark)."""
    source = Database(f"sqlite:///{folder / 'source.sqlite'}")
    source.migrate()
    fill(source, folder, posts)
    assert source.file
    size, saved = source.file.stat().st_size, folder / "saved.kle"
    rows = [
        _timed("VACUUM INTO alone", lambda: _vacuum(folder)),
        _timed("pages in one step alone", lambda: _pages(folder)),
        _timed("kle backup", lambda: backup.backup(source, saved), f"{size >> 20} MiB"),
    ]
    with closing(Waiting(source.file)) as writer:
        rows.append(_timed("kle backup beside a writer", lambda: backup.backup(source, saved, force=True)))
        rows[-1] = (*rows[-1][:2], f"who waited at most {writer.most() * 1000:.0f} ms for a write")
    source.close()
    rows += _carried(folder, saved, f"sqlite:///{folder / 'restored.sqlite'}", "SQLite")
    if postgres:
        rows += _carried(folder, saved, postgres, "PostgreSQL")
    rows += _merged(folder, saved)
    return rows


def _carried(folder: Path, saved: Path, url: str, name: str) -> list[tuple[str, float, str]]:
    target = Database(url)
    rows = [_timed(f"kle restore into {name}, verified", lambda: restore.restore(str(saved), target))]
    if not target.file:
        rows.append(_timed(f"kle backup from {name}", lambda: backup.backup(target, folder / "back.kle")))
    target.close()
    return rows


def _merged(folder: Path, saved: Path) -> list[tuple[str, float, str]]:
    target = Database(f"sqlite:///{folder / 'merged.sqlite'}")
    target.migrate()
    rows = [
        _timed(f"kle merge, {what}", lambda: merge.merge(target, str(saved), check=False), "unverified")
        for what in ("nothing here", "the same again")
    ]
    target.close()
    return rows


def _timed(what: str, work: Callable[[], Any], remark: str = "") -> tuple[str, float, str]:
    before = time.perf_counter()
    work()
    return what, time.perf_counter() - before, remark


def _vacuum(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "source.sqlite")) as archive:
        archive.execute("VACUUM INTO ?", (str(folder / "vacuumed.sqlite"),))


def _pages(folder: Path) -> None:
    source, copy = folder / "source.sqlite", folder / "paged.sqlite"
    with closing(sqlite3.connect(source)) as archive, closing(sqlite3.connect(copy)) as target:
        archive.backup(target)


def fill(database: Database, folder: Path, posts: int) -> None:
    saved = folder / "posts.jsonl"
    with saved.open("wb") as out:
        for page in drafts(posts, maker.MOST):
            out.writelines(map(maker.line, page))
    importing.run(database, [saved], lambda *read: None, Storage(Settings(), database))
    with database.write() as session:
        insert_all(session, Topic, [{"slug": "reform", "name": "Reform", "definition": "Reform", "position": 0}])
        model = tags.register_model(session, "digest", {})
    while True:
        now = times.now()
        with database.write() as session:
            waiting = tags.claim_versions(session, "bench:1:a", 500, now)
            tags.store(session, model, [(pending, [_Score()]) for pending in waiting], "bench:1:a", now)
        if not waiting:
            return


class _Score:
    topic, probability, threshold, decision = "reform", 0.9, 0.5, "tagged"
    evidence_start: int | None = 0
    evidence_end: int | None = 4


class Waiting:
    """A process of its own that writes again and again, and knows how long it waited."""

    def __init__(self, file: Path) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_write, args=(str(file), there))
        self._process.start()
        self._here.recv()

    def most(self) -> float:
        self._here.send("how long?")
        found: float = self._here.recv()
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.join()


def _write(file: str, told: Connection) -> None:
    database = Database(f"sqlite:///{file}")
    most, count = 0.0, 0
    told.send("ready")
    while not told.poll():
        before = time.perf_counter()
        with database.write() as session:
            session.execute(text("INSERT INTO meta (name, value) VALUES (:n, '')"), {"n": f"bench {count}"})
        most, count = max(most, time.perf_counter() - before), count + 1
        time.sleep(_PAUSE)
    told.send(most)


if __name__ == "__main__":
    main()
