"""The segments of SQLite's full-text indexes: a search reads every one of them, so few are quick.

FTS5 merges them while rows are written, and only where many stand on one level: after an import a word is looked
for in dozens. What it leaves is merged here while nobody writes, a short write at a time. PostgreSQL needs none.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import Session

from db.database import Database

STEP = 0.1  # seconds that one merge may take
_FIRST_PAGES, _FEWEST, _MOST = 32, 4, 2048
_ENOUGH_CHANGES = 2  # fewer rows than that were changed by a merge that had nothing to do
_PAIR = 2  # segments on one level that are worth a merge


def indexes(session: Session) -> Sequence[str]:
    made = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
    return list(session.execute(text(f"{made} ORDER BY name")).scalars())


def tidy(database: Database, going: Callable[[], bool] = lambda: True) -> bool:
    """Merge until no level has two segments; False where `going` said to stop."""
    if database.dialect != "sqlite":
        return True
    with database.read() as session:
        untidy = [name for name in indexes(session) if _is_untidy(session.connection(), name)]
    return all(_tidy_one(database, name, going) for name in untidy)


def _tidy_one(database: Database, name: str, going: Callable[[], bool]) -> bool:
    pages = _FIRST_PAGES
    while going():
        started = time.monotonic()
        with database.write() as session:
            connection = session.connection()
            connection.execute(text(f"INSERT INTO {name}({name}, rank) VALUES ('usermerge', {_PAIR})"))
            changed = step(connection, name, pages)
        if changed < _ENOUGH_CHANGES:
            return True
        pages = following(pages, time.monotonic() - started)
        time.sleep(STEP / 10)  # others want to write
    return False


def following(pages: int, took: float) -> int:
    """How many pages the next step may take, after one that took so many seconds."""
    if took > STEP:
        return max(_FEWEST, pages // 2)
    return min(_MOST, pages * 2) if took < STEP / 4 else pages


def merge_all(database: Database, name: str, going: Callable[[], bool]) -> bool:
    """All segments into one, a short write at a time; False where it was stopped."""
    pages, begun = _FIRST_PAGES, False
    while going():
        started = time.monotonic()
        with database.write() as session:
            connection = session.connection()
            if begun and not under_way(connection, name):
                return True
            changed = step(connection, name, pages if begun else -pages)
            if begun and changed < _ENOUGH_CHANGES:
                step(connection, name, -pages)  # younger segments stood in its way: take them in too
        begun = True
        pages = following(pages, time.monotonic() - started)
    return False


def step(connection: Connection, name: str, pages: int) -> int:
    """Merge so many pages; below zero all segments, however few, are to become one. How many rows it changed."""
    driver: Any = connection.connection.driver_connection
    before = driver.total_changes
    connection.execute(text(f"INSERT INTO {name}({name}, rank) VALUES ('merge', :pages)"), {"pages": pages})
    return int(driver.total_changes - before)


def under_way(connection: Connection, name: str) -> bool:
    """Whether a merge has begun and is not done."""
    return any(merging for merging, _ in levels(connection, name))


def _is_untidy(connection: Connection, name: str) -> bool:
    return any(merging or segments >= _PAIR for merging, segments in levels(connection, name))


def levels(connection: Connection, name: str) -> list[tuple[int, int]]:
    """(segments that are being merged, all segments) of each level, as the index's own record says."""
    record = connection.execute(text(f"SELECT block FROM {name}_data WHERE id = 10")).scalar_one()
    numbers = _varints(bytes(record)[4:])  # after a cookie: levels, segments, writes, then each level
    count, _segments, _writes = next(numbers), next(numbers), next(numbers)
    found = []
    for _ in range(count):
        merging, segments = next(numbers), next(numbers)
        for _ in range(segments * 3):  # number, first and last page
            next(numbers)
        found.append((merging, segments))
    return found


def _varints(data: bytes) -> Iterator[int]:
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
