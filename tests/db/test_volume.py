"""A source is held against itself: what is usual for one is an alarm for another."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import sources, volume
from db.models import Run
from db.upsert import insert_all
from tests.conftest import NOW

DAY = timedelta(days=1)


def alarm(last, past):
    return volume.judged([last, *past, *[past[-1]] * (28 - len(past))]).alarm


@pytest.mark.parametrize(
    ("last", "past", "expected"),
    [
        (100, [95, 105, 100, 98], None),
        (5, [95, 105, 100, 98], "quiet"),
        (0, [95, 105, 100, 98], "quiet"),
        (500, [95, 105, 100, 98], "loud"),
        (1, [2, 3, 1, 2], None),
        (0, [2, 3, 1, 2], None),
        (20, [2, 3, 1, 2], "loud"),
        (40, [30, 60, 10, 80, 20, 50], None),
        (30, [30, 30, 4000, 31, 29], None),
        (60, [30, 30, 4000, 31, 29], "loud"),
        (0, [0, 0, 0, 0], None),
    ],
)
def test_the_last_day_is_held_against_what_is_usual(last, past, expected):
    assert alarm(last, past) == expected


@pytest.mark.parametrize(("silent", "expected"), [(2, None), (3, None), (4, "quiet"), (12, "quiet")])
def test_a_rare_source_is_quiet_when_it_is_silent_for_twice_its_longest_pause(silent, expected):
    days = [0] * silent + [1, 0, 1, 1, 0, 2, 1, 0] * 4
    found = volume.judged(days[:29])
    assert (found.alarm, found.silent_days) == (expected, silent)


def test_nobody_tells_from_too_few_days_or_without_a_look_today():
    assert volume.judged([0, *[100] * 13]).alarm is None
    assert volume.judged([0, *[100] * 14]).alarm == "quiet"
    assert volume.judged([None, *[100] * 28]).alarm is None
    assert volume.judged([0, *[None, 100] * 14]).alarm == "quiet"


@given(st.lists(st.none() | st.integers(0, 10_000), min_size=1, max_size=29))
def test_whatever_the_days_were_there_is_an_answer(days):
    found = volume.judged(days)
    assert 0 <= found.silent_days <= 28
    if found.usual is not None:
        assert found.least <= found.usual <= found.most
        if found.alarm == "loud":
            assert found.last_day > found.most


def test_runs_are_counted_by_days_back_from_now(room):
    source, _ = room.source("one")
    other, _ = room.source("two")
    rows = [
        {"source_id": source.id, "started_at": NOW - DAY * n - timedelta(hours=h), "posts": 9, "posts_new": 20,
         "posts_changed": 0, "problems": 0, "outcome": "ok"}
        for n in range(1, 40) for h in (1, 12)
    ]  # fmt: skip
    rows.append({**rows[0], "started_at": NOW - timedelta(minutes=5), "posts_new": 1})
    rows.append({**rows[0], "source_id": other.id, "started_at": NOW - timedelta(minutes=5), "outcome": "failed"})
    with room.database.write() as session:
        insert_all(session, Run, rows)
    with room.database.read() as session:
        shown = {row["name"]: row["volume"] for row in sources.list_sources(session, NOW)}
    assert (shown["one"]["last_day"], shown["one"]["usual"], shown["one"]["alarm"]) == (1, 40.0, "quiet")
    assert (shown["two"]["usual"], shown["two"]["alarm"]) == (None, None)
