"""Another archive, opened to be read and never changed: at this version's schema, or in a migrated copy."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import ArgumentError, DatabaseError

from core.errors import BadRequest, KleError
from core.secrecy import masked
from db.database import Database, head
from db.moving import files

_POSTGRES = ("postgresql:", "postgresql+psycopg:", "postgres:")


class NewerArchive(KleError):
    title = "The archive is newer than the program"


@contextmanager
def archive(other: str, workshop: Path | None = None) -> Iterator[Database]:
    """A SQLite file, or a database's URL. Raises BadRequest for what is no archive, NewerArchive for one of a newer
    version. The migrated copy of an older file lies in `workshop`, or in the machine's folder for such."""
    database = Database(_url(other), read_only=True)
    try:
        found = _revision(database, other)
        if found > head():
            raise NewerArchive(
                f"{_shown(other)} is of a newer version ({found}) than this program ({head()}): update the program"
            )
        if found == head():
            yield database
            return
        if database.file is None:
            raise BadRequest(f"{_shown(other)} is of an older version ({found}): run `kle db upgrade` there first")
        with _migrated(database, workshop) as copy:
            yield copy
    finally:
        database.close()


def _url(other: str) -> str:
    if other.startswith(_POSTGRES):
        return "postgresql+psycopg:" + other.partition(":")[2]
    path = Path(other.removeprefix("sqlite:///"))
    if not path.is_file():
        raise BadRequest(f"{path} is not there: name a file that `kle backup` wrote, or the URL of an archive")
    return f"sqlite:///{path}"


def _revision(database: Database, other: str) -> str:
    try:
        found = database.revision()
    except (DatabaseError, ArgumentError) as error:
        reason = str(getattr(error, "orig", error)).strip()
        raise BadRequest(f"{_shown(other)} cannot be read as an archive: {reason}") from None
    if found is None:
        raise BadRequest(f"{_shown(other)} is no archive of kle-monitor")
    return found


@contextmanager
def _migrated(database: Database, workshop: Path | None) -> Iterator[Database]:
    assert database.file
    folder = Path(tempfile.mkdtemp(prefix="kle-", dir=workshop))
    try:
        files.check_room(folder, 3 * database.file.stat().st_size)
        copy = folder / "older.sqlite"
        with closing(sqlite3.connect(f"{database.file.resolve().as_uri()}?mode=ro", uri=True)) as source:
            files.copy_pages(source, copy)
        made = Database(f"sqlite:///{copy}")
        try:
            made.migrate()
            made.refresh_index()
            yield made
        finally:
            made.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _shown(other: str) -> str:
    return masked(other)
