"""A terminal for the commands, and an archive on disk in the folder where they run."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kle.cli import app

Kle = Callable[..., Result]
FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Office</title><link>https://office.example/</link>
<item><guid>https://office.example/1</guid><link>https://office.example/1</link><title>Reform talks</title>
<description>Advisors and a general met on peshmerga reform.</description>
<pubDate>Mon, 18 Aug 2025 10:00:00 GMT</pubDate></item>
<item><guid>https://office.example/2</guid><link>https://office.example/2</link><title>Training</title>
<description>Forty soldiers finished a course.</description>
<pubDate>Tue, 19 Aug 2025 10:00:00 GMT</pubDate></item>
</channel></rss>
"""
SOURCE = """[[source]]
name = "office"
kind = "feed"
path = "office.rss"
url = "https://office.example/rss"
every = "1h"
"""


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Commands set up logging for their process; the next test starts as this one did."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that are not about tags do without the second that loading the model takes."""
    monkeypatch.setenv("KLE_MODEL", "none")


@pytest.fixture
def kle() -> Kle:
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A kle.toml with one source, a feed of two posts beside it."""
    (tmp_path / "kle.toml").write_text(SOURCE, "utf-8")
    (tmp_path / "office.rss").write_text(FEED, "utf-8")
    return tmp_path
