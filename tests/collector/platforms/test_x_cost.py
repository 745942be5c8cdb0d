"""What a source of X will cost, before it is switched on."""

from datetime import timedelta

import pytest

from collector.platforms import x
from collector.platforms._x_cost import estimate
from core.settings import X_PRICES

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
BARE = x.Target(account="@office_example")


def test_a_source_that_lacks_everything_can_be_priced() -> None:
    found = estimate(BARE, 200, 5, X_PRICES, HOUR)
    assert found.first_round == pytest.approx(0.01 + 1000 * (1.3 * 0.005 + 0.005))
    assert found.first_round_most == pytest.approx(0.01 + 1000 * (8 * 0.005 + 12 * 0.005))
    assert found.new_a_day == pytest.approx(5 * 0.0115 + 0.01)
    assert found.rechecks_a_day == 1.0
    assert found.sum_a_day == pytest.approx(1.0675)
    assert (found.budget, found.days_of_first_round, found.within_budget) == (0, None, False)


def test_a_budget_says_how_long_the_first_look_takes() -> None:
    target = x.Target(account="@office_example", daily_budget_usd=2.0, max_pages=1)
    found = estimate(target, 0, 5, X_PRICES, HOUR)
    assert found.days_of_first_round == pytest.approx(0.58)
    assert found.within_budget


def test_what_nobody_knows_is_not_guessed() -> None:
    found = estimate(BARE, 10, None, X_PRICES, HOUR)
    assert found.new_a_day is None
    assert found.sum_a_day == found.rechecks_a_day == 0.05


def test_prices_left_out_are_the_usual_ones_and_a_slow_source_reads_its_account_rarely() -> None:
    assert estimate(BARE, 10, 0, {"post": 1.0}, WEEK).new_a_day == pytest.approx(0.01 / 7, abs=1e-4)
    assert estimate(BARE, 10, 0, {"post": 1.0}, WEEK).rechecks_a_day == 10.0


def test_an_estimate_is_written_as_json() -> None:
    found = estimate(BARE, 1, 1, X_PRICES, HOUR).as_json()
    assert set(found) == {
        "first_round", "first_round_most", "new_a_day", "rechecks_a_day", "sum_a_day", "budget",
        "days_of_first_round", "within_budget",
    }  # fmt: skip
