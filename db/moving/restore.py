"""`kle restore`: a backup into this machine's database, of either kind; all of it, or nothing.

A SQLite archive is written beside its place and moved there in one step; what stood there before is kept under
another name. Into PostgreSQL everything goes in one transaction. In both, counts, digests and chains are held
against the backup, and the archive is verified, before anybody can see it.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from core import times
from core.errors import BadRequest, KleError
from db.database import Database
from db.models import Audit, Blob, Capture, Credential, Ledger, Meta, Post
from db.moving import copying, files, opened
from db.moving.backup import NotTheSame
from db.moving.copying import Progress
from db.moving.tables import Said, count, difference, heads, tallies
from db.proof import verify

_KEPT = {"posts": Post, "captures": Capture, "ledger lines": Ledger}  # what nobody may lose
_MADE = {"keys and sessions": Credential, "lines of the audit chain": Audit, "blobs": Blob}
_TIMES_FOR_FILE = 1.5
Also = Callable[[Session, "Report"], None]  # what is written with the restored rows: a line of the audit chain


class Unsound(KleError):
    title = "The backup does not verify"


@dataclass(frozen=True, slots=True)
class Report:
    """`tables` and `heads` are those of the backup and of the archive, which are the same; `verified` is what `kle
    verify` found, None where it was not asked; `aside` is where the archive of before lies now."""

    file: str
    archive_id: str
    tables: Said
    heads: Said
    verified: dict[str, Any] | None
    aside: str | None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def restore(
    file: str,
    target: Database,
    *,
    force: bool = False,
    check: bool = True,
    now: datetime | None = None,
    also: Also | None = None,
    progress: Progress = None,
) -> Report:
    """Put the archive in `file` where `target` is. Raises BadRequest where something stands there that would be
    replaced, NotTheSame or Unsound where the archive is not what it should be: then nothing has changed."""
    if target.file:
        target.close()  # nobody may hold the file that is replaced, we neither
        return _Restore(file, check, also, progress).into_file(target.file, force, now or times.now())
    return _Restore(file, check, also, progress).into_postgres(target, force)


@dataclass(frozen=True, slots=True)
class _Restore:
    file: str
    check: bool
    also: Also | None
    progress: Progress

    def into_file(self, place: Path, force: bool, now: datetime) -> Report:
        place.parent.mkdir(parents=True, exist_ok=True)
        _refuse_to_lose(place, force)
        if place.exists():
            _close(place)
        with files.workshop(place) as folder, opened.archive(self.file, folder) as source:
            assert source.file
            if place.exists() and place.samefile(source.file):
                raise BadRequest(f"{place} is the archive itself: there is nothing to restore")
            files.check_room(folder, int(source.file.stat().st_size * _TIMES_FOR_FILE))
            made = folder / "restored.sqlite"
            with source.read() as reading:
                said = tallies(reading, self.progress)
                files.copy_pages(reading.connection().connection.driver_connection, made)  # type: ignore[arg-type]
            target = Database(f"sqlite:///{made}")
            try:
                with target.write() as session:
                    copying.free_claims(session)
                target.refresh_index()
                with target.write() as session:
                    report = self._finished(session, said)
            finally:
                target.close()
            with closing(sqlite3.connect(made)) as last:
                last.execute("PRAGMA journal_mode = DELETE")
            aside = _put_aside(place, now)
            files.finish(made, place)
        return Report(**{**report.as_json(), "aside": str(aside) if aside else None})

    def into_postgres(self, target: Database, force: bool) -> Report:
        target.migrate()
        with opened.archive(self.file) as source, source.read() as reading:
            try:
                with target.write() as session:
                    _refuse_to_replace(session, force)
                    copying.empty(session)
                    said = copying.copy(reading, lambda: nullcontext(session), self.progress)
                    copying.complete(session)
                    return self._finished(session, said)
            except DBAPIError as error:
                raise KleError(f"the database took nothing of it: {str(error.orig).strip()}") from error

    def _finished(self, session: Session, said: Said) -> Report:
        found = tallies(session, self.progress)
        wrong = difference(said, found)
        if wrong:
            raise NotTheSame(f"what was restored is not the backup, and was thrown away: {wrong[0]}")
        verified = verify.verify(session, self.progress) if self.check else None
        if verified and not verified["ok"]:
            raise Unsound(
                f"the backup does not verify, and what was restored was thrown away: {verified['first_problem']}. "
                "With --no-verify it is kept all the same"
            )
        report = Report(self.file, _name(session), found, heads(session), verified, None)
        if self.also:
            self.also(session, report)
        return report


def _name(session: Session) -> str:
    found = session.get(Meta, "archive_id")
    return found.value if found else ""


def _refuse_to_lose(place: Path, force: bool) -> None:
    """Raises BadRequest for an archive with posts, unless it may be moved aside."""
    if not place.exists() or force:
        return
    try:
        with opened.archive(str(place)) as there, there.read() as session:
            posts, versions = count(session, Post), count(session, Ledger)
    except KleError as error:
        raise BadRequest(f"{error.message}. With --force it is moved aside") from None
    if posts or versions:
        raise BadRequest(
            f"{place} holds an archive of {posts} posts: with --force it is moved aside and the backup takes its "
            "place"
        )


def _refuse_to_replace(session: Session, force: bool) -> None:
    """Raises BadRequest for a PostgreSQL database that holds what nobody could get back."""
    kept = _counted(session, _KEPT)
    if kept:
        raise BadRequest(
            f"the database holds {kept}, and nothing there can be moved aside: create an empty database for the "
            "backup and name it in KLE_DATABASE_URL, or drop this one first"
        )
    made = _counted(session, _MADE)
    if made and not force:
        raise BadRequest(f"the database holds no posts, but {made}: with --force those of the backup replace them")


def _counted(session: Session, models: dict[str, Any]) -> str:
    found = {name: count(session, model) for name, model in models.items()}
    return ", ".join(f"{number} {name}" for name, number in found.items() if number)


def _put_aside(place: Path, now: datetime) -> Path | None:
    """Keep what stands there under another name; it stands in its place too until the new one takes it."""
    for beside in (Path(f"{place}{end}") for end in ("-wal", "-shm", "-journal")):
        if beside.exists() and not place.exists():
            beside.rename(f"{beside}.before-restore")  # of no archive: it must not be read into the new one
    if not place.exists():
        return None
    _close(place)
    aside = place.with_name(f"{place.name}.before-restore-{now:%Y%m%dT%H%M%S}")
    try:
        os.link(place, aside)
    except OSError:  # a file system without links
        place.rename(aside)
    return aside


def _close(place: Path) -> None:
    """Fold its write-ahead log into the file. Raises BadRequest while somebody works on it."""
    with closing(sqlite3.connect(place, timeout=5)) as archive:
        try:
            archive.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError:
            raise BadRequest(f"somebody works on {place}: stop `kle up` and whatever reads it first") from None
        except sqlite3.DatabaseError:
            return  # no database: it is moved aside as it is
