"""How a look can end, for every kind that reads the web: in the terminal, in the API, and in the coverage."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina
from starlette.testclient import TestClient

from alerts.desk import Desk
from api.app import create_app
from collector.fetch import Fetcher
from core import settings as knobs
from core import times
from core.guard import Guard
from core.outcome import GOOD
from db.database import Database, open_database
from tests.api.site import client
from tests.collector.conftest import LOOPBACK
from tests.collector.looks import NOW, Looker
from tests.collector.pages import rss
from tests.collector.platforms.api import Api, Said, running
from tests.contracts.fakes import fake, networked

HOUR = timedelta(hours=1)
LIMITED = Said(b"slow down", 429, {"Retry-After": "36000"})
BROKEN = Said({"error": "oh no"}, 500)
every_kind = pytest.mark.parametrize("kind", networked())


@pytest.fixture
def server() -> Iterator[Api]:
    with running() as api, stamina.set_testing(True, attempts=1):
        yield api


def said(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def application(database: Database) -> TestClient:
    return client(create_app(knobs.load(), database, dict, Desk.of(knobs.load())))


@pytest.fixture
def look(database: Database, server: Api, tmp_path: Path) -> Iterator[Looker]:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path) as fetcher:
        yield Looker(database, tmp_path, fetcher)


class Watched:
    """One source, looked at every hour as the clock of `look` says, and what the API says of it at that time."""

    def __init__(self, look: Looker, server: Api, kind: str, patch: pytest.MonkeyPatch, **more: Any) -> None:
        fake(kind).say(server)
        self.options = {"kind": kind, "every": "1h", **fake(kind).options(server.url), **more}
        self.server, self.look = server, look
        self._client = application(look.database)
        patch.setattr(times, "now", lambda: look.now)

    def meets(self, said: Said | None = None) -> tuple[str, timedelta, int]:
        """Look when it is due, while the server says this: how it ended, when next, failures in a row."""
        self.look.now = self._due() or self.look.now
        self.server.fault = lambda path: said
        ending = self.look(**self.options).ending
        due = self._due()
        assert due
        return ending, due - self.look.now, self._source()["failures"]

    def gaps(self, since: datetime | None) -> tuple[list[dict[str, Any]], bool]:
        asked = {"since": times.text(since)} if since else {}
        found = said(self._client.get("/api/v1/coverage", params=asked))
        return found["sources"][0]["gaps"], found["complete"]

    def endings(self) -> list[str]:
        return [run["outcome"] for run in said(self._client.get("/api/v1/runs?source=s"))["items"]]

    def _source(self) -> dict[str, Any]:
        (found,) = said(self._client.get("/api/v1/sources"))["items"]
        return dict(found)

    def _due(self) -> datetime | None:
        found = said(self._client.get("/api/v1/sources"))["items"]
        return times.parse(found[0]["next_due_at"]) if found else None


@every_kind
def test_failures_back_off_twice_as_long_each_and_leave_a_gap_until_the_server_is_back(
    kind: str, look: Looker, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Watched(look, server, kind, monkeypatch)
    assert source.meets() == ("ok", HOUR, 0)
    assert source.gaps(NOW) == ([], True)
    assert [source.meets(BROKEN) for _ in range(3)] == [
        ("failed", n * HOUR, f) for n, f in ((1, 1), (2, 2), (4, 3))
    ]
    ending, wait, failures = source.meets(LIMITED)
    assert (ending, failures) == ("rate_limited", 4)
    assert wait >= 10 * HOUR, "the server's own time"
    look.now += HOUR
    ((gap,), complete) = source.gaps(NOW)
    assert (gap["from"], gap["until"], complete) == (times.text(NOW), times.text(look.now), False)
    assert "429" in gap["reason"]
    ending, wait, failures = source.meets()
    assert (ending in GOOD, wait, failures) == (True, HOUR, 0)
    back = look.now
    source.meets()
    ((gap,), _) = source.gaps(NOW)
    assert (gap["from"], gap["until"]) == (times.text(NOW), times.text(back))
    assert "429" in gap["reason"]
    assert source.gaps(back) == ([], True)
    good = source.endings()
    assert good[2:-1] == ["rate_limited", "failed", "failed", "failed"]
    assert {*good[:2], good[-1]} <= set(GOOD)


def test_a_feed_without_entries_and_one_that_did_not_change_are_good_looks(
    look: Looker, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Watched(look, server, "feed", monkeypatch)
    assert [source.meets()[0] for _ in range(2)] == ["ok", "not_modified"]
    server.say("/rss.xml", rss().encode(), **{"Content-Type": "application/rss+xml"})
    assert source.meets() == ("empty", HOUR, 0)
    assert source.gaps(NOW) == ([], True)


def test_a_page_that_robots_txt_closes_fails_with_that_reason_until_it_opens(
    look: Looker, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Watched(look, server, "article", monkeypatch)
    server.say("/robots.txt", b"User-agent: *\nDisallow: /a/", **{"Content-Type": "text/plain"})
    assert source.meets() == ("failed", HOUR, 1)
    assert server.asked == ["/robots.txt"]
    look.now += 3 * HOUR
    ((gap,), _) = source.gaps(NOW - HOUR)
    assert "robots.txt" in gap["reason"]
    with Fetcher(Guard(LOOPBACK), base_dir=Path()) as tomorrow:  # the rules are asked for again after a day
        server.say("/robots.txt", b"User-agent: *\nAllow: /", **{"Content-Type": "text/plain"})
        look.fetcher = tomorrow
        assert source.meets() == ("ok", HOUR, 0)


def test_a_first_look_that_failed_is_told_where_nobody_says_since_when(
    look: Looker, server: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Watched(look, server, "feed", monkeypatch)
    assert source.meets(BROKEN)[0] == "failed"
    look.now += 5 * HOUR
    ((gap,), complete) = source.gaps(None)
    assert ("500" in gap["reason"], complete) == (True, False)


# -- in the terminal ----------------------------------------------------------------------------------------


def written(kind: str, url: str) -> str:
    """A kle.toml with one source of this kind, of the same name."""
    options = {"name": kind, "kind": kind, "every": "1h", **fake(kind).options(url)}
    lines = (f"{name} = {json.dumps(value)}" for name, value in options.items())
    return 'allow_private_networks = "127.0.0.0/8"\npace = 0\n[[source]]\n' + "\n".join(lines) + "\n"


@every_kind
def test_the_terminal_and_the_api_tell_the_same_of_every_kind(
    kind: str, kle: Any, server: Api, tmp_path: Path
) -> None:
    fake(kind).say(server)
    (tmp_path / "kle.toml").write_text(written(kind, server.url), "utf-8")
    (first,) = json.loads(kle("collect", "--json").stdout)["items"]
    assert (first["outcome"], first["error"]) == ("ok", None)
    assert first["posts_new"] >= 2
    assert kle("sources", "run", kind).exit_code == 0
    server.fault = lambda path: LIMITED
    limited = kle("sources", "run", kind)
    assert limited.exit_code == 1
    assert f"{kind}: rate_limited:" in limited.stdout
    server.fault = lambda path: BROKEN
    broken = kle("collect", kind)
    assert broken.exit_code == 1
    assert f"{kind}: failed:" in broken.stdout
    (row,) = json.loads(kle("sources", "list", "--json").stdout)["items"]
    database = open_database(knobs.load())
    try:
        shown = application(database)
        assert said(shown.get("/api/v1/sources"))["items"] == [row]
        runs = said(shown.get("/api/v1/runs", params={"source": kind}))["items"]
        (looked,) = said(shown.get("/api/v1/coverage"))["sources"]
    finally:
        database.close()
    assert (row["failures"], row["last_run"]["outcome"]) == (2, "failed")
    assert [run["outcome"] for run in runs[:2]] == ["failed", "rate_limited"]
    assert runs[-1]["posts_new"] == first["posts_new"]
    assert (looked["source"], looked["runs"], looked["ok"], looked["failed"]) == (kind, 4, 2, 2)
