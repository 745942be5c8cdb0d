"""DVIDS: search newest first and by date behind its bound, each text once, and a key that nobody ever sees."""

import json
import logging
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from collector.fetch import Fetcher
from collector.platforms import dvids
from core import times
from core.errors import FetchError, ParseError, RateLimited, Refused, SettingsError
from core.page import Page
from core.post import SeenPost, View
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source, ids

KEY = "key/of+example"
SEARCH = (f"/search?api_key={quote(KEY, safe='')}&q=example&type%5B%5D=news&sort=publishdate&sortdir=desc"
          "&max_results=50")  # fmt: skip


def found(number: int, published: str, **more: Any) -> dict[str, Any]:
    return {"id": f"news:{number}", "title": f"Title {number}", "short_description": "Short...", "timestamp": "1",
            "date_published": published, "unit_name": "Office of Example", **more}  # fmt: skip


def minutes(first: int, last: int) -> list[dict[str, Any]]:
    """Assets first, first - 1, ... last, a minute apart."""
    return [found(n, f"2026-05-04T{n // 60:02d}:{n % 60:02d}:00Z") for n in range(first, last - 1, -1)]


def asset(number: int) -> str:
    return f"/asset?api_key={quote(KEY, safe='')}&id=news%3A{number}"


def results(api: Api, path: str, items: Any) -> None:
    api.say(path, {"messages": [], "page_info": {"results_per_page": 50}, "results": items})


@pytest.fixture
def source(api: Api, fetcher: Fetcher) -> Source:
    options = {"query": "example", "types": ["news"], "key": KEY, "base_url": api.url}
    return Source("dvids", fetcher, max_texts=2, **options)


def test_an_asset_is_read_whole_after_the_search_that_names_it_and_once(api: Api, source: Source) -> None:
    results(api, SEARCH + "&page=1", [found(1, "2026-05-04T07:00:00Z")])
    results(api, asset(1), found(1, "2026-05-04T07:00:00Z", description="The whole text."))
    short, whole = source.look()
    assert (short.view, whole.view, short.id) == (View.ENTRY, View.FULL, "dvids:news/1")
    assert whole.text == "Title 1\n\nThe whole text.\n\nCredit: Office of Example"
    api.since()
    assert [post.view for post in source.look()] == [View.ENTRY]
    assert api.asked == [SEARCH + "&page=1"]


def test_an_asset_that_changed_is_read_again(api: Api, source: Source) -> None:
    results(api, SEARCH + "&page=1", [found(1, "2026-05-04T07:00:00Z")])
    results(api, asset(1), found(1, "2026-05-04T07:00:00Z", description="Before."))
    source.look()
    results(api, SEARCH + "&page=1", [found(1, "2026-05-04T07:00:00Z", timestamp="2")])
    results(api, asset(1), found(1, "2026-05-04T07:00:00Z", description="After."))
    assert "After." in source.look()[1].text


def test_a_round_reads_a_bounded_number_of_texts_and_the_next_ones_the_rest(api: Api, source: Source) -> None:
    results(api, SEARCH + "&page=1", minutes(5, 1))
    for n in range(1, 6):
        results(api, asset(n), found(n, "2026-05-04T07:00:00Z", body="<p>Whole.</p>"))
    read = [[p.platform_id for p in source.look() if p.view is View.FULL] for _ in range(4)]
    assert read == [["news/5", "news/4"], ["news/3", "news/2"], ["news/1"], []]


def test_older_assets_are_asked_for_by_date_from_where_a_page_ends(
    api: Api, source: Source, fetcher: Fetcher
) -> None:
    results(api, SEARCH + "&page=1", minutes(120, 71))
    older = SEARCH.replace("&sort=", "&sort=") + "&to_publishdate=2026-05-04T01%3A11%3A01Z&page=1"
    results(api, older, minutes(71, 30))
    source.target = source.target.model_copy(update={"max_texts": 0})
    assert len(set(ids(source.look()))) == 91
    assert api.asked == [SEARCH + "&page=1", older]


def test_a_second_with_more_assets_than_a_page_is_turned_by_pages(api: Api, source: Source) -> None:
    source.target = source.target.model_copy(update={"max_texts": 0})
    at_once = [found(n, "2026-05-04T07:00:00Z") for n in range(50)]
    to = "&to_publishdate=2026-05-04T07%3A00%3A01Z&page="
    results(api, SEARCH + "&page=1", at_once)
    results(api, SEARCH + to + "1", at_once)
    results(api, SEARCH + to + "2", [found(60, "2026-05-04T06:00:00Z")])
    assert "news/60" in ids(source.look())


def test_an_asset_that_is_gone_is_deleted(api: Api, source: Source) -> None:
    results(api, SEARCH + "&page=1", [found(1, "2026-05-04T07:00:00Z")])
    assert [(p.id, p.deleted) for p in source.look()] == [("dvids:news/1", False), ("dvids:news/1", True)]


def test_without_a_key_the_error_says_where_to_get_one(
    fetcher: Fetcher, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVIDS_API_KEY", raising=False)
    with pytest.raises(Refused, match=r"needs a key.*DVIDS_API_KEY"):
        Source("dvids", fetcher, query="x", base_url=api.url).look()
    assert api.asked == []


def test_the_key_may_stand_in_the_environment(fetcher: Fetcher, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVIDS_API_KEY", "abc")
    with pytest.raises(FetchError):
        Source("dvids", fetcher, query="x", base_url=api.url).look()
    assert parse_qs(urlsplit(api.asked[0]).query)["api_key"] == ["abc"]


def test_the_key_is_in_no_page_state_or_log(api: Api, source: Source, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "collector")
    results(api, SEARCH + "&page=1", [found(1, "2026-05-04T07:00:00Z")])
    results(api, asset(1), found(1, "2026-05-04T07:00:00Z", body="x"))
    pages = list(dvids.fetch(source.target, source.fetcher, {}))  # type: ignore[arg-type]
    told = " ".join(
        [str(pages), str(source.target), *(r.getMessage() for r in caplog.records if r.name[:5] != "httpx")]
    )
    for form in (KEY, quote(KEY, safe=""), quote(KEY)):
        assert form not in told
    assert pages[0].url == f"{api.url}/search?" + SEARCH.partition("&")[2] + "&page=1"


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_the_key_is_in_no_error(api: Api, source: Source, status: int) -> None:
    api.say(SEARCH + "&page=1", {"errors": ["no"]}, status=status, **{"Retry-After": "30"})
    with pytest.raises(FetchError) as told:
        source.look()
    assert not any(form in told.value.message for form in (KEY, quote(KEY, safe=""), quote(KEY)))
    assert told.value.__suppress_context__
    assert told.value.transient == (status in (429, 500))
    assert ("key right" in told.value.message) == (status == 403)
    assert isinstance(told.value, RateLimited) == (status == 429)
    assert told.value.retry_after == (30 if status == 429 else None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [({"errors": ["Invalid api_key"]}, "Invalid api_key"), ({"messages": ["slow"]}, "slow"), ({}, "no results"),
     (7, "no answer")],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_the_reason(body: Any, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        list(dvids.parse(Page("", json.dumps(body).encode(), times.now())))


def test_the_day_that_a_picture_was_taken_is_no_hour() -> None:
    body = json.dumps([{"id": "image:1", "date": "2026-05-03T00:00:00Z"}]).encode()
    (post,) = dvids.parse(Page("", body, times.now()))
    assert isinstance(post, SeenPost)
    assert post.precision == "day"


@pytest.mark.parametrize("options", [{}, {"query": "x", "types": []}, {"query": "x", "types": ["unit"]}])
def test_a_source_that_asks_for_nothing_stops_the_start(fetcher: Fetcher, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Source("dvids", fetcher, **options)
