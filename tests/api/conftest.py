"""The small archive on each database: one for all who only read, a fresh one for those who write."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from db.database import Database
from tests.api.site import Site, fill


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    """Fresh: for tests that write."""
    return fill(database, tmp_path)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Filled once: for tests that only read."""
    folder = tmp_path_factory.mktemp("archive")
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{folder / 'kle.sqlite'}", folder)
        return
    with request.getfixturevalue("postgres").empty_database() as url:
        yield from _filled(url, folder)


def _filled(url: str, folder: Path) -> Iterator[Site]:
    database = Database(url)
    database.migrate()
    yield fill(database, folder)
    database.close()


@pytest.fixture(scope="session")
def inside(shared: Site) -> TestClient:
    """From this machine: everything may be read."""
    return shared.inside()


@pytest.fixture(scope="session")
def outside(shared: Site) -> TestClient:
    """From another machine, with `public_read`."""
    return shared.outside(public_read=True)
