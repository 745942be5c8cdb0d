"""Small parts: bodies within bounds, kinds and their options, claims that are renewed."""

import gzip
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector import body, kinds
from collector.platforms import article, feed
from core.errors import CollectError, FetchError, Refused, SettingsError
from db import directory, sources
from db.database import Database
from db.hold import Hold
from db.models import Source
from tests.collector.test_collect import configured

TEXT = b"words " * 1000
RAW = zlib.compressobj(wbits=-15)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), "X-GZIP"),
        (zlib.compress(TEXT), "deflate"),
        (RAW.compress(TEXT) + RAW.flush(), "deflate"),
    ],
)
def test_every_packing_that_was_asked_for_is_read(packed: bytes, encoding: str) -> None:
    pieces = [packed[i : i + 7] for i in range(0, len(packed), 7)]
    assert body.read([b"", *pieces], encoding, body.Limit(100_000), time.monotonic() + 9) == TEXT


def test_damage_bombs_and_lateness_are_errors() -> None:
    with pytest.raises(FetchError, match="damaged"):
        body.read([b"not packed"], "gzip", body.Limit(100), 1e18)
    with pytest.raises(Refused, match="larger than 100 bytes"):
        body.read([gzip.compress(bytes(10_000_000))], "gzip", body.Limit(100), 1e18)
    with pytest.raises(FetchError, match="too slowly"):
        body.read([b"x"], "", body.Limit(100), 1.0, clock=lambda: 2.0)


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("feed", {}, "needs url"),
        ("feed", {"url": "rss.xml"}, "is not an address such as"),
        ("feed", {"url": "file:///etc/passwd"}, "is not an address"),
        ("feed", {"url": "https://a.example/", "path": "*.xml"}, "url names one page"),
        ("feed", {"url": "https://a.example/", "follow_article": True}, "there are url, path"),
        ("feed", {"url": "https://a.example/", "follow_articles": "perhaps"}, "boolean"),
        ("file", {}, "path.*is missing"),
        ("telegraph", {}, "is no kind of source; there are article, .*feed, file"),
    ],
)
def test_wrong_options_say_what_to_write(kind: str, options: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        kinds.target("s", kind, options)


def test_right_options_become_a_target() -> None:
    made = kinds.target("s", "feed", {"url": "https://a.example/rss", "follow_articles": True})
    assert made == feed.Target(url="https://a.example/rss", follow_articles=True)
    assert kinds.target("s", "article", {"path": "*.html"}) == article.Target(path="*.html")


def claimed(database: Database, folder: Path) -> int:
    with database.write() as session:
        settings = configured(folder, "s", {"kind": "feed", "url": "https://a.example/"})
        directory.sync(session, settings, [], NOW)
        source = sources.claim_named(session, "s", "here:1:a", NOW)
    assert source.id
    return source.id


def test_a_claim_is_held_as_long_as_the_work_lasts(database: Database, tmp_path: Path) -> None:
    ticking = [NOW]
    source_id = claimed(database, tmp_path)
    with Hold(database, Source, [source_id], "here:1:a", every=0.01, clock=lambda: ticking[0]) as claim:
        ticking[0] = NOW + timedelta(seconds=25)
        sooner_or_later(lambda: held_until(database) > NOW + timedelta(seconds=40))
        with database.write() as session:
            assert sources.claim_due(session, "here:2:b", NOW + timedelta(seconds=40)) is None
        claim.check()
        sooner_or_later(lambda: taken_over(database))  # PostgreSQL passes over a row that is just being renewed
        sooner_or_later(lambda: claim.lost)
        with pytest.raises(CollectError, match="another process"):
            claim.check()


def test_after_a_long_sleep_a_claim_is_asked_for_first(database: Database, tmp_path: Path) -> None:
    """The thread that renews slept too, and may wake later than the round."""
    ticking = [NOW]
    source_id = claimed(database, tmp_path)
    with Hold(database, Source, [source_id], "here:1:a", every=3600, clock=lambda: ticking[0]) as claim:
        ticking[0] = NOW + timedelta(seconds=45)
        claim.check()
        assert held_until(database) == NOW + timedelta(seconds=75)
        ticking[0] = NOW + timedelta(seconds=80)
        with database.write() as session:
            assert sources.claim_due(session, "here:2:b", ticking[0])
        assert claim.lost
        with pytest.raises(CollectError, match="another process"):
            claim.check()


def taken_over(database: Database) -> bool:
    with database.write() as session:
        return sources.claim_due(session, "here:2:b", NOW + timedelta(seconds=60)) is not None


def held_until(database: Database) -> datetime:
    with database.read() as session:
        found = sources.by_name(session, "s").claimed_until
    assert found
    return found


def sooner_or_later(holds: Callable[[], bool]) -> None:
    """However busy the machine is; the test that asks for more than a minute has failed."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
