"""Bluesky: the feed and the repository page by page, deletions, wishes, and accounts that are gone."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.fetch import Fetcher
from collector.platforms import _bluesky, _bluesky_repository, bluesky
from core import times
from core.errors import CollectError, ParseError, RateLimited, Refused, SettingsError
from core.page import Page
from core.post import Account, Asked, Problem, SeenPost
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source, ids
from tests.collector.platforms.test_any_shape import DOCUMENT, Says, changed, places
from tests.contracts.test_platforms import PAYLOADS, harmless

DID = "did:plc:officeofexample2222222222"
XRPC = "/xrpc/"
FEED = XRPC + "app.bsky.feed.getAuthorFeed?actor=office.example&filter=posts_with_replies&limit=100"
RECORDS = XRPC + f"com.atproto.repo.listRecords?repo={DID}&collection=app.bsky.feed.{{}}&limit=100"
DESCRIBED = XRPC + "com.atproto.repo.describeRepo?repo=office.example"
AGAIN = XRPC + f"com.atproto.repo.describeRepo?repo={DID}"
PROFILE = XRPC + f"com.atproto.repo.getRecord?repo={DID}&collection=app.bsky.actor.profile&rkey=self"
INTENTS = XRPC + f"com.atproto.repo.getRecord?repo={DID}&collection=org.user-intents.declaration&rkey=self"
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
    return XRPC + "app.bsky.feed.getPosts?" + "&".join(f"uris={quote(uri(day), safe=':')}" for day in days)


@pytest.fixture
def source(api: Api, fetcher: Fetcher) -> Source:
    return Source("bluesky", fetcher, account="@office.example", base_url=api.url)


@pytest.fixture
def repository(api: Api, fetcher: Fetcher) -> Source:
    describes(api, "app.bsky.actor.profile", "app.bsky.feed.post")
    api.say(PROFILE, {"error": "RecordNotFound"}, status=400)
    api.say(RECORDS.format("post"), {"records": [record("post", 3), record("post", 2)], "cursor": "key02"})
    api.say(RECORDS.format("post") + "&cursor=key02", {"records": [record("post", 1)]})
    subject = {"uri": "at://did:plc:other/app.bsky.feed.post/abc"}
    api.say(RECORDS.format("repost"), {"records": [record("repost", 4, subject=subject)]})
    return Source("bluesky", fetcher, account="@office.example", base_url=api.url, via="repository")


def describes(api: Api, *collections: str, handle: str = "Office.example") -> None:
    for path in (DESCRIBED, AGAIN):
        api.say(path, {"handle": handle, "did": DID, "collections": list(collections)})


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


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (400, {"error": "AccountDeactivated", "message": "Account is deactivated"}, "switched this account off"),
        (400, {"error": "AccountTakedown", "message": "Account has been suspended"}, "taken this account down"),
        (400, {"error": "InvalidRequest", "message": "Profile not found"}, "Profile not found.*no such account"),
        (401, {"error": "AuthMissing", "message": "Authentication Required"}, "readers with an account only"),
        (403, "<html>", "may not show it"),
    ],
)
def test_an_account_that_is_not_there_is_told_with_the_servers_reason(
    api: Api, source: Source, status: int, error: Any, advice: str
) -> None:
    api.say(FEED, {"error": "InvalidRequest", "message": "Profile not found"}, status=400)
    api.say(XRPC + "app.bsky.actor.getProfile?actor=office.example", error, status=status)
    with pytest.raises(Refused, match=f"answered {status}.*(?i:{advice})") as told:
        source.look()
    assert told.value.answered == status


def test_a_feed_that_is_refused_tells_its_own_reason_where_no_profile_does(api: Api, source: Source) -> None:
    api.say(FEED, {"error": "BlockedActor", "message": "Requester has blocked actor"}, status=400)
    with pytest.raises(Refused, match=r"getAuthorFeed.*BlockedActor: Requester has blocked actor"):
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
    assert api.asked == [AGAIN, PROFILE, RECORDS.format("post"), RECORDS.format("repost")]


def test_what_the_owner_asks_of_readers_is_kept_with_each_record(api: Api, repository: Source) -> None:
    assert {post.account.wishes for post in repository.look() if post.account} == {()}
    describes(api, "app.bsky.actor.profile", "org.user-intents.declaration", handle="office.example")
    api.say(PROFILE, {"uri": "at://x", "value": {"labels": WISH}})
    denied = {"publicAccessArchive": {"allow": False}, "protocolBridging": {"allow": False}}
    api.say(INTENTS, {"uri": "at://x", "value": {**denied, "bulkDataset": {"allow": True}}})
    wishes = ("!no-unauthenticated", "intent:public_access_archive=disallow")
    assert {post.account.wishes for post in repository.look() if post.account} == {wishes}
    api.say(INTENTS, {"uri": "at://x", "value": {"bulkDataset": {"allow": False}, "publicAccessArchive": {}}})
    api.say(PROFILE, {"uri": "at://x", "value": {"labels": {"values": [{"val": "bot"}]}}})
    found = {post.account.wishes for post in repository.look() if post.account}
    assert found == {("intent:bulk_dataset=disallow",)}


def test_a_profile_that_cannot_be_asked_for_stops_the_round(api: Api, repository: Source) -> None:
    api.say(PROFILE, {"error": "AuthRequired"}, status=401)
    with pytest.raises(Refused, match="401"):
        repository.look()


def test_a_new_handle_is_the_accounts_from_the_next_round_on(api: Api, repository: Source) -> None:
    repository.look()
    describes(api, handle="new.example")
    assert {post.account.handle for post in repository.look() if post.account} == {"@new.example"}


def test_an_account_that_has_moved_is_read_where_it_lives_now(
    api: Api, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bluesky_repository, "_DIRECTORY", f"{api.url}/directory")
    document = {"service": [{"type": "AtprotoPersonalDataServer", "serviceEndpoint": f"{api.url}/old/"}]}
    api.say(f"/directory/{DID}", document)
    for server in ("/old", "/new"):
        api.say(server + AGAIN, {"handle": "office.example", "did": DID, "collections": []})
        api.say(server + RECORDS.format("post"), {"records": [record("post", 3 if server == "/old" else 4)]})
        api.say(server + RECORDS.format("repost"), {"records": []})
    source = Source("bluesky", fetcher, account=DID, via="repository")
    assert ids(source.look()) == [f"{DID}/key03"]
    api.say("/old" + AGAIN, {"error": "RepoDeactivated", "message": "Repo has been deactivated"}, status=400)
    with pytest.raises(Refused, match="moved to another server"):
        source.look()
    document["service"][0]["serviceEndpoint"] = f"{api.url}/new"
    assert ids(source.look()) == [f"{DID}/key04"]


@pytest.mark.parametrize(
    ("labels", "wishes"),
    [
        (None, None),
        ([], ()),
        ([{"val": "!no-unauthenticated", "src": DID}], ("!no-unauthenticated",)),
        ([{"val": "!no-unauthenticated", "src": "did:plc:moderator"}, {"val": "spam", "src": "did:plc:m"}], ()),
        ([{"val": "bot", "src": DID}, {"val": "!no-unauthenticated", "src": DID, "neg": True}], ()),
        ([{"val": "!no-unauthenticated"}, 7, {"src": DID}], ()),
    ],
)
def test_an_authors_wish_is_kept_and_no_label_of_others(labels: Any, wishes: Any) -> None:
    shown = view(1, labels=[{"val": "spam", "src": "did:plc:moderator"}])
    if labels is not None:
        shown["author"]["labels"] = labels
    (post,) = read({"posts": [shown]})
    assert isinstance(post, SeenPost)
    assert post.account
    assert (post.account.wishes, post.labels, post.text) == (wishes, (), "Day 1")


def test_the_labels_in_a_record_are_the_posts_in_every_form() -> None:
    values = [{"val": "graphic-media"}, {"val": "graphic-media"}, {"val": 7}, "odd"]
    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": values}
    shown = view(1)
    shown["record"]["labels"] = labels
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "post01"}
    forms = [
        {"posts": [shown]},
        {"records": [record("post", 1, labels=labels)]},
        {"did": DID, "time_us": 1, "kind": "commit", "commit": {**commit, "record": shown["record"]}},
    ]
    for form in forms:
        (post,) = read(form)
        assert isinstance(post, SeenPost)
        assert post.labels == ("graphic-media",)


def test_a_repost_keeps_no_words_that_their_author_does_not_want_shown_to_everybody() -> None:
    other = {"did": "did:plc:other", "handle": "other.example", "labels": []}
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": view(1)["author"], "uri": uri(2)}
    shown = {"post": view(1, author=other), "reason": reason}
    (post,) = read({"feed": [shown]})
    assert isinstance(post, SeenPost)
    assert post.text == "Day 1"
    other["labels"] = [{"val": "!no-unauthenticated", "src": "did:plc:other"}]
    (post,) = read({"feed": [shown]})
    assert isinstance(post, SeenPost)
    assert (post.kind, post.text, post.repeats) == ("repost", "", f"bluesky:{DID}/post01")


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


def test_the_first_years_entities_are_links_too() -> None:
    entities = [{"index": {"start": 9, "end": 20}, "type": "link", "value": "https://b.example"},
                {"index": {"start": 0}, "type": "mention", "value": "did:plc:x"}, 7,
                {"index": {"start": 1}, "type": "link", "value": "https://a.example"}]  # fmt: skip
    (post,) = read({"posts": [view(1, record={"text": "x", "entities": entities})]})
    assert isinstance(post, SeenPost)
    assert post.links == ("https://a.example", "https://b.example")


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


def test_one_refusal_among_many_answers_does_not_keep_the_others_out() -> None:
    lines = [{"error": "InvalidRequest", "message": "Profile not found"}, {"posts": [view(1)]}, {"followers": []}]
    first, post, last = read(lines)
    assert isinstance(first, Problem)
    assert "Profile not found" in first.error
    assert isinstance(post, SeenPost)
    assert isinstance(last, Problem)
    for others in (lines[:1], lines[2:], [lines[0], lines[2]]):
        with pytest.raises(ParseError):
            read(others)


@pytest.mark.parametrize("account", ["", "office", "@office", "https://office.example/"])
def test_an_account_that_is_no_name_stops_the_start(fetcher: Fetcher, account: str) -> None:
    with pytest.raises(SettingsError, match="needs account"):
        Source("bluesky", fetcher, account=account)


@pytest.mark.parametrize("account", [DID, "@Office.example", "https://bsky.app/profile/office.example"])
def test_an_account_is_a_handle_a_did_or_a_profile(fetcher: Fetcher, account: str) -> None:
    assert Source("bluesky", fetcher, account=account)


def asked(*numbers: str, kind: str = "post") -> list[Asked]:
    return [Asked(number if "/" in number else f"{DID}/{number}", kind) for number in numbers]


def again(source: Source, known: list[Asked]) -> list[tuple[str, bool]]:
    """What is there and what is gone, by the last part of its id."""
    pages = list(bluesky.recheck(source.target, source.fetcher, source.state, known))
    found = [item for page in pages for item in bluesky.parse(page)]
    assert all(isinstance(item, SeenPost) for item in found)
    return [(post.platform_id.rpartition("/")[2], post.deleted) for post in found if isinstance(post, SeenPost)]


def test_known_posts_are_asked_for_25_at_a_time(api: Api, source: Source) -> None:
    days = range(1, 29)
    api.say(posts_path(*days[:25]), {"posts": [view(day) for day in days[1:25]]})
    api.say(posts_path(*days[25:]), {"posts": []})
    found = again(source, asked(*(f"post{day:02d}" for day in days)))
    assert [number for number, gone in found if gone] == ["post01", "post26", "post27", "post28"]
    assert len(found) == 28
    (page, _) = bluesky.recheck(source.target, source.fetcher, {}, asked(*(f"post{day:02d}" for day in days)))
    assert page.about == tuple(f"{DID}/post{day:02d}" for day in days[:25])


def test_what_the_answer_holds_and_nobody_can_read_is_not_gone(api: Api, source: Source) -> None:
    api.say(posts_path(1), {"posts": [{"uri": uri(1), "record": {}}]})
    (page,) = bluesky.recheck(source.target, source.fetcher, {}, asked("post01"))
    assert [type(item) for item in bluesky.parse(page)] == [Problem]


PROFILED = XRPC + f"app.bsky.actor.getProfile?actor={DID}"


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        ({"error": "InvalidRequest", "message": "Profile not found"}, True),
        ({"error": "AccountTakedown", "message": "Account has been suspended"}, True),
        ({"error": "AccountDeactivated", "message": "Account is deactivated"}, False),
        ({"error": "AuthMissing", "message": "Authentication Required"}, False),
    ],
)
def test_posts_of_an_account_that_is_switched_off_are_not_gone_and_those_of_a_lost_one_are(
    api: Api, source: Source, error: Any, gone: bool
) -> None:
    api.say(posts_path(1, 2), {"posts": []})
    api.say(PROFILED, error, status=400)
    path = XRPC + f"com.atproto.repo.getRecord?repo={DID}&collection=app.bsky.feed.repost&rkey=key01"
    api.say(path, {"error": "InvalidRequest", "message": f"Could not find repo: {DID}"}, status=400)
    known = [*asked("post01", "post02"), *asked("key01", kind="repost")]
    if gone:
        assert again(source, known) == [("post01", True), ("post02", True), ("key01", True)]
        assert api.asked.count(PROFILED) == 1
        return
    for some in (known, known[2:]):
        with pytest.raises(Refused, match=error["error"]):
            again(source, some)


def test_reposts_are_asked_for_by_their_records_where_their_key_is_known(api: Api, source: Source) -> None:
    path = XRPC + f"com.atproto.repo.getRecord?repo={DID}&collection=app.bsky.feed.repost&rkey=key0{{}}"
    subject = {"uri": "at://did:plc:other/app.bsky.feed.post/abc"}
    api.say(path.format(1), record("repost", 1, subject=subject))
    api.say(path.format(2), {"error": "InvalidRequest", "message": "Could not locate record: at://x"}, status=400)
    api.say(PROFILED, {"did": DID, "handle": "Office.example", "labels": []})
    found = again(source, asked("key01", "key02", "~0123", "odd/", f"{DID}/a b", kind="repost"))
    assert found == [("key01", False), ("key02", True)]
    assert len(api.asked) == 3
    (page, _) = bluesky.recheck(source.target, source.fetcher, {}, asked("key01", "key02", kind="repost"))
    (post,) = bluesky.parse(page)
    assert isinstance(post, SeenPost)
    assert post.account == Account("bluesky", "@office.example", wishes=())


def test_the_posts_of_a_repository_that_nobody_holds_are_asked_for_where_feeds_are_shown(
    api: Api, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bluesky, "PUBLIC", api.url)
    monkeypatch.setattr(_bluesky_repository, "_DIRECTORY", f"{api.url}/directory")
    source = Source("bluesky", fetcher, account=DID, via="repository")
    api.say(f"/directory/{DID}", {"message": "DID not available"}, status=410)
    api.say(posts_path(1), {"posts": []})
    api.say(PROFILED, {"error": "InvalidRequest", "message": "Profile not found"}, status=400)
    assert again(source, asked("post01")) == [("post01", True)]


def test_the_records_of_a_repository_are_asked_for_on_its_own_server(api: Api, repository: Source) -> None:
    path = XRPC + f"com.atproto.repo.getRecord?repo={DID}&collection=app.bsky.feed.post&rkey=key0{{}}"
    api.say(path.format(1), record("post", 1))
    api.say(path.format(2), {"error": "RecordNotFound", "message": "Could not locate record: at://x"}, status=400)
    found = again(repository, asked("key01", "key02", "did:plc:other/key03"))
    assert found == [("key01", False), ("key02", True)]


@pytest.mark.parametrize("error", ["RepoNotFound", "RepoDeactivated", "RepoTakendown", "InvalidRequest"])
def test_an_account_that_its_server_does_not_show_deletes_no_post(api: Api, repository: Source, error: str) -> None:
    path = XRPC + f"com.atproto.repo.getRecord?repo={DID}&collection=app.bsky.feed.post&rkey=key01"
    api.say(path, {"error": error, "message": "Could not find repo"}, status=400)
    with pytest.raises(Refused, match=error):
        again(repository, asked("key01"))


def test_saved_answers_say_by_their_address_who_is_gone() -> None:
    lists = f"https://a.example{posts_path(1, 2)}"
    assert [post.deleted for post in read({"posts": [view(1)]}, lists) if isinstance(post, SeenPost)] == [
        False, True,
    ]  # fmt: skip
    missing = {"error": "RecordNotFound", "message": "Could not locate record"}
    question = (
        "https://a.example/xrpc/com.atproto.repo.getRecord?repo={}&collection=app.bsky.feed.repost&rkey=key01"
    )
    (gone,) = read(missing, question.format(DID))
    assert isinstance(gone, SeenPost)
    assert (gone.id, gone.kind, gone.deleted) == (f"bluesky:{DID}/key01", "repost", True)
    for url in (question.format("office.example"), "", "https://[broken/"):
        with pytest.raises(ParseError, match="Could not locate record"):
            read(missing, url)


def test_saved_files_are_not_asked_for_again(fetcher: Fetcher) -> None:
    target = Source("bluesky", fetcher, path="saved/*").target
    assert list(bluesky.recheck(target, fetcher, {}, asked("post01"))) == []


RECORDED = json.loads((PAYLOADS / "bluesky" / "list_records.json").read_text("utf-8"))
EVERYTHING = {
    "did": DID, "handle": "office.example",
    "collections": ["app.bsky.actor.profile", "org.user-intents.declaration"],
    "service": [{"type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://pds.example"}], **RECORDED,
}  # fmt: skip


@pytest.mark.parametrize("via", ["feed", "repository"])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_round_and_a_question_through_any_answers_end(via: str, data: st.DataObject) -> None:
    document = data.draw(DOCUMENT)
    if data.draw(st.booleans()):
        document = changed(EVERYTHING, data.draw(st.sampled_from(places(EVERYTHING))), document)
    says: Any = Says(document)
    source = Source("bluesky", says, account="office.example", via=via, max_pages=3)
    for _ in range(2):
        with contextlib.suppress(CollectError):
            source.look()
    with contextlib.suppress(CollectError):
        known = [*asked("key01", "junk/"), *asked("key02", kind="repost")]
        for page in bluesky.recheck(source.target, says, source.state, known):
            harmless("bluesky", page)
    assert says.asked < 100
