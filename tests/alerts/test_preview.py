"""The backtest counts the messages that the very rules of telling would have made."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import preview
from alerts.gather import FLOOD, MINUTE, PAUSE
from core.alert import AlertForm
from core.cadence import When
from core.errors import QueryError
from tests.alerts.bench import Bench
from tests.conftest import NOW
from tests.db.conftest import Room

DAY = timedelta(days=1)


@pytest.fixture
def bench(room: Room, tmp_path, monkeypatch) -> Bench:
    return Bench(room, tmp_path, monkeypatch)


def previewed(bench, query, **more):
    form = AlertForm.model_validate({"name": "A", "query": query, **more})
    with bench.room.database.read() as session:
        return preview.preview(session, form, bench.desk.office.links, bench.room.now)


def test_it_tells_what_would_have_come_by_day_with_examples_and_reasons(bench):
    for days in (0, 1, 1, 20, 200):
        bench.comes("Talks on reform", created_at=bench.room.now - days * DAY - timedelta(minutes=bench.number))
    bench.comes("Other talks")
    found = previewed(bench, "reform")
    assert (found["posts"], found["messages"], found["late"]) == (4, 4, 1)
    assert found["busiest"]["posts"] == 2 and len(found["per_day"]) == 91
    assert sum(day["posts"] for day in found["per_day"]) == 4 == sum(day["messages"] for day in found["per_day"])
    assert [r["kind"] for r in found["examples"][0]["reasons"]] == ["words"] and len(found["examples"]) == 4


def test_a_digest_is_one_message(bench):
    for hours in range(30):
        bench.comes("reform", created_at=bench.room.now - timedelta(hours=hours, minutes=5))
    assert previewed(bench, "reform", cadence="daily 07:00 Europe/Berlin")["messages"] == 2
    assert previewed(bench, "reform", cadence="hourly")["messages"] == 30
    assert previewed(bench, "nothing")["messages"] == 0


def test_its_own_bounds_count_and_what_is_wrong_is_told(bench):
    bench.comes("reform", created_at=bench.room.now - 2 * DAY)
    assert previewed(bench, f"reform since:{NOW - DAY:%Y-%m-%d}")["posts"] == 0
    with pytest.raises(QueryError):
        previewed(bench, "topic:nowhere")


def when(cadence="at_once"):
    return When.parse(cadence, None)


moments = st.lists(st.integers(0, 600).map(lambda seconds: NOW + timedelta(seconds=seconds)), max_size=60)


@given(moments=moments)
def test_at_once_no_minute_has_more_messages_than_a_flood_may_and_none_is_far_behind(moments):
    sent = list(preview.messages(when(), moments))
    assert sent == sorted(sent) and len(sent) <= len(set(moments))
    for at in moments:
        assert any(timedelta(0) <= message - at <= PAUSE for message in sent)
    for message in sent:
        assert len([one for one in sent if message - MINUTE < one <= message]) <= FLOOD + MINUTE // PAUSE


@given(moments=moments)
def test_each_full_hour_has_one_message(moments):
    sent = list(preview.messages(when("hourly"), moments))
    assert len(sent) == len({at.replace(minute=0, second=0, microsecond=0) for at in moments})
