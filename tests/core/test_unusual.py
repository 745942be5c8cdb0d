"""The bounds of a usual day: rarely passed by chance whatever days are like, and passed by what is a change."""

import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.unusual import LEAST_DAYS, usual

DAYS = 56
HOURS = 24


@pytest.mark.parametrize(
    ("past", "usual_day", "loud"),
    [
        ([0] * DAYS, 0, 7),  # not at two posts
        ([4, 3, 5, 4] * 14, 4, 17),
        ([100, 95, 110, 90] * 14, 97.5, 142),
        ([0, 0, 0, 0, 0, 9, 0, 0, 0, 12, 0] * 5, 0, 68),  # bursts on one day in five are its way
    ],
)
def test_a_change_is_beyond_the_bounds(past, usual_day, loud):
    found = usual(past)
    assert found and found.usual == usual_day
    assert loud - 1 <= found.most < loud


def test_a_day_of_the_week_that_has_more_is_held_against_itself():
    """30 each Monday: unusual on all days but on Mondays."""
    week = [2, 3, 2, 1, 2, 2, 30]
    monday, tuesday = usual(week * 8), usual((week[-1:] + week[:-1]) * 8)
    assert monday and monday.of_weekday == 30 and monday.most > 35
    assert tuesday and tuesday.of_weekday == 2 and tuesday.most < 40


def test_days_nobody_looked_at_say_nothing():
    known = [5, 6, 4, 5, 7, 5, 4] * 2
    assert usual(known[1:]) is None and usual([None] * DAYS) is None
    with_gaps = [day for count in known for day in (count, None)]
    assert usual(with_gaps).days == LEAST_DAYS == len(known)


@given(st.lists(st.none() | st.integers(0, 100_000), max_size=DAYS))
def test_bounds_hold_the_middle_and_most_of_the_days(past):
    found, days = usual(past), [count for count in past if count is not None]
    assert (found is None) == (len(days) < LEAST_DAYS)
    if found:
        assert 0 <= found.least <= found.usual <= found.most
        assert sum(not found.least <= day <= found.most for day in days) <= 2 * (len(days) // 28)


@given(st.lists(st.integers(0, 50), min_size=LEAST_DAYS + 1, max_size=DAYS + 1))
def test_of_days_in_any_order_few_are_beyond_the_bound(days):
    """Whatever days are like: of all turns of the same days, at most 7 in 100 find the newest above the bound."""
    turns = [days[n:] + days[:n] for n in range(len(days))]
    loud = sum(day > found.most for day, *past in turns if (found := usual(past)))
    assert loud <= 0.0715 * len(days) + 1e-9


def _episodes(hours: list[int], days: int) -> int:
    """How often a query speaks that is looked at each hour, and again only after a usual day."""
    sums = [0, *accumulate(hours)]
    rolling = [sums[n] - sums[n - HOURS] for n in range(HOURS, len(sums))]
    spoke, quiet = 0, HOURS
    for at in range((days + 1) * HOURS, len(rolling)):
        found = usual([rolling[at - HOURS * k] for k in range(1, days + 1)])
        loud = found is not None and rolling[at] > found.most
        spoke += loud and quiet >= HOURS
        quiet = 0 if loud else quiet + 1
    return spoke


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1)
    return count


def _steady(chance: random.Random, rate: float, days: int) -> list[int]:
    return [_poisson(chance, rate / HOURS) for _ in range(days * HOURS)]


def _uneven(chance: random.Random, rate: float, days: int) -> list[int]:
    """Days whose rates differ as a gamma distribution does: the variance of a day is rate + rate² / 2."""
    return [
        _poisson(chance, mean / HOURS)
        for mean in (chance.gammavariate(2, rate / 2) for _ in range(days))
        for _ in range(HOURS)
    ]


@pytest.mark.parametrize(("stream", "most"), [(_steady, 1), (_uneven, 6)])
def test_mere_chance_speaks_rarely(stream, most):
    """A year each of queries of 0.3 to 40 posts a day: under 0.2 times a year in steady ones, about once in those
    whose days differ by half their mean and more."""
    chance = random.Random(7)
    assert sum(_episodes(stream(chance, rate, 365 + DAYS), DAYS) for rate in (0.3, 1, 3, 10, 40)) <= most


@pytest.mark.parametrize(("rate", "times"), [(0.3, 40), (1, 25), (4, 7), (10, 4), (40, 2.5)])
def test_a_surge_is_seen(rate, times):
    """In 9 of 10 cases at least, when a day has so many times its posts."""
    chance, seen = random.Random(3), 0
    for _ in range(100):
        found = usual([_poisson(chance, rate) for _ in range(DAYS)])
        seen += found is not None and _poisson(chance, rate * times) > found.most
    assert seen >= 90
