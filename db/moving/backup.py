"""`kle backup`: one moment of the archive as a SQLite file, while everything runs.

From SQLite the pages are copied in one step inside a read transaction, whose rows are then tallied: neither makes a
writer wait. From PostgreSQL all tables are read in one REPEATABLE READ transaction. Lines that wait there for the
sealer are chained in the copy, which has no sealer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session

from core.errors import BadRequest, KleError
from db import ledger
from db.database import Database
from db.models import Ledger, Unsealed
from db.moving import copying, files
from db.moving.copying import Progress
from db.moving.tables import Said, count, difference, heads, ordered, tallies
from db.upsert import is_sqlite, table

_UNSEALED, _LEDGER = str(table(Unsealed).name), str(table(Ledger).name)
_PAGES = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
_TIMES_FOR_COPY = 2.2  # of the archive's size: the copy, and the same without its free pages


class NotTheSame(KleError):
    title = "The copy is not the same"


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared: `tables` are {"rows", "digest"} by name, `heads` the last lines of both chains in the
    copy, `chained` how many lines waited for the sealer and stand at the end of the copy's ledger."""

    file: str
    bytes: int
    tables: Said
    heads: Said
    chained: int

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def size(session: Session) -> int:
    """Bytes that the archive takes on its disk."""
    if is_sqlite(session):
        return int(
            session.execute(
                text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            ).scalar_one()
        )
    names = [of.name for of in ordered()]
    return sum(int(session.execute(select(func.pg_total_relation_size(name))).scalar_one()) for name in names)


def check_place(file: Path, force: bool) -> None:
    """Raises BadRequest where a backup cannot be put there."""
    if file.exists() and not force:
        raise BadRequest(f"{file} is there already: name another file, or overwrite it with --force")
    if file.is_dir() or not file.parent.is_dir():
        raise BadRequest(f"{file} is no place for a file: name one in a folder that is there")


def backup(database: Database, file: Path, *, force: bool = False, progress: Progress = None) -> Report:
    """Write `file`. Raises BadRequest, NoRoom, or NotTheSame where the copy is not what was read."""
    check_place(file, force)
    if database.file and file.exists() and file.samefile(database.file):
        raise BadRequest(f"{file} is the archive itself: name another file")
    with files.workshop(file) as folder:
        copy, small = folder / "copy.sqlite", folder / "small.sqlite"
        with database.read() as session:
            files.check_room(folder, int(size(session) * _TIMES_FOR_COPY))
            said = _of_sqlite(session, copy, progress) if database.file else _of_rows(session, copy, progress)
        _free(copy)
        files.compact(copy, small)
        report = compared(small, said, file, progress)
        files.finish(small, file)
    return report


def _of_sqlite(session: Session, copy: Path, progress: Progress) -> Said:
    session.execute(
        select(func.count()).select_from(table(Unsealed))
    ).scalar_one()  # from here on it sees one moment
    files.copy_pages(session.connection().connection.driver_connection, copy)  # type: ignore[arg-type]
    return tallies(session, progress)


def _of_rows(session: Session, copy: Path, progress: Progress) -> Said:
    target = Database(f"sqlite:///{copy}")
    try:
        target.migrate()
        with target.write() as writing:
            copying.empty(writing)
        said = copying.copy(session, target.write, progress)
        with target.write() as writing:
            while ledger.seal(writing):
                pass
            copying.complete(writing)
    finally:
        target.close()
    return said


def _free(copy: Path) -> None:
    target = Database(f"sqlite:///{copy}")
    try:
        with target.write() as session:
            copying.free_claims(session)
    finally:
        target.close()


def compared(copy: Path, said: Said, file: Path, progress: Progress = None) -> Report:
    """Open what was written and hold it against the tallies of what was read. Raises NotTheSame."""
    opened = Database(f"sqlite:///{copy}", read_only=True)
    try:
        with opened.read() as session:
            lines, waiting = said[_LEDGER]["rows"], said[_UNSEALED]["rows"]
            found = tallies(session, progress, lines)
            chained = count(session, Ledger) - lines
            report = Report(str(file), copy.stat().st_size, found, heads(session), chained)
    finally:
        opened.close()
    wrong = difference({**said, _UNSEALED: found[_UNSEALED]}, found)
    if chained != waiting:
        wrong.append(f"{waiting} lines waited for the sealer, and {chained} were chained")
    if wrong:
        raise NotTheSame(f"the copy is not what was read, and was thrown away: {wrong[0]}")
    return report
