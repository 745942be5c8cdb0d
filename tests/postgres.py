"""A PostgreSQL for the tests: what KLE_TEST_POSTGRES_URL names, else a temporary cluster on the loopback."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_OLDEST = 15
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


class Unavailable(Exception):
    """Why there is no PostgreSQL to test on."""


@dataclass
class Postgres:
    """`url` reaches a database in which others may be made."""

    url: str
    home: Path | None = None
    programs: Path | None = None

    @classmethod
    def find_or_start(cls) -> "Postgres":
        named = os.environ.get("KLE_TEST_POSTGRES_URL")
        if named:
            return cls(named.replace("postgresql+psycopg://", "postgresql://"))
        return cls._start(_programs())

    @classmethod
    def _start(cls, programs: Path) -> "Postgres":
        home = Path(tempfile.mkdtemp(prefix="kle-postgres-"))
        as_user = _as_postgres(home)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = home / "data"
        run = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "kle", "-A", "trust", "-E", "UTF8",
               "--locale=C.UTF-8", "--no-sync"]  # fmt: skip
        _check(run)
        knobs = " ".join(f"-c {k}" for k in (*_FAST, f"unix_socket_directories={home}"))
        start = f"-h 127.0.0.1 -p {port} {knobs}"
        _check(
            [
                *as_user,
                str(programs / "pg_ctl"),
                "-D",
                str(data),
                "-w",
                "-l",
                str(home / "log"),
                "-o",
                start,
                "start",
            ]
        )
        return cls(f"postgresql://kle@127.0.0.1:{port}/postgres", home, programs)

    def stop(self) -> None:
        """Only a cluster that we started."""
        if self.home and self.programs:
            stop = [str(self.programs / "pg_ctl"), "-D", str(self.home / "data"), "-m", "immediate", "stop"]
            subprocess.run([*_as_postgres(self.home), *stop], capture_output=True, check=False)
            shutil.rmtree(self.home, ignore_errors=True)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """A new database as SQLAlchemy's URL, dropped afterwards."""
        name = f"kle_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield self.url.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0] + f"/{name}"
        finally:
            with psycopg.connect(self.url, autocommit=True) as admin:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def database_on(self, folder: Path) -> Iterator[str]:
        """A new database whose tables lie in `folder`, of this machine; the rest of the server is elsewhere."""
        shutil.chown(folder, "postgres")
        name = f"kle_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
            admin.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
        try:
            yield self.url.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0] + f"/{name}"
        finally:
            with psycopg.connect(self.url, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                admin.execute(f"DROP TABLESPACE {name}")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    found += [Path(on_path).parent] if on_path else []
    for programs in found:
        version = subprocess.run([programs / "postgres", "-V"], capture_output=True, text=True, check=False).stdout
        digits = "".join(c if c.isdigit() else " " for c in version).split()
        if digits and int(digits[0]) >= _OLDEST:
            return programs
    raise Unavailable(f"no PostgreSQL {_OLDEST} or later is installed and KLE_TEST_POSTGRES_URL is not set")


def _as_postgres(home: Path) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings the user `postgres` for that."""
    if os.geteuid() != 0:
        return []
    try:
        shutil.chown(home, "postgres")
    except LookupError:
        raise Unavailable("root may not run PostgreSQL and there is no user postgres") from None
    return ["runuser", "-u", "postgres", "--"]


def _check(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Unavailable(f"{Path(command[-1]).name or command[0]} failed: {(done.stderr or done.stdout).strip()}")
