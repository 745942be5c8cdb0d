"""When a source is due next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.schedule import next_due
from core.outcome import GOOD, Outcome

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


def wait(failures: int, outcome: Outcome, every: timedelta = QUARTER, jitter: float = 0.5) -> timedelta:
    return next_due(every, failures, outcome, NOW, jitter) - NOW


@pytest.mark.parametrize("ending", GOOD)
def test_after_a_good_run_its_cadence(ending: str) -> None:
    assert wait(0, Outcome(ending)) == QUARTER  # type: ignore[arg-type]


@pytest.mark.parametrize(("failures", "quarters"), [(1, 1), (2, 2), (3, 4), (5, 16), (8, 96), (900, 96)])
def test_failures_double_the_wait_up_to_a_day(failures: int, quarters: int) -> None:
    assert wait(failures, Outcome("failed")) == QUARTER * quarters


def test_a_cadence_longer_than_a_day_stays() -> None:
    assert wait(7, Outcome("failed"), every=7 * DAY) == 7 * DAY


def test_jitter_moves_the_time_by_a_tenth_at_most() -> None:
    assert wait(0, Outcome("ok"), jitter=0.0) == QUARTER * 0.9
    assert wait(0, Outcome("ok"), jitter=1.0) == QUARTER * 1.1


@given(st.integers(0, 50), st.floats(0, 86400), st.floats(0, 1), st.sampled_from(["ok", "rate_limited", "failed"]))
def test_a_time_that_the_server_named_is_never_undercut(
    failures: int, asked: float, jitter: float, ending: str
) -> None:
    waited = wait(failures, Outcome(ending, retry_after=asked), jitter=jitter)  # type: ignore[arg-type]
    assert waited >= timedelta(seconds=asked)
    assert waited <= max(timedelta(seconds=asked), DAY) * 1.1 + DAY * 0.1


@given(st.floats(0, 1e9), st.sampled_from(GOOD))
def test_a_hint_stretches_the_cadence_by_half_at_most(hint: float, ending: str) -> None:
    waited = wait(0, Outcome(ending, hint=hint))  # type: ignore[arg-type]
    assert QUARTER <= waited <= QUARTER * 1.5
    assert (waited == QUARTER * 1.5) == (hint >= 22.5 * 60)
