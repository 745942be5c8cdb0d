"""When an alert speaks, over midnight and where clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import times
from core.cadence import Cadence, Quiet
from core.errors import BadRequest


@pytest.mark.parametrize(
    ("said", "moment", "due"),
    [
        ("at_once", "2026-03-01T10:00:30Z", "2026-03-01T10:00:30Z"),
        ("hourly", "2026-03-01T10:00:30Z", "2026-03-01T11:00:00Z"),
        ("hourly", "2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"),
        ("daily 07:00 Europe/Berlin", "2026-03-01T05:59:59Z", "2026-03-01T06:00:00Z"),
        ("daily 07:00 Europe/Berlin", "2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z"),
        ("daily 07:00 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T05:00:00Z"),  # summer time begins
        ("daily 02:30 Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),  # a time that is not there
        (
            "daily 02:30 Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-25T00:30:00Z",
        ),  # and one that is there twice
        ("daily 02:30 Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ("daily 7:00 Asia/Baghdad", "2026-03-01T05:00:00Z", "2026-03-02T04:00:00Z"),
        ("daily 07:00", "2026-03-01T05:00:00Z", "2026-03-01T07:00:00Z"),
    ],
)
def test_says_it_then(said, moment, due):
    assert times.text(Cadence.parse(said).due(times.parse(moment))) == due


@pytest.mark.parametrize(
    ("said", "moment", "after"),
    [
        ("22:00-07:00 Europe/Berlin", "2026-03-01T20:59:59Z", "2026-03-01T20:59:59Z"),
        ("22:00-07:00 Europe/Berlin", "2026-03-01T21:00:00Z", "2026-03-02T06:00:00Z"),
        ("22:00-07:00 Europe/Berlin", "2026-03-02T05:59:59Z", "2026-03-02T06:00:00Z"),
        ("22:00-07:00 Europe/Berlin", "2026-03-02T06:00:00Z", "2026-03-02T06:00:00Z"),
        ("22:00-07:00 Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
        ("12:00–14:00 Asia/Baghdad", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"),
        ("12:00-14:00 Asia/Baghdad", "2026-03-01T11:00:00Z", "2026-03-01T11:00:00Z"),
    ],
)
def test_is_quiet_then(said, moment, after):
    assert times.text(Quiet.parse(said).after(times.parse(moment))) == after


@pytest.mark.parametrize(
    "said", ["", "weekly", "daily", "daily 25:00", "daily 07:00 Berlin", "daily 07:00 Europe", "at once"]
)
def test_what_is_no_cadence_says_how_to_write_one(said):
    with pytest.raises(BadRequest) as told:
        Cadence.parse(said)
    assert told.value.extra == {"parameter": "cadence"}


@pytest.mark.parametrize("said", ["22-7", "22:00", "07:00-07:00", "22:00-24:00", "22:00-07:00 Nowhere/City"])
def test_what_are_no_quiet_hours_says_how_to_write_them(said):
    with pytest.raises(BadRequest):
        Quiet.parse(said)


SAID = (
    "at_once",
    "hourly",
    "daily 02:30 Europe/Berlin",
    "daily 23:59 America/New_York",
    "daily 00:00 Asia/Baghdad",
)
MOMENTS = st.integers(0, 2 * 365 * 86_400).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


@given(moment=MOMENTS, said=st.sampled_from(SAID))
def test_nothing_waits_longer_than_a_day_and_the_hour_of_a_changed_clock(moment, said):
    cadence = Cadence.parse(said)
    due = cadence.due(moment)
    assert moment <= due <= moment + timedelta(days=1, hours=1)
    assert str(Cadence.parse(str(cadence))) == str(cadence)


@given(moment=MOMENTS)
def test_it_is_never_quiet_when_it_speaks(moment):
    quiet = Quiet.parse("22:00-07:00 Europe/Berlin")
    after = quiet.after(moment)
    assert moment <= after <= moment + timedelta(hours=10) and quiet.after(after) == after
