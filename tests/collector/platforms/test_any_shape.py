"""Whatever stands at any place of an answer, it is read, told as a problem or refused: never an error of ours."""

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import CollectError
from core.page import Page
from core.times import now
from tests.collector.platforms.rounds import Source
from tests.collector.platforms.wallet import Wallet
from tests.contracts.test_platforms import PAYLOADS, harmless

KINDS = ("mastodon", "bluesky", "dvids", "x", "x_oembed")
CASES = sorted(p for kind in KINDS for p in (PAYLOADS / kind).glob("*.json") if "expected" not in p.name)
ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**30,
        1.5,
        "",
        " ",
        "x",
        "\x00",
        "\ud800",
        "https://[broken/",
        "at://a/b",
        "news:1",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "<p>",
        [],
        {},
        [[]],
        [None],
        {"a": None},
        {"uri": []},
    ]
)
NAMES = st.sampled_from(
    [
        "id",
        "uri",
        "content",
        "account",
        "feed",
        "post",
        "posts",
        "record",
        "records",
        "value",
        "thread",
        "results",
        "html",
        "url",
        "status",
        "error",
        "did",
        "commit",
        "replies",
        "cursor",
        "edited_at",
        "data",
        "includes",
        "errors",
        "legacy",
        "full_text",
        "text",
        "referenced_tweets",
        "edit_history_tweet_ids",
        "retweeted_status",
        "delete",
    ]
)
DOCUMENT = st.recursive(ODD, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner))
OPTIONS: dict[str, dict[str, Any]] = {
    "mastodon": {"account": "@a@b.example"},
    "bluesky": {"account": "a.example"},
    "dvids": {"query": "a", "key": "k"},
    "x": {"account": "a", "token": "t", "accept_terms": True, "daily_budget_usd": 100},
}


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, child in inner for place in places(child, (*at, key)))]


def changed(document: Any, place: tuple[Any, ...], odd: Any) -> Any:
    if not place:
        return odd
    document = copy.deepcopy(document)
    parent = document
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = odd
    return document


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_value_may_stand_anywhere(case: Path, data: st.DataObject) -> None:
    document = json.loads(case.read_bytes())
    place = data.draw(st.sampled_from(places(document)))
    body = json.dumps(changed(document, place, data.draw(ODD))).encode()
    harmless(case.parent.name, Page("https://a.example/", body, now()))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=DOCUMENT)
def test_any_document_may_come(kind: str, document: Any) -> None:
    harmless(kind, Page("https://a.example/", json.dumps(document).encode(), now()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_nested_without_end_is_refused(kind: str) -> None:
    harmless(kind, Page("", b'{"thread":' * 50_000, now()))
    harmless(kind, Page("", b"[" * 200_000 + b"]" * 200_000, now()))


class Says:
    """A fetcher that gets the same document wherever it asks."""

    def __init__(self, document: Any) -> None:
        self.body = json.dumps(document).encode()
        self.asked = 0
        self.purse = Wallet(10_000)

    def get(self, url: str, state: Any = None, headers: Any = None, *, also: Any = ()) -> Page:
        self.asked += 1
        return Page(url, self.body, now())


@pytest.mark.parametrize("kind", sorted(OPTIONS))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=DOCUMENT, data=st.data())
def test_a_round_through_any_answers_ends(kind: str, document: Any, data: st.DataObject) -> None:
    payload = json.loads(data.draw(st.sampled_from([c for c in CASES if c.parent.name == kind])).read_bytes())
    if data.draw(st.booleans()):
        document = changed(payload, data.draw(st.sampled_from(places(payload))), document)
    says: Any = Says(document)
    source = Source(kind, says, **OPTIONS[kind], max_pages=4)
    for _ in range(2):
        with contextlib.suppress(CollectError):
            source.look()
    assert says.asked < 100
