"""Fixtures for every room: an empty, migrated archive on each database, and a clock that stands still."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.database import Database
from tests.postgres import Postgres, Unavailable

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's kle.toml, data or KLE_ variables."""
    for name in list(os.environ):
        if name.startswith("KLE_") and not name.startswith(("KLE_TEST_", "KLE_REQUIRE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may open sockets to this machine alone."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not str(host).startswith("127.") and host not in ("::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """KLE_TEST_POSTGRES_URL, else a temporary cluster of our own; skipped, or under KLE_REQUIRE_POSTGRES failed."""
    try:
        server = Postgres.find_or_start()
    except Unavailable as missing:
        if os.environ.get("KLE_REQUIRE_POSTGRES") == "1":
            pytest.fail(f"KLE_REQUIRE_POSTGRES=1, but {missing}")
        pytest.skip(f"PostgreSQL tests skipped: {missing}")
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind, nothing migrated."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kle.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.empty_database() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty archive at head, on each database."""
    opened = Database(database_url)
    opened.migrate()
    yield opened
    opened.close()
