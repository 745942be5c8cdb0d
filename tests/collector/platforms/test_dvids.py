"""DVIDS: search newest first and by date behind its bound, each text once, and a key that nobody ever sees."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from collector.fetch import Fetcher
from collector.platforms import dvids
from core import times
from core.errors import FetchError, ParseError, RateLimited, Refused, SettingsError
from core.page import Page
from core.post import Asked, Problem, SeenPost, View
from tests.collector.platforms.api import Api, Said
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


# -- a search that shows a thousand --------------------------------------------------------------------------


class Archive:
    """Answers a search as DVIDS does: newest first, 50 a page, up to a date, and nothing beyond the thousandth."""

    def __init__(self, *published: datetime) -> None:
        self.assets = [found(n, times.text(moment)) for n, moment in enumerate(published)]
        self.assets.sort(key=lambda asset: asset["date_published"], reverse=True)

    def __call__(self, path: str) -> Said | None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if not path.startswith("/search?"):
            return None
        to, page = asked.get("to_publishdate", "9"), int(asked["page"])
        shown = [asset for asset in self.assets if asset["date_published"] <= to][:1000]
        info = {"total_results": len(shown), "results_per_page": 50}
        return Said({"page_info": info, "results": shown[(page - 1) * 50 : page * 50]})


def whole(api: Api, fetcher: Fetcher, archive: Archive, rounds: int = 1) -> list[SeenPost | Problem]:
    api.answer = archive
    options = {"query": "example", "types": ["news"], "key": KEY, "base_url": api.url}
    fetcher.max_bytes = 1_000_000
    source = Source("dvids", fetcher, max_texts=0, max_pages=500, **options)
    return [item for _ in range(rounds) for item in source.everything()]


def numbers(items: list[SeenPost | Problem]) -> set[str]:
    return {item.platform_id for item in items if isinstance(item, SeenPost)}


NOON = datetime(2026, 5, 4, 12, tzinfo=times.EARLIEST.tzinfo)


def test_an_archive_larger_than_a_search_shows_is_read_whole(api: Api, fetcher: Fetcher) -> None:
    moments = [NOON - timedelta(minutes=7 * n) for n in range(2300)]
    items = whole(api, fetcher, Archive(*moments))
    assert len(numbers(items)) == 2300
    assert not [item for item in items if isinstance(item, Problem)]


def test_many_assets_of_one_day_and_of_one_second_are_read_whole(api: Api, fetcher: Fetcher) -> None:
    """Units hand in a day's pictures at once, and a second may hold more than one page, or many."""
    crowd = [NOON] * 730 + [NOON - timedelta(seconds=1)] * 120 + [NOON - timedelta(seconds=n) for n in range(1500)]
    items = whole(api, fetcher, Archive(*crowd))
    assert len(numbers(items)) == 730 + 120 + 1500
    assert not [item for item in items if isinstance(item, Problem)]


def test_of_a_second_with_more_than_a_search_shows_the_rest_is_told_and_the_older_ones_are_read(
    api: Api, fetcher: Fetcher
) -> None:
    moments = [NOON + timedelta(hours=1)] + [NOON] * 1100 + [NOON - timedelta(hours=n) for n in range(1, 90)]
    items = whole(api, fetcher, Archive(*moments))
    problems = [item.error for item in items if isinstance(item, Problem)]
    assert problems == [
        "DVIDS shows 1,000 assets of a search: more than these published at 2026-05-04T12:00:00Z are not shown"
    ]
    assert len(numbers(items)) == 1 + 1000 + 89


def test_a_page_whose_assets_have_no_date_is_no_end(api: Api, source: Source) -> None:
    source.target = source.target.model_copy(update={"max_texts": 0})
    results(api, SEARCH + "&page=1", [{"id": f"news:{n}", "title": "T"} for n in range(50)])
    results(api, SEARCH + "&page=2", [{"id": "news:99", "title": "T"}])
    assert "news/99" in ids(source.look())


# -- asking again --------------------------------------------------------------------------------------------


def test_a_known_asset_that_is_gone_is_deleted_and_one_that_stands_is_read(api: Api, source: Source) -> None:
    results(api, asset(1), found(1, "2026-05-04T07:00:00Z", body="Whole."))
    api.say(asset(3), b"<html>nobody home</html>", status=404)
    stands, gone, told = source.recheck(
        *(Asked(f"news/{n}", "release") for n in (1, 2, 3)), Asked("odd", "release")
    )
    assert isinstance(stands, SeenPost)
    assert "Whole." in stands.text
    assert isinstance(gone, SeenPost)
    assert (gone.id, gone.kind, gone.deleted) == ("dvids:news/2", "release", True)
    assert isinstance(told, Problem)
    assert len(api.asked) == 3


def test_the_key_is_in_no_answer_that_repeats_the_question(api: Api, source: Source) -> None:
    api.say(asset(2), {"error": f"no asset news:2 for {KEY}"}, status=404)
    (page,) = dvids.recheck(source.target, source.fetcher, {}, [Asked("news/2", "release")])  # type: ignore[arg-type]
    assert (page.status, KEY.encode() in page.body, KEY in page.url) == (404, False, False)
