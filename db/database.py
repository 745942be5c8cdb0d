"""The one way to the database: `read()` and `write()` units of work, pragmas, pool, migrations.

SQLite: WAL, any number of readers, one writer at a time that takes its lock at BEGIN (so that a read followed by
a write cannot fail half-way) and waits up to 30 s for another's. PostgreSQL: ordinary transactions.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from core.errors import NoRoom, NotReady, SettingsError
from core.settings import Settings
from db import damage, deadline, memory, room, search, totals
from db.looks import LOOKS, Looks
from db.models import Post
from db.upsert import table

log = logging.getLogger(__name__)
MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30
_IMPATIENT = 200  # milliseconds that a checkpoint waits for readers: writers wait for it meanwhile
_MIGRATING = 0x6B6C656D  # the advisory lock of the one that migrates
PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}",  # first: the others wait by it
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32000",
    "PRAGMA wal_autocheckpoint = 8000",  # pages: at the usual 1000 every bulk commit waits for the disk
)


def head() -> str:
    """The newest migration: files are named NNNN_what.py and carry NNNN as their revision."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]


class Database:
    """`url` as SQLAlchemy takes it; nothing is opened before the first unit of work.

    With `read_only` the database refuses to write, and a SQLite file is left as it is, its journal mode too.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self._engine = _engine(self.url, read_only)
        # what sessions that read have in common
        self._shared = {LOOKS: Looks(), memory.MEMORY: memory.Memory(), totals.TOTALS: totals.Totals()}
        self._watcher: sqlite3.Connection | None = None  # never writes: its own commits it would not notice
        self._watching = threading.Lock()
        self.no_room: NoRoom | None = None  # of the last write that found none; kle.storage looks again
        kept = {"postgresql_readonly": True} if read_only and self.dialect != "sqlite" else {}
        self._writer = self._engine.execution_options(write="NORMAL", **kept)
        self._lasting = self._engine.execution_options(write="FULL", **kept)
        one_view = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(**one_view, **kept)

    @property
    def file(self) -> Path | None:
        return Path(self.url.database) if self.dialect == "sqlite" and self.url.database else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view; nothing is kept. Raises TooSlow where `deadline.within` sets a limit."""
        with Session(self._reader, info=self._shared) as session, deadline.kept(session):
            yield session

    def pass_by(self) -> None:
        """For a process that reads all there is once: of a page that was read few are asked for again, so that the
        32 MB of them which serve a reader would only be held."""
        if self.dialect == "sqlite":
            self._engine.dispose()
            event.listen(self._engine, "connect", _on_connect_in_passing)

    def warm(self) -> None:
        """Read into memory what counts are made of, lest the first request wait for it."""
        with self.read() as session:
            memory.of(session)

    def state(self) -> str:
        """Another one after every commit that changed something, whoever made it; to be compared with what this
        very object said before. It costs no look at any table."""
        if self.dialect == "sqlite":
            with self._watching:
                self._watcher = self._watcher or sqlite3.connect(
                    f"file:{quote(str(self.file))}?mode=ro", uri=True, check_same_thread=False
                )
                return str(self._watcher.execute("PRAGMA data_version").fetchone()[0])
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # who is committed, who is not yet: it stays the same while nobody writes
            return str(connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())

    @contextmanager
    def write(self, *, lasting: bool = False) -> Iterator[Session]:
        """Committed at the end, all or nothing; no network and no model inside. Raises NoRoom.

        `lasting`: a power cut after it takes nothing back on SQLite either. For what a person said and was
        answered; what was collected can be collected again, and does not wait for the disk.
        """
        try:
            writer = self._lasting if lasting else self._writer
            with Session(writer, expire_on_commit=False) as session, session.begin():
                session.connection()  # the turn begins here, so that a clock that is read inside is not behind
                yield session
        except (DatabaseError, sqlite3.Error) as error:
            reason = getattr(error, "orig", error)
            if not room.is_lacking(reason):
                raise
            self.no_room = self._without_room(reason)
            raise self.no_room from error

    def _without_room(self, error: BaseException) -> NoRoom:
        left = room.free(self.file)
        where = f", {left / 1e6:,.0f} MB are free where it lies" if left is not None else ""
        reason = str(error).strip().partition("\n")[0]
        return NoRoom(f"{room.NO_ROOM}: the archive cannot be written ({reason}){where}; it goes on by itself")

    def at_head(self) -> bool:
        return self.revision() == head()

    def revision(self) -> str | None:
        """The newest migration that was run here; None where none was."""
        with self._engine.connect() as connection:
            return _revision(connection)

    def migrate(self) -> bool:
        """Bring the schema to head; True if there was something to do. An older SQLite file is backed up first.

        Raises NotReady for an archive that a newer version of the program made.
        """
        if self.at_head():
            return False
        with self._writer.begin() as connection:
            if self.dialect != "sqlite":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
            found = _revision(connection)
            if found == head():
                return False  # another process was quicker
            if found and found > head():
                raise NotReady(
                    f"the archive is of a newer version ({found}) than this program ({head()}): update it"
                )
            if found and self.file:
                self._backup(found)
            _upgrade(connection)
        return True

    def refresh_index(self) -> bool:
        """Rebuild the full-text index if it was folded by other rules than today's."""
        with self.read() as session:
            if search.is_current(session):
                return False
            posts = session.execute(select(func.count()).select_from(table(Post))).scalar_one()
        if posts:  # it takes seconds for each ten thousand, before anything is served
            log.info("the full-text index of %d posts is written anew, by the rules of this version", posts)
        with self.write() as session:
            search.rebuild(session)
        return True

    # -- outside of transactions: what leaves no trace of what was erased --------------------------------------

    def write_anew(self) -> bool:
        """Write the whole SQLite file anew; False where it was busy. Nobody else writes meanwhile."""
        return self._alone(["PRAGMA temp_store = FILE", "VACUUM"]) is not None

    def fold_log(self) -> bool:
        """Write SQLite's log back into the file and empty it; False where somebody still reads from it."""
        said = self._alone([f"PRAGMA busy_timeout = {_IMPATIENT}", "PRAGMA wal_checkpoint(TRUNCATE)"])
        return said is not None and said[0] == 0

    def vacuum(self, tables: Sequence[str]) -> None:
        """PostgreSQL: clear the rows of these tables that nobody can see any more."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")

    def _alone(self, statements: Sequence[str]) -> Any:
        """The first row of the last statement, () if it has none, on a connection of its own that holds no
        transaction; None where the file was busy."""
        assert self.file
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            try:
                for statement in (*PRAGMAS, *statements):
                    found = connection.execute(statement).fetchone()
            except sqlite3.OperationalError as error:
                if "locked" in str(error) or "busy" in str(error):
                    return None
                raise
        return found or ()

    def _backup(self, revision: str) -> None:
        assert self.file
        copy_of = f"{self.file}.before-{head()}"
        with closing(sqlite3.connect(self.file)) as old, closing(sqlite3.connect(copy_of)) as copy:
            old.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def close(self) -> None:
        with self._watching:
            if self._watcher:
                self._watcher.close()
            self._watcher = None
        self._engine.dispose()
        self._shared[memory.MEMORY] = memory.Memory()  # another file may lie there when it is opened again


def open_database(settings: Settings) -> Database:
    """The archive of these settings, at head. A SQLite file is made and migrated, PostgreSQL only looked at."""
    try:
        database = Database(settings.url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError("KLE_DATABASE_URL", settings.database_url, str(error)) from None
    try:
        _prepare(database)
    except Exception:
        database.close()
        raise
    return database


def _prepare(database: Database) -> None:
    try:
        if database.file:
            database.file.parent.mkdir(parents=True, exist_ok=True)
            database.migrate()
        elif not database.at_head():
            raise NotReady("the PostgreSQL database is not at this version's schema: run `kle db upgrade` once")
    except (OSError, DatabaseError) as error:
        if damage.told(error):
            raise
        reason = str(getattr(error, "orig", error)).strip()
        where = database.url.render_as_string(hide_password=True)
        raise SettingsError("KLE_DATABASE_URL", where, f"cannot be opened: {reason}") from None
    database.refresh_index()


def _engine(url: URL, read_only: bool) -> Engine:
    more: dict[str, Any] = {"pool_size": 20, "max_overflow": 30}
    if read_only and url.get_backend_name() == "sqlite":
        more["creator"] = lambda: _open_to_read(str(url.database))
    engine = create_engine(url, json_serializer=_dumps, json_deserializer=orjson.loads, pool_pre_ping=True, **more)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect_to_read if read_only else _on_connect)
        event.listen(engine, "begin", _on_begin)
    event.listen(engine, "before_cursor_execute", deadline.before_statement)
    return engine


def _dumps(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in PRAGMAS:
        _patiently(connection, pragma)


def _on_connect_in_passing(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA cache_size = -4000")


def _open_to_read(file: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, check_same_thread=False)


def _on_connect_to_read(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        if "wal" not in pragma.lower():
            connection.execute(pragma)


def _patiently(connection: Any, pragma: str) -> None:
    """Where two processes turn a new file to WAL at once, SQLite tells one that it is locked, without waiting."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute(pragma)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _on_begin(connection: Connection) -> None:
    """A writer says whether its commit waits for the disk: in WAL mode, NORMAL may lose the last ones of a power
    cut, never an older one or the file."""
    write = connection.get_execution_options().get("write")
    if write:
        connection.exec_driver_sql(f"PRAGMA synchronous = {write}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _revision(connection: Connection) -> str | None:
    try:
        with connection.begin_nested():
            return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    except OperationalError as error:
        if "no such table" not in str(error):
            raise
    except SQLAlchemyError:
        pass  # PostgreSQL: the table is not there yet
    return None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
