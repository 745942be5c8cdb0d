"""Bluesky's changes as they happen: both versions of Jetstream, resumed where it was cut off, nothing lost."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection

from collector import kinds
from collector.fetch import Fetcher
from collector.platforms import _bluesky_live, bluesky
from core import times
from core.errors import FetchError, SettingsError
from core.page import Page
from core.post import Problem, SeenPost
from tests.collector.platforms import test_bluesky as feeds
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source
from tests.collector.platforms.test_any_shape import DOCUMENT, ODD, Says, changed, places
from tests.collector.speaker import Speaker, speaking, stay
from tests.contracts.test_platforms import PAYLOADS, harmless

DID = feeds.DID
SECOND = "/xrpc/network.bsky.jetstream.subscribeEvents"
LONG_AGO = times.parse("2026-05-04T07:00:00Z")
POST = "app.bsky.feed.post"
CASE = PAYLOADS / "bluesky" / "jetstream_second.jsonl"


@pytest.fixture(autouse=True)
def _soon_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bluesky_live, "_QUIET", 0.3)


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    with speaking() as started:
        yield started


def micros(seconds: float = 0) -> int:
    return round((LONG_AGO.timestamp() + seconds) * 1_000_000)


def commit(number: int, operation: str = "create", text: str = "", **more: Any) -> dict[str, Any]:
    """In the second version's form, from which the first's is made."""
    record = {"$type": POST, "text": text or f"Post {number}", "createdAt": "2026-05-04T07:00:00Z"}
    return {
        "did": DID, "rev": "", "operation": operation, "collection": POST, "rkey": f"key{number:02d}",
        **({} if operation == "delete" else {"record": record, "cid": "c"}), **more,
    }  # fmt: skip


def first(change: dict[str, Any], at: int) -> str:
    did = change.pop("did")
    return json.dumps({"did": did, "time_us": at, "kind": "commit", "commit": change})


def second(change: dict[str, Any], at: int, kind: str = "commit") -> str:
    when = times.text(_bluesky_live.events.moment(at))
    payload = {"$type": f"network.bsky.jetstream.subscribeEvents#{kind}", "seq": 7, "time": when, **change}
    return json.dumps({"$type": "message", "payload": payload})


VERSIONS = pytest.mark.parametrize(("path", "told"), [("/subscribe", first), (SECOND, second)])


class Archive:
    """A Jetstream that holds events and sends those that a cursor asks for."""

    def __init__(self, speaker: Speaker, told: Any, path: str) -> None:
        self.events: list[tuple[int, dict[str, Any]]] = []
        self.told = told
        self.cursors: list[int] = []
        self.url = speaker.url + path
        speaker.say = self.say

    def say(self, connection: ServerConnection) -> None:
        assert connection.request
        cursor = int(parse_qs(urlsplit(connection.request.path).query)["cursor"][0])
        self.cursors.append(cursor)
        for at, change in self.events:
            if at >= cursor:
                connection.send(self.told(dict(change), at))
        stay(connection)


@pytest.fixture
def source(api: Api, fetcher: Fetcher, speaker: Speaker) -> Source:
    feeds.shows(api, 1)
    profile = feeds.XRPC + "app.bsky.actor.getProfile?actor=office.example"
    api.say(profile, {"did": DID, "handle": "Office.example"})
    return Source(
        "bluesky", fetcher, account="@office.example", base_url=api.url, live="jetstream",
        jetstream=speaker.url + "/subscribe", listen_seconds=2,
    )  # fmt: skip


def pointed(source: Source, url: str, cursor: int | None = None) -> Source:
    source.target = source.target.model_copy(update={"jetstream": url})
    if cursor is not None:
        known = {"name": "office.example", "did": DID, "handle": "@office.example", "of": f"{url} {DID}"}
        source.state["live"] = {**known, "cursor": cursor}
    return source


def now() -> int:
    return round(times.now().timestamp() * 1_000_000)


def changes(source: Source, pages: int | None = None) -> list[tuple[str, str, bool]]:
    """What a round tells beside the feed itself."""
    found = [post for post in source.look(pages) if post.platform_id != f"{DID}/post01"]
    return [(post.platform_id.partition("/")[2], post.text, post.deleted) for post in found]


@VERSIONS
def test_edits_and_deletions_are_told_in_their_order(
    source: Source, speaker: Speaker, path: str, told: Any
) -> None:
    archive = Archive(speaker, told, path)
    then = now() - 9_000_000
    pointed(source, archive.url, then)
    archive.events = [
        (then + 1, commit(1)),
        (then + 2, commit(2)),
        (then + 3, commit(1, "update", "Post 1, corrected")),
        (then + 4, commit(2, "delete")),
        (then + 5, commit(3, collection="app.bsky.feed.like")),
        (then + 6, commit(4, did="did:plc:somebodyelse")),
    ]
    assert changes(source) == [
        ("key01", "Post 1", False), ("key02", "Post 2", False), ("key01", "Post 1, corrected", False),
        ("key02", "", True),
    ]  # fmt: skip


@VERSIONS
def test_a_question_names_the_account_and_the_collections(
    source: Source, speaker: Speaker, path: str, told: Any
) -> None:
    pointed(source, Archive(speaker, told, path).url)
    before = now()
    source.look()
    asked = parse_qs(urlsplit(speaker.asked[0]).query)
    names = ("dids", "collections") if path == SECOND else ("wantedDids", "wantedCollections")
    assert [asked[name] for name in names] == [[DID], [POST, "app.bsky.feed.repost"]]
    assert asked["maxMessageSizeBytes"] == ["1000000"]
    assert before - 6_000_000 < int(asked["cursor"][0]) < now()  # the first look begins when it begins
    offered = speaker.headers[0].get("sec-websocket-protocol")
    assert offered == ("xrpc.v1.json" if path == SECOND else None)


@VERSIONS
def test_a_round_goes_on_where_the_last_ended_with_a_small_overlap(
    source: Source, speaker: Speaker, path: str, told: Any
) -> None:
    archive = Archive(speaker, told, path)
    pointed(source, archive.url)
    begun = now()
    assert changes(source) == []
    archive.events = [(now(), commit(1))]
    assert changes(source) == [("key01", "Post 1", False)]
    saved = source.state["live"]["cursor"]
    assert archive.cursors[1] >= begun - 5_000_000
    archive.events.append((saved + 1, commit(2)))
    assert changes(source) == [("key02", "Post 2", False)]  # the overlap brings the other again: it is known
    assert archive.cursors[2] >= archive.cursors[1]


def test_pages_are_cut_and_a_kill_between_them_loses_nothing(
    source: Source, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bluesky_live, "_AT_ONCE", 2)
    monkeypatch.setattr(_bluesky_live, "_OVERLAP", 0)
    archive = Archive(speaker, first, "/subscribe")
    then = now() - 9_000_000
    pointed(source, archive.url, then)
    archive.events = [(then + n, commit(n)) for n in range(1, 6)]
    assert [name for name, _, _ in changes(source, pages=2)] == ["key01", "key02"]
    assert source.state["live"]["cursor"] == then + 2
    assert [name for name, _, _ in changes(source)] == ["key03", "key04", "key05"]
    assert source.state["live"]["cursor"] > then + 5  # quiet: the present is reached


def test_an_event_newer_than_the_round_ends_it(source: Source, speaker: Speaker) -> None:
    def chatter(connection: ServerConnection) -> None:
        for n in range(50):
            connection.send(first(commit(n), now() + n))
        stay(connection)

    speaker.say = chatter
    assert len(changes(source)) == 1


def test_what_came_before_a_cut_is_kept_and_the_rest_comes_next_time(source: Source, speaker: Speaker) -> None:
    then = now() - 9_000_000

    def leave(connection: ServerConnection) -> None:
        connection.send(first(commit(1), then + 1))
        connection.close(1012, "restart")

    pointed(source, speaker.url + "/subscribe", then)
    speaker.say = leave
    with pytest.raises(FetchError, match=r"closed the connection \(1012 restart\)"):
        source.look()
    assert source.state["live"]["cursor"] == then + 1
    archive = Archive(speaker, first, "/subscribe")
    archive.events = [(then + 1, commit(1)), (then + 2, commit(2))]
    assert [name for name, _, _ in changes(source)] == ["key02"]


def test_a_stream_that_cannot_be_reached_moves_no_cursor(source: Source, speaker: Speaker) -> None:
    then = now() - 9_000_000
    pointed(source, speaker.url + "/subscribe", then)
    speaker.refuses = (503, b"warming up", {})
    with pytest.raises(FetchError, match=r"answered 503.*warming up") as told:
        source.look()
    assert told.value.transient
    assert source.state["live"]["cursor"] == then
    assert source.state["feed"]  # the ordinary page was read before


def test_messages_that_are_none_are_problems_and_the_others_go_on(source: Source, speaker: Speaker) -> None:
    then = now() - 9_000_000
    pointed(source, speaker.url + "/subscribe", then)
    speaker.says("hello\nthere", '{"a":1}', "[", first(commit(1), then + 1), b"\xff\x00")
    items = source.everything()
    posts = [item.text for item in items if isinstance(item, SeenPost)]
    assert posts == ["Day 1", "Post 1"]
    assert [item.error for item in items if isinstance(item, Problem)] == ["is no event of Jetstream"] * 4


def test_somebody_who_speaks_another_language_is_left(source: Source, speaker: Speaker) -> None:
    speaker.says(*["blah"] * 500)
    with pytest.raises(FetchError, match="does not speak as Jetstream does"):
        source.look()


def test_a_flood_ends_with_the_size_of_a_response(source: Source, speaker: Speaker, fetcher: Fetcher) -> None:
    then = now() - 9_000_000
    pointed(source, speaker.url + "/subscribe", then)
    speaker.says(*[first(commit(n, text="x" * 3000), then + n) for n in range(99)])
    assert 10 < len(changes(source)) < 50  # of 100,000 bytes
    assert then < source.state["live"]["cursor"] < now() - 5_000_000


def test_a_time_far_ahead_moves_no_cursor(source: Source, speaker: Speaker) -> None:
    then = now() - 9_000_000
    pointed(source, speaker.url + "/subscribe", then)
    speaker.says(first(commit(1), now() * 5), first(commit(2), then + 2))
    assert len(changes(source)) == 2
    assert source.state["live"]["cursor"] < now()


def test_after_a_long_absence_what_was_missed_is_told(source: Source, speaker: Speaker) -> None:
    archive = Archive(speaker, first, "/subscribe")
    pointed(source, archive.url, micros())
    live = _bluesky_live.Live(archive.url, DID, bluesky.Owner(), 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_bluesky_live, "_LONGEST_REPLAY", 0.01)
        (page,) = live.pages(source.fetcher, source.state["live"])
    (problem,) = bluesky.parse(page)
    assert isinstance(problem, Problem)
    assert "not followed since 2026-05-04T07:00:00Z" in problem.error
    assert archive.cursors[-1] > micros(3600)


def test_the_older_the_cursor_the_longer_silence_has_to_last(
    source: Source, speaker: Speaker, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[float, float]] = []

    def messages(url: str, seconds: float, quiet: float, protocol: str = "") -> Iterator[str]:
        asked.append((seconds, quiet))
        yield from ()

    monkeypatch.setattr(fetcher, "messages", messages)
    for ago in (0, 600):
        source.state.clear()
        pointed(source, speaker.url + "/subscribe", now() - ago * 1_000_000)
        source.look()
    (first_seconds, first_quiet), (later_seconds, later_quiet) = asked
    assert (round(first_seconds), round(first_quiet, 1)) == (2, 0.3)
    assert (round(later_seconds), round(later_quiet)) == (12, 10)


def read(*documents: Any) -> list[SeenPost | Problem]:
    body = "\n".join(d if isinstance(d, str) else json.dumps(d) for d in documents).encode()
    return list(bluesky.parse(Page("wss://stream.example/subscribe", body, times.now())))


@VERSIONS
def test_an_event_says_when_the_author_made_that_state(path: str, told: Any) -> None:
    rev = "3mkyym34i222l"  # an hour before the stream told it
    (post,) = read(told(commit(1, rev=rev), micros()))
    assert isinstance(post, SeenPost)
    assert post.revised_at == times.parse("2026-05-04T06:00:00Z")
    (post,) = read(told(commit(1, rev="zzzzzzzzzzzzz"), micros()))
    assert isinstance(post, SeenPost)
    assert post.revised_at == LONG_AGO
    (post,) = read(told(commit(1, "delete"), micros(1)))
    assert isinstance(post, SeenPost)
    assert (post.deleted, post.revised_at) == (True, times.parse("2026-05-04T07:00:01Z"))


@pytest.mark.parametrize(
    ("status", "words"), [("deleted", "deleted"), ("takendown", "taken down"), ("", "not active")]
)
def test_the_end_of_an_account_is_told(status: str, words: str) -> None:
    account = {"active": False, "did": DID, "status": status}
    old = {"did": DID, "time_us": micros(), "kind": "account", "account": account}
    for event in (old, second({"did": DID, "account": account}, micros(), "account")):
        (problem,) = read(event)
        assert isinstance(problem, Problem)
        assert f"is {words} (told 2026-05-04T07:00:00Z)" in problem.error


def test_names_and_active_accounts_are_no_posts_and_notes_are_problems() -> None:
    assert read(second({"did": DID, "identity": {"did": DID, "handle": "a.example"}}, 1, "identity")) == []
    assert read(second({"did": DID, "account": {"did": DID, "active": True}}, 1, "account")) == []
    note = second({"name": "OutdatedCursor", "message": "starting at seq 200"}, 1, "info")
    anew = second({"did": DID, "sync": {"did": DID}}, micros(), "sync")
    problems = read(note, anew, {"$type": "error", "error": "ConsumerTooSlow"})
    assert [item.error.partition(":")[0] for item in problems if isinstance(item, Problem)] == [
        "the stream says OutdatedCursor",
        "the repository of did", "the stream says ConsumerTooSlow",
    ]  # fmt: skip


def test_the_first_years_short_words_are_read() -> None:
    old = {"did": DID, "time_us": 1, "type": "com", "commit": {"type": "d", "collection": POST, "rkey": "key01"}}
    (gone,) = read(old)
    assert isinstance(gone, SeenPost)
    assert gone.deleted


def test_a_new_name_is_that_of_the_posts_that_follow(source: Source, speaker: Speaker) -> None:
    then = now() - 9_000_000
    pointed(source, speaker.url + SECOND, then)
    speaker.says(
        second({"did": DID, "identity": {"did": DID, "handle": "New.example"}}, then + 1, "identity"),
        second(commit(1), then + 2),
    )
    (post,) = [post for post in source.look() if post.platform_id == f"{DID}/key01"]
    assert post.account
    assert post.account.handle == "@new.example"
    assert source.state["live"]["handle"] == "@new.example"


def test_a_repository_is_followed_too_with_its_owners_wishes(
    api: Api, repository: Source, speaker: Speaker
) -> None:
    api.say(feeds.PROFILE, {"uri": "at://x", "value": {"labels": feeds.WISH}})
    speaker.says(first(commit(1), now()))
    repository.target = repository.target.model_copy(
        update={"live": "jetstream", "jetstream": speaker.url, "listen_seconds": 1}
    )
    (post,) = [post for post in repository.look() if post.text == "Post 1"]
    assert post.account
    assert (post.account.handle, post.account.wishes) == ("@office.example", ("!no-unauthenticated",))
    assert urlsplit(speaker.asked[0]).path == "/subscribe"


repository = feeds.repository


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_a_stream_says_it_is_read_or_told(data: st.DataObject) -> None:
    lines = [line for line in CASE.read_text("utf-8").splitlines() if line]
    said = []
    for line in data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=4)):
        document = json.loads(line)
        place = data.draw(st.sampled_from(places(document)))
        said.append(json.dumps(changed(document, place, data.draw(ODD | DOCUMENT))))
    says: Any = Says({})
    says.messages = lambda *asked: (message for message in said)
    says.max_bytes = 100_000
    for page in _bluesky_live.Live("wss://stream.example" + SECOND, DID, bluesky.Owner(), 1).pages(says, {}):
        harmless("bluesky", page)
        assert 0 < page.state["live"]["cursor"] < now() + 61_000_000


def test_lines_of_a_stream_are_told_by_what_they_hold() -> None:
    found = list(kinds.kind("file").parse(Page("", CASE.read_bytes(), times.now())))
    expected = list(bluesky.parse(Page("", CASE.read_bytes(), times.now())))
    posts = [item for item in expected if isinstance(item, SeenPost)]
    assert posts == [item for item in found if isinstance(item, SeenPost)]
    assert len(found) == len(expected)


def test_a_stream_is_off_by_default(api: Api, fetcher: Fetcher) -> None:
    feeds.shows(api, 1)
    Source("bluesky", fetcher, account="@office.example", base_url=api.url).look()
    assert api.asked == [feeds.FEED]


@pytest.mark.parametrize(
    "options", [{"live": "yes"}, {"jetstream": "https://a.example"}, {"listen_seconds": 0}, {"jetstream": "wss://"}]
)
def test_a_wrong_option_stops_the_start(fetcher: Fetcher, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Source("bluesky", fetcher, account="@office.example", **options)
