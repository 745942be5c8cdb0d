"""Purging: what was erased leaves the index's older segments, the file's unused bytes and the write-ahead log.

SQLite's full text only marks a word as gone; it goes when the segments that hold it are merged. Pages that a tree
has split keep copies of rows in bytes that they no longer use, which `secure_delete` does not clear: the file is
written anew (VACUUM). Then the log is folded back and emptied. PostgreSQL does all of this by VACUUM.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlmodel import Session

from db import exports, segments
from db.database import Database
from db.models import Erasure
from db.upsert import table

SMALL = 256 << 20  # bytes: a file up to this is written anew at once, a larger one once a day
EVERY = timedelta(days=1)
_erasure = table(Erasure)
TABLES = (
    "version", "post", "sighting", "correction", "capture", "blob", "media_file", "follow", "quarantine",
    "post_text", "old_text", "index_entry", "embedding", "delivery", "told", "attempt",
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

    False where a reader still needs the old state, where `going` says to stop, where the file is large and was
    written anew less than a day ago (unless `whole`), or where files of a withdrawn export are left: it goes on
    with the next call.
    """
    with database.read() as session:
        numbers, before, files = waiting(session), last(session), exports.uncleared(session)
    if not numbers:
        return True
    if files:
        return False
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
        indexes = segments.indexes(session)
    for name in indexes:
        if not segments.merge_all(database, name, going):
            return False
    return going() and database.write_anew() and database.fold_log()


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
