"""Whole rounds into an archive, on each database: what comes twice changes nothing; edits and deletions count."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select, update

from collector.fetch import Fetcher
from core import terms
from db.database import Database
from db.models import Post, Version
from tests.collector.looks import Looker
from tests.collector.platforms import test_bluesky as bluesky
from tests.collector.platforms import test_bluesky_live as live
from tests.collector.platforms import test_dvids as dvids
from tests.collector.platforms import test_mastodon as mastodon
from tests.collector.platforms import test_x_oembed as oembed
from tests.collector.platforms import test_youtube as youtube
from tests.collector.platforms.api import Api, Said
from tests.collector.speaker import speaking

PAYLOADS = Path(__file__).parents[2] / "contracts" / "payloads"


@pytest.fixture
def look(database: Database, fetcher: Fetcher, tmp_path: Path) -> Looker:
    return Looker(database, tmp_path, fetcher)


@pytest.mark.parametrize("kind", ["mastodon", "bluesky", "youtube", "dvids", "x", "x_oembed"])
def test_saved_answers_are_archived_and_a_second_time_change_nothing(
    look: Looker, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "saved").mkdir()
    for number in (1, 2):
        for payload in (PAYLOADS / kind).iterdir():
            if not payload.name.endswith(".expected.json"):
                (tmp_path / "saved" / payload.name).write_bytes(payload.read_bytes() + b"\n" * number)
        outcome = look(kind=kind, path="saved/*")
        assert outcome.ending == "ok", outcome.error
        if number == 1:
            before, new = look.archived(), outcome.posts_new
    assert new > 0
    assert (outcome.posts_new, outcome.posts_changed) == (0, 0)
    assert look.archived() == before


def test_a_status_is_edited_and_deleted_on_mastodon(look: Looker, database: Database, api: Api) -> None:
    options = {"kind": "mastodon", "account": "@office@social.example", "base_url": api.url}
    api.say("/api/v1/accounts/lookup?acct=office", {"id": "109"})
    mastodon.shows(api, 30, 20, 10)
    assert look(**options).posts_new == 3
    assert look(**options).ending == "not_modified"
    api.say(mastodon.LIST, [mastodon.status(30, content="<p>Post 30, corrected</p>"), mastodon.status(10)])
    assert look(**options).posts_changed == 2
    found = look.archived()
    edited, deleted = found["mastodon:social.example/30"], found["mastodon:social.example/20"]
    assert (edited["text"], edited["versions"], edited["edits"]) == ("Post 30, corrected", 2, 1)
    assert deleted["deleted_at"]
    assert deleted["text"] == "Post 20"
    assert deleted["account"]["handle"] == "@office@social.example"


def test_the_edits_that_nobody_saw_are_versions_in_their_order(look: Looker, database: Database, api: Api) -> None:
    options = {"kind": "mastodon", "account": "@office@social.example", "base_url": api.url}
    api.say("/api/v1/accounts/lookup?acct=office", {"id": "109"})
    edits = [{**mastodon.edit(text, hour), "poll": None} for hour, text in ((7, "One"), (8, "Two"), (9, "Three"))]
    api.say(mastodon.LIST, [mastodon.status(30, content="<p>Three</p>", edited_at="2026-05-04T09:00:00.000Z")])
    api.say("/api/v1/statuses/30/history", edits)
    assert look(**options).ending == "ok"
    with database.read() as session:
        rows = session.exec(select(Version).order_by(col(Version.number))).all()
    assert [(row.number, row.change, row.text) for row in rows] == [
        (1, "first", "One"), (2, "edit", "Two"), (3, "edit", "Three"),
    ]  # fmt: skip


def test_a_post_is_deleted_on_bluesky(look: Looker, database: Database, api: Api) -> None:
    options = {"kind": "bluesky", "account": "@office.example", "base_url": api.url}
    bluesky.shows(api, 9, 8)
    look(**options)
    bluesky.shows(api, 9)
    api.say(bluesky.posts_path(8), {"posts": []})
    assert look(**options).posts_changed == 1
    deleted = look.archived()[f"bluesky:{bluesky.DID}/post08"]
    assert deleted["deleted_at"]
    assert (deleted["text"], deleted["kind"]) == ("Day 8", "post")


def test_what_a_stream_tells_is_archived_once_and_a_post_can_be_edited_and_deleted(
    look: Looker, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live._bluesky_live, "_QUIET", 0.3)
    bluesky.shows(api, 9)
    api.say(
        f"{bluesky.XRPC}app.bsky.actor.getProfile?actor=office.example", {"did": bluesky.DID, "handle": "o.example"}
    )
    with speaking() as speaker:
        stream = live.Archive(speaker, live.second, live.SECOND)
        options = {"kind": "bluesky", "account": "@office.example", "base_url": api.url, "live": "jetstream",
                   "jetstream": stream.url}  # fmt: skip
        assert look(**options).posts_new == 1
        changes = [live.commit(1), live.commit(2), live.commit(1, "update", "Corrected")]
        changes += [live.commit(9, "delete", rkey="post09"), live.commit(3), live.commit(3, "delete")]
        stream.events = [(live.now() + number, change) for number, change in enumerate(changes)]
        assert look(**options).ending == "ok"
        assert look(**options).posts_new == 0
    found = look.archived()
    edited, deleted = found[f"bluesky:{bluesky.DID}/key01"], found[f"bluesky:{bluesky.DID}/post09"]
    assert (edited["text"], edited["versions"], edited["edits"]) == ("Corrected", 2, 1)
    assert (deleted["text"], bool(deleted["deleted_at"])) == ("Day 9", True)
    assert [found[f"bluesky:{bluesky.DID}/key0{n}"]["versions"] for n in (2, 3)] == [1, 2]


def test_a_wish_of_the_author_withholds_the_words_from_outsiders(look: Looker, api: Api) -> None:
    wish = [{"val": "!no-unauthenticated", "src": bluesky.DID}]
    shown = bluesky.view(9)
    shown["author"]["labels"] = wish
    api.say(bluesky.FEED, {"feed": [{"post": shown}]})
    assert look(kind="bluesky", account="@office.example", base_url=api.url).posts_new == 1
    (post,) = look.archived().values()
    assert post["text"] == "Day 9"
    assert post["labels"] == ["!no-unauthenticated"]
    assert terms.apply(post, "public")["text"] is None


def test_a_whole_text_takes_the_place_of_the_short_one_and_no_search_undoes_that(
    look: Looker, database: Database, api: Api
) -> None:
    options = {"kind": "dvids", "query": "example", "types": ["news"], "key": dvids.KEY, "base_url": api.url}
    dvids.results(api, dvids.SEARCH + "&page=1", [dvids.found(1, "2026-05-04T07:00:00Z")])
    dvids.results(api, dvids.asset(1), dvids.found(1, "2026-05-04T07:00:00Z", body="The whole text."))
    look(**options)
    outcome = look(**options)
    assert (outcome.posts_new, outcome.posts_changed) == (0, 0)
    assert "The whole text." in look.archived()["dvids:news/1"]["text"]


def test_a_post_of_x_is_deleted_when_its_address_is_gone(look: Looker, database: Database, api: Api) -> None:
    options = {"kind": "x_oembed", "urls": [oembed.address(oembed.FIRST)], "base_url": api.url}
    api.say(oembed.path(oembed.FIRST), oembed.answer(oembed.FIRST))
    look(**options)
    api.say(oembed.path(oembed.FIRST), b"", status=404)
    assert look(**options).posts_changed == 1
    post = look.archived()[f"x:{oembed.FIRST}"]
    assert post["deleted_at"]
    assert post["text"] == "We met our partners."


def test_a_video_that_stands_is_not_edited_by_its_title_and_one_that_is_removed_is_deleted(
    look: Looker, api: Api
) -> None:
    options = {"kind": "youtube", "channel": youtube.CHANNEL, "base_url": api.url}
    api.say(youtube.ASKED, youtube.FEED)
    look(**options)
    before = look.essence()
    kept, removed = [post["platform_id"] for post in look.archived().values() if not post["deleted_at"]][:2]
    api.answer = lambda path: Said(b"Not Found", 404) if path == youtube.question(removed) else None
    api.say(youtube.question(kept), youtube.told(kept))
    look.now += timedelta(days=31)
    assert look(**options).error is None
    after = look.essence()
    assert after[f"youtube:{kept}"] == before[f"youtube:{kept}"]
    assert after[f"youtube:{removed}"]["deleted"]
    assert after[f"youtube:{removed}"]["text"] == before[f"youtube:{removed}"]["text"]


def due(database: Database, moment: datetime) -> None:
    """Every post is to be asked for again."""
    with database.write() as session:
        session.exec(update(Post).values(recheck_at=moment))  # type: ignore[call-overload]


def test_what_is_due_is_asked_for_again_and_gone_posts_are_told_by_that(
    look: Looker, database: Database, api: Api
) -> None:
    options = {"kind": "mastodon", "account": "@office@social.example", "base_url": api.url}
    api.say("/api/v1/accounts/lookup?acct=office", {"id": "109"})
    mastodon.shows(api, 30, 20, 10)
    look(**options)
    api.say("/api/v1/statuses/30", mastodon.status(30, favourites_count=99))
    api.say("/api/v1/statuses/20", {"error": "Record not found"}, status=404)
    api.say("/api/v1/statuses/10", {"error": "no"}, status=500)
    due(database, look.now)
    outcome = look(**options)
    assert (outcome.ending, outcome.posts_changed) == ("not_modified", 1)
    assert outcome.error and outcome.error.startswith("3 posts were due to be asked for again: ")
    found = look.archived()
    assert found["mastodon:social.example/30"]["metrics"]["likes"] == 99
    assert found["mastodon:social.example/20"]["deleted_at"]
    waiting = {row.platform_id: row.recheck_at for row in every_post(database)}
    assert waiting["social.example/20"] is None
    assert waiting["social.example/30"] and waiting["social.example/30"] > look.now
    assert waiting["social.example/10"] == look.now  # nobody could say: it stays due


def every_post(database: Database) -> list[Post]:
    with database.read() as session:
        return list(session.exec(select(Post)).all())


def test_a_recheck_that_reads_nothing_does_not_make_a_good_look_bad(
    look: Looker, database: Database, api: Api
) -> None:
    options = {"kind": "mastodon", "account": "@office@social.example", "base_url": api.url}
    api.say("/api/v1/accounts/lookup?acct=office", {"id": "109"})
    mastodon.shows(api, 30)
    look(**options)
    api.say("/api/v1/statuses/30", mastodon.status(30, visibility=""))
    due(database, look.now)
    outcome = look(**options)
    assert (outcome.ending, outcome.problems) == ("not_modified", 1)
    assert [row.recheck_at and row.recheck_at > look.now for row in every_post(database)] == [True]
