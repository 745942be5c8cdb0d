"""Times apart: exact only between exact times."""

from datetime import UTC, datetime, timedelta

import pytest

from core.lags import Lag, Published

NOON = datetime(2025, 8, 18, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)


def test_two_exact_times_are_apart_exactly():
    later = Published.of(NOON + timedelta(seconds=90, milliseconds=250), "second")
    assert Lag.between(Published.of(NOON, "second"), later) == Lag(90.25, 90.25, 90.25)


def test_a_date_is_a_day_of_any_zone():
    dated = Published.of(MIDNIGHT, "day")
    assert Lag.between(Published.of(NOON, "second"), dated) == Lag(None, -26 * 3600, 24 * 3600)
    assert not dated.surely_before(Published.of(NOON, "second"))
    assert dated.surely_before(Published.of(NOON + timedelta(days=1, seconds=1), "second"))


def test_of_a_post_seen_without_a_date_only_the_most_is_known():
    seen = Published.of(NOON + timedelta(hours=1), "seen")
    assert Lag.between(Published.of(NOON, "second"), seen) == Lag(None, None, 3600)
    assert Lag.between(seen, Published.of(NOON, "second")) == Lag(None, -3600, None)


@pytest.mark.parametrize("precision", ["day", "seen"])
def test_what_names_another_post_is_never_before_it(precision):
    lag = Lag.between(Published.of(NOON, "second"), Published.of(MIDNIGHT, precision), after=True)
    assert lag.at_least == 0 and lag.at_most is not None and lag.at_most >= 0
