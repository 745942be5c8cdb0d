"""Bluesky: the feed and the repository page by page, deletions, wishes, and accounts that are gone."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from collector.fetch import Fetcher
from collector.platforms import _bluesky, bluesky
from core import times
from core.errors import ParseError, RateLimited, Refused, SettingsError
from core.page import Page
from core.post import Problem, SeenPost
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source, ids

DID = "did:plc:officeofexample2222222222"
XRPC = "/xrpc/"
FEED = XRPC + "app.bsky.feed.getAuthorFeed?actor=office.example&filter=posts_with_replies&limit=100"
RECORDS = XRPC + "com.atproto.repo.listRecords?repo=office.example&collection=app.bsky.feed.{}&limit=100"
PROFILE = XRPC + "com.atproto.repo.getRecord?repo=office.example&collection=app.bsky.actor.profile&rkey=self"
WISH = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "!no-unauthenticated"}]}


def uri(day: int) -> str:
    return f"at://{DID}/app.bsky.feed.post/post{day:02d}"


def view(day: int, **more: Any) -> dict[str, Any]:
    when = f"2026-05-{day:02d}T07:00:00.000Z"
    return {
        "uri": uri(day), "author": {"did": DID, "handle": "office.example"}, "indexedAt": when, "likeCount": day,
        "record": {"$type": "app.bsky.feed.post", "text": f"Day {day}", "createdAt": when}, **more,
    }  # fmt: skip


def shows(api: Api, *days: int, path: str = FEED, older: str | None = None) -> None:
    api.say(path, {"feed": [{"post": view(day)} for day in days], **({"cursor": older} if older else {})})


def posts_path(*days: int) -> str:
    return XRPC + "app.bsky.feed.getPosts?" + "&".join(f"uris={quote(uri(day), safe='')}" for day in days)


@pytest.fixture
def source(api: Api, fetcher: Fetcher) -> Source:
    return Source("bluesky", fetcher, account="@office.example", base_url=api.url)


@pytest.fixture
def repository(api: Api, fetcher: Fetcher) -> Source:
    api.say(XRPC + "com.atproto.repo.describeRepo?repo=office.example", {"handle": "Office.example", "did": DID})
    api.say(PROFILE, {"error": "RecordNotFound"}, status=400)
    api.say(RECORDS.format("post"), {"records": [record("post", 3), record("post", 2)], "cursor": "key02"})
    api.say(RECORDS.format("post") + "&cursor=key02", {"records": [record("post", 1)]})
    subject = {"uri": "at://did:plc:other/app.bsky.feed.post/abc"}
    api.say(RECORDS.format("repost"), {"records": [record("repost", 4, subject=subject)]})
    return Source("bluesky", fetcher, account="@office.example", base_url=api.url, via="repository")


def record(collection: str, number: int, **more: Any) -> dict[str, Any]:
    value = {"text": f"Record {number}", "createdAt": f"2026-05-0{number}T07:00:00Z", **more}
    return {"uri": f"at://{DID}/app.bsky.feed.{collection}/key{number:02d}", "cid": "c", "value": value}


def read(document: Any, url: str = "") -> list[SeenPost | Problem]:
    return list(bluesky.parse(Page(url, json.dumps(document).encode(), times.now())))


def test_pages_follow_the_cursor_and_a_quiet_account_costs_one_request(api: Api, source: Source) -> None:
    shows(api, 9, 8, older="2026-05-08T07:00:00.000Z")
    shows(api, 7, path=FEED + "&cursor=2026-05-08T07:00:00.000Z")
    assert ids(source.look()) == [f"{DID}/post09", f"{DID}/post08", f"{DID}/post07"]
    api.since()
    assert source.look() == []
    assert api.asked == [FEED]


def test_new_posts_are_read_back_to_the_known_ones_after_a_kill_too(api: Api, source: Source) -> None:
    shows(api, 3)
    source.look()
    shows(api, 9, 8, older="c8")
    shows(api, 7, 6, path=FEED + "&cursor=c8", older="c6")
    shows(api, 5, 3, path=FEED + "&cursor=c6", older="c3")
    assert len(source.look(pages=1)) == 2
    api.since()
    assert ids(source.look()) == [f"{DID}/post0{n}" for n in (7, 6, 5, 3)]
    assert api.asked == [FEED, FEED + "&cursor=c8", FEED + "&cursor=c6"]


def test_a_post_that_vanished_and_that_the_server_no_longer_has_is_deleted(api: Api, source: Source) -> None:
    shows(api, 9, 8, 7)
    source.look()
    shows(api, 9)
    api.say(posts_path(8, 7), {"posts": [view(7)]})
    found = source.look()
    assert [post.platform_id for post in found if post.deleted] == [f"{DID}/post08"]
    shows(api, 9, 5)
    api.since()
    source.look()
    assert api.asked == [FEED]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_account_that_is_not_there_or_deactivated_is_told(api: Api, source: Source, status: int) -> None:
    api.say(FEED, {"error": "AccountDeactivated", "message": "Account is deactivated"}, status=status)
    with pytest.raises(Refused, match="deactivated or suspended"):
        source.look()


def test_too_many_requests_are_the_schedules_to_wait_for(api: Api, source: Source) -> None:
    api.say(FEED, {"error": "RateLimitExceeded"}, status=429, **{"Retry-After": "60"})
    with pytest.raises(RateLimited) as told:
        source.look()
    assert told.value.retry_after == 60


def test_a_repository_is_read_whole_with_the_accounts_handle(api: Api, repository: Source) -> None:
    posts = repository.look()
    assert ids(posts) == [f"{DID}/key0{n}" for n in (3, 2, 1, 4)]
    assert {post.account.handle for post in posts if post.account} == {"@office.example"}
    assert posts[0].url == "https://bsky.app/profile/office.example/post/key03"
    assert (posts[3].kind, posts[3].repeats) == ("repost", "bluesky:did:plc:other/abc")
    api.since()
    repository.look()
    assert api.asked == [PROFILE, RECORDS.format("post"), RECORDS.format("repost")]


def test_an_account_that_wants_no_outside_readers_is_not_collected(api: Api, repository: Source) -> None:
    api.say(PROFILE, {"uri": "at://x", "value": {"labels": WISH}})
    with pytest.raises(Refused, match="no-unauthenticated"):
        repository.look()
    assert api.asked[-1] == PROFILE


def test_a_profile_that_cannot_be_asked_for_stops_the_round(api: Api, repository: Source) -> None:
    api.say(PROFILE, {"error": "AuthRequired"}, status=401)
    with pytest.raises(Refused, match="401"):
        repository.look()


@pytest.mark.parametrize("place", ["author", "view", "record"])
def test_the_authors_wish_is_kept_wherever_it_stands(place: str) -> None:
    shown = view(1)
    label = [{"val": "!no-unauthenticated", "src": DID}]
    if place == "author":
        shown["author"]["labels"] = label
    elif place == "view":
        shown["labels"] = label
    else:
        shown["record"]["labels"] = WISH
    (problem,) = read({"posts": [shown]})
    assert isinstance(problem, Problem)
    assert "account only" in problem.error


@pytest.mark.parametrize(
    ("created", "kept"),
    [
        ("2026-05-01T06:59:00Z", "2026-05-01T06:59:00Z"),
        ("2026-05-01T07:05:00Z", "2026-05-01T07:05:00Z"),
        ("2026-05-01T09:00:00Z", "2026-05-01T07:00:00Z"),
        ("1970-01-01T00:00:00Z", "2026-05-01T07:00:00Z"),
        ("May 1", "2026-05-01T07:00:00Z"),
        (None, "2026-05-01T07:00:00Z"),
    ],
)
def test_a_time_that_cannot_be_gives_way_to_when_it_was_indexed(created: str | None, kept: str) -> None:
    (post,) = read({"posts": [view(1, record={"text": "x", "createdAt": created})]})
    assert isinstance(post, SeenPost)
    assert post.created_at == times.parse(kept)


def test_record_keys_hold_the_time_of_writing() -> None:
    moment = times.parse("2026-05-04T07:19:24.123456Z")
    value = round((moment - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1)) << 10 | 17
    letters = "234567abcdefghijklmnopqrstuvwxyz"
    assert _bluesky.tid_time("".join(letters[value >> 5 * i & 31] for i in range(12, -1, -1))) == moment
    for other in ("self", "legacy-key", "zzzzzzzzzzzzz", "2222222222222"):
        assert _bluesky.tid_time(other) is None


def test_links_come_in_reading_order_whatever_the_offsets_are() -> None:
    def facet(start: Any, url: str) -> dict[str, Any]:
        return {"index": {"byteStart": start}, "features": [{"uri": url}]}

    facets = [facet(90, "https://b.example"), facet(5, "https://a.example"), facet(-4, "javascript:x"),
              facet("7", "https://c.example")]  # fmt: skip
    (post,) = read({"posts": [view(1, record={"text": "x", "facets": facets})]})
    assert isinstance(post, SeenPost)
    assert post.links == ("https://c.example", "https://a.example", "https://b.example")


def test_the_forms_of_one_post_and_of_live_changes_are_read() -> None:
    assert [len(read(form)) for form in (view(1), {"post": view(1)}, [view(1), view(2)], record("post", 1))] == [
        1,
        1,
        2,
        1,
    ]
    flat = {"thread": [{"uri": uri(1), "depth": 0, "value": {"post": view(1)}}]}
    assert len(read(flat)) == 1
    commit = {"operation": "delete", "collection": "app.bsky.feed.repost", "rkey": "key1"}
    (gone,) = read({"did": DID, "kind": "commit", "commit": commit})
    assert isinstance(gone, SeenPost)
    assert (gone.id, gone.kind, gone.deleted) == (f"bluesky:{DID}/key1", "repost", True)


def test_an_error_and_another_document_are_refused_with_the_reason() -> None:
    with pytest.raises(ParseError, match="Profile not found"):
        read({"error": "InvalidRequest", "message": "Profile not found"})
    for other in ({"followers": []}, "text", 7):
        with pytest.raises(ParseError):
            read(other)


@pytest.mark.parametrize("account", ["", "office", "@office", "https://office.example/"])
def test_an_account_that_is_no_name_stops_the_start(fetcher: Fetcher, account: str) -> None:
    with pytest.raises(SettingsError, match="needs account"):
        Source("bluesky", fetcher, account=account)


@pytest.mark.parametrize("account", [DID, "@Office.example", "https://bsky.app/profile/office.example"])
def test_an_account_is_a_handle_a_did_or_a_profile(fetcher: Fetcher, account: str) -> None:
    assert Source("bluesky", fetcher, account=account)
