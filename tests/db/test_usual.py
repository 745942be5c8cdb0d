"""The rule of the mark: rarely by chance, also where weeks scatter, and reliably where something changed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.usual import LEAST_WEEKS, judged

STEADY = ((10, 100), (12, 110), (9, 90), (11, 100), (8, 95), (10, 105), (13, 100), (9, 100), (10, 100))


@pytest.mark.parametrize(
    ("last", "alarm"),
    [
        ((10, 100), None),
        ((15, 100), None),
        ((5, 100), None),
        ((35, 100), "high"),
        ((0, 150), "low"),
        ((5, 20), None),
    ],
)
def test_a_week_is_held_against_those_before(last, alarm):
    assert judged(last, STEADY).alarm == alarm


def test_bounds_hold_the_usual_share_and_narrow_with_more_posts():
    few, many = judged((3, 30), STEADY), judged((100, 1000), STEADY)
    assert few.least <= 0.1 <= few.most and many.least <= 0.1 <= many.most
    assert many.most - many.least < few.most - few.least


def test_weeks_that_scatter_are_allowed_more():
    wild = tuple((k * 3 if n % 2 else k // 3, posts) for n, (k, posts) in enumerate(STEADY))
    assert judged((35, 100), STEADY).alarm == "high" and judged((35, 100), wild).alarm is None


@pytest.mark.parametrize(
    ("last", "past"),
    [((0, 0), STEADY), ((9, 19), STEADY), ((30, 30), STEADY[: LEAST_WEEKS - 1]), ((30, 30), ((1, 5),) * 12)],
)
def test_too_little_is_no_reason_for_a_mark(last, past):
    found = judged(last, past)
    assert (found.least, found.most, found.alarm) == (None, None, None)
    assert (found.share is None) == (last[1] == 0)


def test_large_weeks_do_not_underflow():
    past = ((5000, 10_000),) * 10
    assert [judged((k, 10_000), past).alarm for k in (4000, 5000, 6000)] == ["low", None, "high"]


weeks = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(weeks, st.lists(weeks.filter(lambda w: w[1]), max_size=30))
def test_there_is_always_an_answer_within_bounds(last, past):
    found = judged(last, tuple(past))
    if found.least is not None:
        assert 0 <= found.least <= found.most <= 1
        outside = not found.least <= found.share <= found.most
        assert outside == (found.alarm is not None)


def drawn(dice, share, posts, variance):
    """So many of the posts, with that many times the variance of coins."""
    if variance > 1:
        weight = (posts - 1) / (variance - 1) - 1
        share = dice.betavariate(share * weight, (1 - share) * weight)
    return sum(dice.random() < share for _ in range(posts))


def marked(share, now, posts, before, variance, tries, seed=7):
    """The part of weeks that is marked, after weeks with this share and with the share `now`."""
    dice, found = random.Random(seed), 0
    for _ in range(tries):
        past = tuple((drawn(dice, share, posts, variance), posts) for _ in range(before))
        found += judged((drawn(dice, now, posts, variance), posts), past).alarm is not None
    return found / tries


@pytest.mark.parametrize("variance", [1, 3])
@pytest.mark.parametrize("before", [8, 26])
def test_false_marks_are_rare(variance, before):
    assert marked(0.1, 0.1, 60, before, variance, 400) <= 0.01


@pytest.mark.torture
@pytest.mark.parametrize("variance", [1, 2, 3])
@pytest.mark.parametrize("before", [8, 13, 26])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("posts", [30, 75, 200])
def test_false_marks_are_as_rare_as_it_says(share, posts, before, variance):
    assert marked(share, share, posts, before, variance, 3000) <= 0.012


def test_a_share_that_triples_is_seen():
    assert marked(0.1, 0.3, 100, 13, 1, 200) >= 0.65
    assert marked(0.3, 0.05, 100, 13, 1, 200) >= 0.9
