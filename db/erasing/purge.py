"""Purging: what was erased leaves the index's older segments, the file's unused bytes and the write-ahead log.

SQLite's full text only marks a word as gone; it goes when the segments that hold it are merged. Pages that a tree
has split keep copies of rows in bytes that they no longer use, which `secure_delete` does not clear: the file is
written anew (VACUUM). Then the log is folded back and emptied. PostgreSQL does all of this by VACUUM.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, text, update
from sqlmodel import Session

from db.database import Database
from db.models import Erasure
from db.upsert import table

STEP = 0.1  # seconds that one merge may take
SMALL = 256 << 20  # bytes: a file up to this is written anew at once, a larger one once a day
EVERY = timedelta(days=1)
_FIRST_PAGES, _FEWEST, _MOST = 32, 4, 2048
_ENOUGH_CHANGES = 2  # fewer rows than that were changed by a merge that had nothing to do
_erasure = table(Erasure)
TABLES = (
    "version", "post", "sighting", "correction", "capture", "blob", "media_file", "follow", "quarantine",
    "post_text", "old_text", "index_entry",
)  # fmt: skip


def waiting(session: Session) -> list[int]:
    """Erasures of which some trace may be left."""
    return list(session.execute(select(_erasure.c.id).where(_erasure.c.purged_at.is_(None))).scalars())


def last(session: Session) -> datetime | None:
    found: datetime | None = session.execute(select(func.max(_erasure.c.purged_at))).scalar()
    return found


def purge(
    database: Database,
    now: Callable[[], datetime],
    *,
    going: Callable[[], bool] = lambda: True,
    whole: bool = False,
) -> bool:
    """Take the last traces of what was erased so far; True once none is left, which `purged_at` says.

    False where a reader still needs the old state, where `going` says to stop, or where the file is large and was
    written anew less than a day ago (unless `whole`): it goes on with the next call.
    """
    with database.read() as session:
        numbers, before = waiting(session), last(session)
    if not numbers:
        return True
    if database.dialect == "sqlite":
        large = database.file is not None and database.file.stat().st_size > SMALL
        if large and not whole and before and now() - before < EVERY:
            return False
        if not _from_sqlite(database, going):
            return False
    elif not _from_postgresql(database, numbers):
        return False
    with database.write() as session:
        session.execute(update(_erasure).where(_erasure.c.id.in_(numbers)).values(purged_at=now()))
    return True


# -- SQLite -------------------------------------------------------------------------------------------------


def _from_sqlite(database: Database, going: Callable[[], bool]) -> bool:
    with database.read() as session:
        indexes = _indexes(session)
    for name in indexes:
        if not _merge(database, name, going):
            return False
    return going() and database.write_anew() and database.fold_log()


def _indexes(session: Session) -> Sequence[str]:
    made = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
    return list(session.execute(text(f"{made} ORDER BY name")).scalars())


def _merge(database: Database, name: str, going: Callable[[], bool]) -> bool:
    """All segments into one, a short write at a time; False where it was stopped."""
    pages, begun = _FIRST_PAGES, False
    while going():
        started = time.monotonic()
        with database.write() as session:
            connection = session.connection()
            if begun and not under_way(connection, name):
                return True
            changed = _step(connection, name, pages if begun else -pages)
            if begun and changed < _ENOUGH_CHANGES:
                _step(connection, name, -pages)  # younger segments stood in its way: take them in too
        begun = True
        took = time.monotonic() - started
        pages = max(_FEWEST, pages // 2) if took > STEP else min(_MOST, pages * 2) if took < STEP / 4 else pages
    return False


def _step(connection: Connection, name: str, pages: int) -> int:
    """Merge so many pages; below zero all segments, however few, are to become one. How many rows it changed."""
    driver: Any = connection.connection.driver_connection
    before = driver.total_changes
    connection.execute(text(f"INSERT INTO {name}({name}, rank) VALUES ('merge', :pages)"), {"pages": pages})
    return int(driver.total_changes - before)


def under_way(connection: Connection, name: str) -> bool:
    """Whether a merge has begun and is not done: the index's own record of its segments says so, level by level."""
    record = connection.execute(text(f"SELECT block FROM {name}_data WHERE id = 10")).scalar_one()
    numbers = _varints(bytes(record)[4:])  # after a cookie: levels, segments, writes, then each level
    levels, _segments, _writes = next(numbers), next(numbers), next(numbers)
    for _ in range(levels):
        merging, segments = next(numbers), next(numbers)
        if merging:
            return True
        for _ in range(segments * 3):  # number, first and last page
            next(numbers)
    return False


def _varints(data: bytes) -> Any:
    """SQLite's: seven bits a byte, the highest says that more follow; a ninth byte has all eight."""
    value = taken = 0
    for byte in data:
        taken += 1
        if taken == 9:
            value, more = value << 8 | byte, False
        else:
            value, more = value << 7 | byte & 0x7F, bool(byte & 0x80)
        if not more:
            yield value
            value = taken = 0


# -- PostgreSQL ---------------------------------------------------------------------------------------------


def _from_postgresql(database: Database, numbers: Sequence[int]) -> bool:
    """VACUUM the tables that held it, unless somebody still reads the rows of before."""
    with database.read() as session:
        latest = session.execute(select(func.max(_erasure.c.at)).where(_erasure.c.id.in_(numbers))).scalar_one()
        old = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        held = session.execute(text(f"{old} AND backend_xmin IS NOT NULL AND xact_start <= :at"), {"at": latest})
        if held.scalar_one():
            return False
    database.vacuum(TABLES)
    return True
