"""A site on the loopback, and a fetcher that may reach it."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from collector.fetch import Fetcher
from core.guard import Guard
from tests.collector.server import Site, running

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as started:
        yield started


@pytest.fixture
def fetcher(tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, timeout=3, max_bytes=100_000, contact="a@b.example") as made:
        yield made


@pytest.fixture(autouse=True)
def _no_waiting_between_tries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield
