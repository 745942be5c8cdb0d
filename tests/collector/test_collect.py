"""One round of one source, on each database, against a real server on the loopback."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from collector import collect as story
from collector import intake
from collector.collect import collect
from collector.fetch import Fetcher
from collector.platforms import feed as feed_kind
from core import settings as core_settings
from core.outcome import Outcome
from core.settings import Settings
from db import coverage, directory, posts, sources
from db.database import Database
from db.hold import Hold
from db.models import Capture, Follow, Quarantine, Source, Version
from db.query import PostQuery
from tests.collector.pages import SIGNED, html, item, rss
from tests.collector.server import Site

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
WORKER = "here:1:a"
EMBED = f'<blockquote class="twitter-tweet"><p lang="en">Hello there.</p>{SIGNED}</blockquote>'
Round = Callable[..., Outcome]


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


@pytest.fixture
def look(database: Database, fetcher: Fetcher, clock: list[datetime], tmp_path: Path) -> Round:
    """Configure the source "s" and look once."""

    def once(name: str = "s", **options: Any) -> Outcome:
        with database.write() as session:
            directory.sync(session, configured(tmp_path, name, options), [], clock[0])
            source = sources.claim_named(session, name, WORKER, clock[0])
        return collect(database, source, fetcher, WORKER, lambda: clock[0], lambda: 0.5)

    return once


def configured(folder: Path, name: str, options: dict[str, Any]) -> Settings:
    return core_settings.load().model_copy(
        update={"tables": {"source": [{"name": name, **options}]}, "config": folder / "kle.toml"}
    )


def archived(database: Database) -> list[dict[str, Any]]:
    with database.read() as session:
        return posts.page(session, PostQuery.build(), sort="oldest").items


def state_of(database: Database, name: str = "s") -> Source:
    with database.read() as session:
        return session.exec(select(Source).where(Source.name == name)).one()


def count(database: Database, table: type) -> int:
    with database.read() as session:
        return len(session.exec(select(table)).all())


def feed(site: Site, *links: str, text: str = "words") -> str:
    items = (item(title=f"Talks {link}", link=f"{site.url}{link}", description=text) for link in links)
    site.pages["/rss"] = ("application/rss+xml", rss(*items).encode())
    return f"{site.url}/rss"


def test_a_round_archives_posts_with_capture_and_says_when_next(
    look: Round, database: Database, site: Site
) -> None:
    outcome = look(kind="feed", url=feed(site, "/1", "/2"))
    assert (outcome.ending, outcome.posts, outcome.posts_new) == ("ok", 2, 2)
    assert len(archived(database)) == 2
    assert count(database, Capture) == 1
    source = state_of(database)
    assert source.state["etag"]
    assert source.next_due_at == NOW + timedelta(minutes=15)
    assert source.claimed_by is None


def test_looking_again_changes_nothing(look: Round, database: Database, site: Site) -> None:
    url = feed(site, "/1")
    look(kind="feed", url=url)
    assert look(kind="feed", url=url).ending == "not_modified"
    feed(site, "/1", "/2")
    outcome = look(kind="feed", url=url)
    assert (outcome.ending, outcome.posts, outcome.posts_new) == ("ok", 2, 1)
    feed(site, "/1", "/2", text="other words")
    assert look(kind="feed", url=url).posts_changed == 2
    assert count(database, Version) == 4


def test_an_empty_feed_is_empty_and_not_a_failure(look: Round, database: Database, site: Site) -> None:
    assert look(kind="feed", url=feed(site)).ending == "empty"
    assert state_of(database).failures == 0


def test_a_malformed_payload_fails_with_its_reason_and_what_is_stored_stays(
    look: Round, database: Database, site: Site
) -> None:
    url = feed(site, "/1")
    look(kind="feed", url=url)
    kept = state_of(database).state
    site.pages["/rss"] = ("text/html", b"<!doctype html><html><body>Maintenance</body></html>")
    for failures, quarters in ((1, 1), (2, 2), (3, 4)):
        outcome = look(kind="feed", url=url)
        assert outcome.ending == "failed"
        assert "web page, not a feed" in (outcome.error or "")
        source = state_of(database)
        assert (source.failures, source.next_due_at) == (failures, NOW + timedelta(minutes=15) * quarters)
        assert source.state == kept, "a payload that was not read is asked for again"
    assert len(archived(database)) == 1
    feed(site, "/1")
    assert look(kind="feed", url=url).ending in ("ok", "not_modified")
    assert state_of(database).failures == 0


def test_some_unreadable_items_are_put_aside_and_the_rest_goes_in(
    look: Round, database: Database, tmp_path: Path
) -> None:
    good = '{"platform":"x","platform_id":"5","kind":"post","text":"a"}'
    (tmp_path / "a.jsonl").write_text(f"{good}\n{{broken\n")
    outcome = look(kind="file", path="a.jsonl")
    assert (outcome.ending, outcome.posts, outcome.problems) == ("ok", 1, 1)
    with database.read() as session:
        assert session.exec(select(Quarantine)).one().error.startswith("line 2")


def test_a_payload_of_which_nothing_can_be_read_fails(look: Round, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"platform":"x"}\n')
    outcome = look(kind="file", path="a.jsonl")
    assert outcome.ending == "failed"
    assert "none of 1 items could be read; the first: line 1" in (outcome.error or "")


def test_a_server_that_asks_to_wait_is_asked_when_it_said(look: Round, database: Database, site: Site) -> None:
    outcome = look(kind="feed", url=f"{site.url}/status/429/7200")
    assert (outcome.ending, outcome.retry_after) == ("rate_limited", 7200)
    assert state_of(database).next_due_at >= NOW + timedelta(hours=2)


def test_nothing_but_an_outcome_comes_out(look: Round, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a kind's parse is that source's failure, not the collector's end."""
    monkeypatch.setattr(feed_kind, "parse", lambda page: iter([1 / 0]))
    outcome = look(kind="feed", url=feed(site, "/1"))
    assert (outcome.ending, outcome.error) == ("failed", "ZeroDivisionError: division by zero")


def test_one_bad_file_does_not_keep_the_others_out(look: Round, database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("no feed")
    (tmp_path / "b.xml").write_text(rss(item(title="t", guid="1")))
    outcome = look(kind="feed", path="*.xml")
    assert (outcome.ending, outcome.posts_new) == ("failed", 1)
    assert set(state_of(database).state["files"]) == {"b.xml"}
    (tmp_path / "a.xml").write_text(rss(item(title="u", guid="2")))
    outcome = look(kind="feed", path="*.xml")
    assert (outcome.ending, outcome.posts) == ("ok", 1), "only the file that changed is read again"


def test_large_payloads_go_in_slices(
    look: Round, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake.archive, "MOST", 10)
    lines = (f'{{"platform":"x","platform_id":"{n}","kind":"post","text":"post {n}"}}\n' for n in range(1, 26))
    (tmp_path / "a.jsonl").write_text("".join(lines))
    assert look(kind="file", path="a.jsonl").posts_new == 25
    assert count(database, Capture) == 1
    assert look(kind="file", path="a.jsonl").ending == "not_modified"


def test_a_synthetic_source_marks_its_own_words_and_not_what_it_quotes(
    look: Round, database: Database, site: Site
) -> None:
    site.pages["/1"] = ("text/html", html(EMBED).encode())
    look(kind="article", url=f"{site.url}/1", synthetic=True)
    marked = {post["platform"]: post["synthetic"] for post in archived(database)}
    assert marked == {"article": True, "x": False}


def test_a_quoted_post_is_second_hand_through_its_article(look: Round, database: Database, site: Site) -> None:
    site.pages["/1"] = ("text/html", html(EMBED).encode())
    look(kind="article", url=f"{site.url}/1")
    (quoted,) = [post for post in archived(database) if post["platform"] == "x"]
    (sighting,) = quoted["sightings"]
    assert (sighting["source"], sighting["first_hand"], sighting["url"]) == ("s", False, f"{site.url}/1")


# -- following -----------------------------------------------------------------------------------------------


def test_a_feed_follows_its_entries_to_the_posts_that_their_pages_embed(
    look: Round, database: Database, site: Site
) -> None:
    site.pages["/1"] = ("text/html", html(EMBED).encode())
    site.pages["/2"] = ("text/html", html("").encode())
    outcome = look(kind="feed", url=feed(site, "/1", "/2"), follow_articles=True)
    assert outcome.ending == "ok"
    assert "x" in {post["platform"] for post in archived(database)}
    with database.read() as session:
        assert all(row.done_at and not row.error for row in session.exec(select(Follow)).all())
    asked = len(site.asked)
    look(kind="feed", url=f"{site.url}/rss", follow_articles=True)
    assert len(site.asked) == asked + 1, "a page that was read is not read again"


def test_without_the_option_nothing_is_followed(look: Round, database: Database, site: Site) -> None:
    look(kind="feed", url=feed(site, "/1"))
    assert count(database, Follow) == 0
    assert site.asked == ["/rss"]


def waiting(database: Database) -> dict[str, Follow]:
    with database.read() as session:
        return {row.url: row for row in session.exec(select(Follow).order_by(col(Follow.id))).all()}


@pytest.mark.parametrize("path", ["/status/500", "/gone", "/captcha"])
def test_a_page_that_fails_does_not_fail_the_round_and_is_tried_again_later(
    look: Round, database: Database, site: Site, clock: list[datetime], path: str
) -> None:
    """A page that is not there yet, or shows something else for now, may be there in a while."""
    site.pages["/captcha"] = ("text/html", b"<html><head><title>Just a moment...</title></head></html>")
    url = feed(site, path)
    outcome = look(kind="feed", url=url, follow_articles=True)
    assert outcome.ending == "ok"
    assert outcome.error and "(to be tried again)" in outcome.error
    follow = waiting(database)[site.url + path]
    assert (follow.done_at, follow.not_before) == (None, NOW + timedelta(minutes=10))
    asked = len(site.asked)
    look(kind="feed", url=url, follow_articles=True)
    assert len(site.asked) == asked + 1, "not before its time"
    clock[0] = NOW + timedelta(hours=1)
    site.pages[path] = ("text/html", html(EMBED).encode())
    assert look(kind="feed", url=url, follow_articles=True).ending == "ok"
    assert "x" in {post["platform"] for post in archived(database)}


def test_a_page_that_nobody_can_read_for_a_day_is_given_up_and_everybody_is_told(
    look: Round, database: Database, site: Site, clock: list[datetime]
) -> None:
    url = feed(site, "/gone")
    for hours in (0, 1, 3, 10, 40):
        clock[0] = NOW + timedelta(hours=hours)
        outcome = look(kind="feed", url=url, follow_articles=True, every="1d")
    assert outcome.error and "(given up)" in outcome.error
    assert outcome.problems == 1
    with database.read() as session:
        (shown,) = sources.list_sources(session, clock[0])
        looked = coverage.coverage(session, PostQuery.build(), clock[0])
        reasons = [row.error for row in session.exec(select(Quarantine)).all()]
    assert shown["pages"] == {"waiting": 0, "given_up": 1}
    assert (looked["complete"], looked["sources"][0]["missed_pages"]) == (False, 1)
    assert "1 page not read" in looked["note"]
    assert reasons == [f"{site.url}/gone answered 404: the page is gone; has it moved? (given up)"]


def test_waits_that_a_host_asks_for_are_no_tries(
    look: Round, database: Database, site: Site, clock: list[datetime]
) -> None:
    url = feed(site, "/status/429/60")
    for minutes in range(0, 60, 5):
        clock[0] = NOW + timedelta(minutes=minutes)
        look(kind="feed", url=url, follow_articles=True)
    (follow,) = waiting(database).values()
    assert (follow.done_at, follow.attempts) == (None, 0)


def test_a_page_that_the_site_closes_to_programs_is_given_up_at_once(
    look: Round, database: Database, site: Site
) -> None:
    site.pages["/robots.txt"] = ("text/plain", b"User-agent: *\nDisallow: /1")
    outcome = look(kind="feed", url=feed(site, "/1"), follow_articles=True)
    assert (outcome.ending, outcome.problems) == ("ok", 1)
    assert waiting(database)[f"{site.url}/1"].done_at


def test_a_correction_of_an_entry_reads_its_page_again(look: Round, database: Database, site: Site) -> None:
    site.pages["/1"] = ("text/html", html("<p>First words of the page.</p>").encode())
    look(kind="feed", url=feed(site, "/1", text="first words"), follow_articles=True)
    site.pages["/1"] = ("text/html", html("<p>Corrected words of the page.</p>").encode())
    outcome = look(kind="feed", url=feed(site, "/1", text="corrected words"), follow_articles=True)
    assert outcome.posts_changed == 1
    (post,) = archived(database)
    assert ("Corrected words" in post["text"], post["edits"]) == (True, 1)


def test_a_killed_round_loses_no_page_to_follow(
    look: Round, database: Database, site: Site, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queued in the transaction of the entry that names it, so that the next round reads it."""
    site.pages["/1"] = ("text/html", html(EMBED).encode())
    url = feed(site, "/1")
    with monkeypatch.context() as dying:
        dying.setattr(story, "_follow_all", killed)
        with pytest.raises(KeyboardInterrupt):
            look(kind="feed", url=url, follow_articles=True)
    clock[0] = NOW + timedelta(minutes=1)
    outcome = look(kind="feed", url=url, follow_articles=True)
    assert (outcome.ending, site.asked) == ("ok", ["/rss", "/rss", "/robots.txt", "/1"])
    assert "x" in {post["platform"] for post in archived(database)}


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_round_whose_source_was_taken_over_stops(
    database: Database, fetcher: Fetcher, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"kind": "feed", "url": feed(site, "/1")}
    with database.write() as session:
        directory.sync(session, configured(tmp_path, "s", options), [], NOW)
        source = sources.claim_named(session, "s", WORKER, NOW)
    with database.write() as session:
        sources.claim_named(session, "s", "here:2:b", NOW + timedelta(minutes=1))
    monkeypatch.setattr(story, "Hold", lambda *a, **k: Hold(*a, every=0.01, **k))
    slow = SlowFetcher(fetcher)
    outcome = collect(database, source, slow, WORKER, lambda: NOW, lambda: 0.5)  # type: ignore[arg-type]
    assert (outcome.ending, outcome.posts) == ("failed", 0)
    assert "another process" in (outcome.error or "")
    assert state_of(database).claimed_by == "here:2:b"


class SlowFetcher:
    """Takes so long that the claim is renewed meanwhile."""

    def __init__(self, inner: Fetcher) -> None:
        self._inner = inner

    def pages(self, *arguments: Any) -> Any:
        time.sleep(0.3)
        return self._inner.pages(*arguments)


def test_a_page_that_was_long_in_reading_is_not_archived_over_what_another_process_read_meanwhile(
    database: Database, fetcher: Fetcher, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that slept between a page and its archive wakes with words that are old by now."""
    options = {"kind": "feed", "url": feed(site, "/1", text="old words")}
    later = NOW + timedelta(minutes=1)
    with database.write() as session:
        directory.sync(session, configured(tmp_path, "s", options), [], NOW)
        sleepy = sources.claim_named(session, "s", WORKER, NOW)
    parse = feed_kind.parse

    def after_a_sleep(page: Any) -> Any:
        monkeypatch.setattr(feed_kind, "parse", parse)
        feed(site, "/1", text="new words")
        with database.write() as session:
            other = sources.claim_named(session, "s", "here:2:b", later)
        assert collect(database, other, fetcher, "here:2:b", lambda: later, lambda: 0.5).ending == "ok"
        return parse(page)

    monkeypatch.setattr(feed_kind, "parse", after_a_sleep)
    collect(database, sleepy, fetcher, WORKER, lambda: NOW, lambda: 0.5)
    (post,) = archived(database)
    assert ("new words" in post["text"], post["versions"]) == (True, 1)
