"""The live stream: complete, resumable, bounded, and gone when the server stops."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from api import events
from api.schemas import of_searches
from core.errors import Forbidden
from core.post import SeenPost
from db import ledger
from tests.api.live import Stream, first_events, served
from tests.api.site import POSTS, Site, at, written
from tests.conftest import NOW


def commit(site: Site, *posts: SeenPost) -> None:
    """As another process would: seen by nobody but the ledger."""
    site.collect("sample", posts, NOW)
    with site.database.write() as session:
        while ledger.seal(session):
            pass


def numbered(*numbers: int) -> list[SeenPost]:
    return [written(f"n{n}", f"Number {n} of the brigade", at(1, month=8), lang="en") for n in numbers]


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    commit(site)
    with served(site.app()) as found:
        yield found


def test_what_is_committed_comes_as_an_event_and_the_past_does_not(site, address):
    stream = Stream(address)
    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert stream.headers["cache-control"] == "no-store" and "content-encoding" not in stream.headers
    assert stream.block()["retry"] == "3000"
    commit(site, *numbered(1))
    name, change = stream.event()
    assert (name, change["id"]) == ("post.new", "file:office.example/n1")
    assert of_searches.PostChange.model_validate(change)
    commit(site, replace(numbered(1)[0], text="Number 1, corrected"))
    assert stream.event()[0] == "post.edited"
    stream.close()


def test_only_what_was_asked_for_comes(site, address):
    stream = Stream(address, "?q=corrected&types=edited")
    stream.block()
    commit(site, *numbered(1, 2))
    commit(site, replace(numbered(2)[0], text="Number 2, corrected"))
    assert stream.event()[1]["id"] == "file:office.example/n2"
    stream.close()


def test_a_client_that_was_cut_off_within_an_event_misses_and_doubles_nothing(site, address):
    stream = Stream(address)
    stream.block()
    got, number = [], 0
    for cut in (0, 1, 10, 60, 200, 400):
        commit(site, *numbered(number, number + 1, number + 2))
        number += 3
        got.append(stream.event()[1]["id"])
        stream._rest += stream.socket.recv(cut) if cut and not stream._rest else b""  # an event half read
        last = stream.last
        stream.close()
        stream = Stream(address, "?cursor=start", last)  # as EventSource: the address stays, the header leads
    while len(got) < number:
        got.append(stream.event()[1]["id"])
    assert got == [f"file:office.example/n{n}" for n in range(number)]
    stream.close()


def test_a_client_that_never_saw_an_event_goes_on_from_where_it_began(site, address):
    stream = Stream(address)
    stream.block()
    stream.close()
    commit(site, *numbered(1))
    again = Stream(address, last=stream.last)
    assert again.event()[1]["id"] == "file:office.example/n1"
    again.close()


def test_the_stream_tells_what_the_change_feed_tells(site, address):
    feed = site.inside().get("/api/v1/changes?limit=200").json()
    stream = Stream(address, "?cursor=start")
    assert [stream.event()[1] for _ in feed["items"]] == feed["items"]
    stream.close()


def test_a_wrong_question_is_refused_before_it_streams(site, address):
    for asked in ("?q=topic:nothing", "?q=(", "?cursor=abc", "?types=bogus", "?as_of=2025-01-01"):
        stream = Stream(address, asked)
        assert (stream.status, stream.headers["content-type"]) == (422, "application/problem+json")
        stream.close()
    assert site.outside().get("/api/v1/stream").status_code == 401


def test_outside_readers_get_what_the_terms_let_leave(site):
    commit(site)
    hidden = replace(POSTS[6], platform_id="1957400000000000001", text="This stays here")
    commit(site, hidden)
    told = site.outside(public_read=True).get("/api/v1/changes?q=platform:x").json()["items"]
    assert told and all(i["post"]["text"] is None for i in told if i["id"].startswith("x:1957"))


def test_more_than_may_be_open_are_told_when_to_come_back(site):
    with served(site.app(max_streams=2)) as address:
        held = [Stream(address) for _ in range(2)]
        for stream in held:
            stream.block()
        refused = Stream(address)
        assert (refused.status, refused.headers["retry-after"]) == (503, "30")
        held[0].close()
        refused.close()
        until = time.monotonic() + 30
        while (again := Stream(address)).status == 503:
            assert time.monotonic() < until, "a seat is not given back"
            again.close()
            time.sleep(0.05)
        again.close()
        held[1].close()


def test_a_head_request_of_a_stream_ends(address):
    import httpx

    answer = httpx.head(f"{address}/api/v1/stream", timeout=10)
    assert answer.headers["content-type"].startswith("text/event-stream") and answer.content == b""


def test_open_streams_end_when_the_server_stops(site):
    with served(site.app()) as address:
        stream = Stream(address)
        stream.block()
    with pytest.raises(EOFError):
        while True:
            stream.block()
    stream.close()


def test_a_comment_comes_where_nothing_happens_and_a_revoked_key_ends_the_stream(site, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT", 0.2)
    allowed = [True, True]

    async def check(_request):
        if not allowed:
            raise Forbidden("revoked")
        allowed.pop()

    monkeypatch.setattr("api.routes.stream.still_may_read", check)
    with served(site.app()) as address:
        stream = Stream(address)
        blocks = [stream.block() for _ in range(3)]
        assert all("id" in block and "data" not in block for block in blocks)
        with pytest.raises(EOFError):
            while True:
                stream.block()
        stream.close()


def test_a_client_that_takes_nothing_is_let_go(site, monkeypatch):
    monkeypatch.setattr(events, "PATIENCE", 0.3)
    long = [replace(post, text="word " * 40_000) for post in numbered(*range(30))]
    commit(site, *long)
    app = site.app()
    with served(app) as address:
        stream = Stream(address, "?cursor=start")
        until = time.monotonic() + 30
        while app.state.context.watcher.open:
            assert time.monotonic() < until, "it is held for ever"
            time.sleep(0.05)
        stream.close()


def test_two_hundred_streams_hear_of_one_commit(site):
    with served(site.app()) as address:
        told = asyncio.run(first_events(address, 200, lambda: commit(site, *numbered(1))))
    assert told == ["post.new"] * 200


def test_events_are_json_on_one_line():
    block = events._event({"change": "new", "text": "a\nb\r\u2028c\x00"}, "abc").decode()
    head, name, data, *rest = block.split("\n")
    assert (head, name, rest) == ("event: post.new", "id: abc", ["", ""])
    assert json.loads(data.removeprefix("data: "))["text"] == "a\nb\r\u2028c\x00"
