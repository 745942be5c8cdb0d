"""The histogram: buckets, bars and references on one axis."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.render.histogram import HEIGHT, MOST_BARS, after, chart, floor, interval_for
from core import times

START = datetime(2025, 6, 2, tzinfo=UTC)
INTERVALS = ("hour", "day", "week", "month")


def items(*days, interval="day"):
    found: dict[str, int] = {}
    for day in days:
        start = times.text(floor(START + timedelta(days=day), interval))
        found[start] = found.get(start, 0) + 1
    return [{"start": s, "count": n, "topics": {"reform": 1}} for s, n in found.items()]


def drawn(found, interval="day", references=(), **bounds):
    return chart(found, interval, references, lambda a, b: f"{times.text(a)}..{times.text(b)}", "reform", **bounds)


def reference(date):
    return {"title": "T", "date": date, "url": "javascript:x", "note": None, "verified": False}


@given(st.integers(631_152_000, 4_102_444_800), st.sampled_from(INTERVALS))
def test_every_time_is_in_exactly_one_bucket(seconds, interval):
    at = datetime.fromtimestamp(seconds, UTC)
    start = floor(at, interval)
    assert start <= at < after(start, interval)
    assert floor(start, interval) == start == floor(after(start, interval) - timedelta(microseconds=1), interval)


def test_gaps_between_posts_are_drawn():
    found = drawn(items(0, 0, 5))
    assert [bar.count for bar in found.bars] == [2, 0, 0, 0, 0, 1]
    assert found.peak == 2


def test_bars_fill_the_width_and_the_highest_the_height():
    found = drawn(items(0, 0, 30, 59))
    assert max(bar.height for bar in found.bars) == HEIGHT
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in found.bars)
    assert all(bar.marked_height <= bar.height for bar in found.bars)


def test_a_single_post_can_be_seen_beside_a_thousand():
    found = drawn([{"start": times.text(START), "count": 1000, "topics": {}}, *items(3)])
    assert found.bars[-1].height >= 2


def test_a_bar_leads_to_its_own_range():
    assert drawn(items(0)).bars[0].href == "2025-06-02T00:00:00Z..2025-06-03T00:00:00Z"


def test_the_range_that_was_asked_for_is_drawn_whole():
    found = drawn(items(3), since=START, until=START + timedelta(days=7))
    assert len(found.bars) == 7 and found.bars[3].count == 1


def test_a_range_far_too_wide_is_drawn_where_posts_are():
    found = drawn(items(0, 2), since=datetime(1000, 1, 1, tzinfo=UTC), until=datetime(9000, 1, 1, tzinfo=UTC))
    assert len(found.bars) == 3


def test_nothing_to_draw():
    assert drawn([]) is None
    assert drawn([{"start": times.text(START), "count": 0, "topics": {}}]) is None


@pytest.mark.parametrize("days", [0, 1, 4, 10, 100, 101, 800, 801, 8000])
def test_the_interval_keeps_the_number_of_bars_readable(days):
    interval = interval_for(START, START + timedelta(days=days))
    found = drawn(items(0, days, interval=interval), interval)
    assert len(found.bars) <= MOST_BARS


def test_a_day_is_a_line_and_a_year_an_extent():
    found = drawn(items(0, 90), references=[reference("2025-07-29"), reference("2025"), reference("2025-07")])
    by_date = {event.date: event for event in found.events}
    assert by_date["29 Jul 2025"].width == 0 and 60 < by_date["29 Jul 2025"].x < 65
    assert (by_date["2025"].x, by_date["2025"].width) == (0, 100)
    assert 30 < by_date["Jul 2025"].x < 33 and 33 < by_date["Jul 2025"].width < 35


@pytest.mark.parametrize(
    ("date", "place"),
    [("2022", "before this range"), ("2030-01-01", "after this range"), (None, "its date is not known here"),
     ("2025-99", "its date is not known here")],
)  # fmt: skip
def test_references_elsewhere_are_listed_and_not_drawn(date, place):
    (event,) = drawn(items(0, 9), references=[reference(date)]).events
    assert (event.place, event.x) == (place, None)


def test_references_are_numbered_by_date_and_link_only_to_web_addresses():
    found = drawn(items(0), references=[reference(None), reference("2026"), reference("2022")])
    assert [(e.number, e.date, e.url) for e in found.events] == [
        (1, "2022", None),
        (2, "2026", None),
        (3, "undated", None),
    ]
