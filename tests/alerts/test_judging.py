"""The rules on streams of posts: what speaks, how often, and how often mere chance does."""

import random
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import judging
from core import times
from db.watched import Watched
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(*before):
    """Posts so long before now, given the oldest first."""
    return np.array([times.micros(NOW - span) for span in before], np.int64)


def looked(since=100 * DAY, until=timedelta(0), every=HOUR, gaps=()):
    """One source, looked at every hour."""
    count = (since - until) // every + 1
    looks = np.array([times.micros(NOW - since + n * every) for n in range(count)], np.int64)
    spans = tuple((times.micros(NOW - a), times.micros(NOW - b)) for a, b in gaps)
    return Watched((looks[looks <= times.micros(NOW - until)],), spans)


# -- more than N within T --


def above(state, spans, moment=NOW, most=2):
    posts = at(*spans)
    inside = posts[(posts > times.micros(moment - DAY)) & (posts <= times.micros(moment))]
    return judging.more_than(state, inside, most, DAY, moment)


def test_more_than_speaks_once_while_it_is_above():
    spans = (20 * HOUR, 10 * HOUR, HOUR)
    first = above({}, spans)
    assert first.state == {"above": True} and first.after == NOW - DAY
    assert first.explained == (
        "3 posts in 24 hours, more than 2. The first is of 2026-08-31 16:00 UTC, the last of 2026-09-01 11:00 UTC."
    )
    assert first.again_at == NOW + 4 * HOUR  # the oldest leaves the span then
    again = above(first.state, spans)
    assert (again.state, again.explained) == (None, None)
    fell = above(first.state, spans, first.again_at)
    assert (fell.state, fell.explained, fell.room) == ({}, None, 1)


@given(
    st.lists(st.integers(0, 200), max_size=40),
    st.integers(0, 6),
    st.integers(1, 30),
)
def test_more_than_speaks_exactly_when_it_gets_above(hours, most, width):
    """Against counting at every hour; and where it says that it need not be asked again, nothing changes."""
    posts, within = at(*sorted((h * HOUR for h in hours), reverse=True)), width * HOUR
    state, before, quiet_until = {}, False, None
    for n in range(240, -1, -1):
        moment = NOW - n * HOUR
        inside = posts[(posts > times.micros(moment - within)) & (posts <= times.micros(moment))]
        found = judging.more_than(state, inside, most, within, moment)
        now_above = len(inside) > most
        assert bool(found.explained) == (now_above and not before)
        if quiet_until and moment < quiet_until:
            assert now_above
        state = state if found.state is None else found.state
        before, quiet_until = now_above, found.again_at
        assert now_above or found.room == most + 1 - len(inside)


# -- unusual --


def a_day_with(count, usual=4, days=60):
    past = [(day + 1) * DAY + n * HOUR for day in range(days) for n in range(usual)]
    return at(*sorted([*past, *(n * timedelta(minutes=30) for n in range(count))], reverse=True))


def test_unusual_speaks_once_an_episode_with_its_figures():
    first = judging.unusual({}, a_day_with(37), looked(), NOW)
    assert first.state == {"speaking": True} and first.after == NOW - DAY
    assert first.figures["posts"] == 37 and first.figures["usual"] == 4
    assert first.explained == "37 posts in 24 hours; usually 4 (0 to 16), told from 56 days of the last 8 weeks."
    assert judging.unusual(first.state, a_day_with(37), looked(), NOW) == judging.Judged()
    calm = judging.unusual(first.state, a_day_with(5), looked(), NOW)
    assert calm.state == {"speaking": True, "usual_since": "2026-09-01T12:00:00Z"} and not calm.explained
    later = NOW + DAY
    assert judging.unusual(calm.state, a_day_with(5), looked(until=-2 * DAY), later).state == {}
    burst = np.append(a_day_with(5), [times.micros(later) - n for n in range(60, 0, -1)])
    back = judging.unusual(calm.state, burst, looked(until=-2 * DAY), later)
    assert (back.state, back.explained) == ({"speaking": True}, None)  # not yet usual for long enough


@pytest.mark.parametrize(
    "watched",
    [
        looked(since=13 * DAY),
        looked(until=25 * HOUR),  # nobody looked on this day
        Watched((), ()),
    ],
)
def test_unusual_waits_for_days_somebody_looked_at(watched):
    assert judging.unusual({}, a_day_with(37), watched, NOW) == judging.Judged()


def test_unusual_says_where_more_is_followed_now():
    young, old = looked(since=20 * DAY), looked()
    found = judging.unusual({}, a_day_with(37), Watched((*old.looks, *young.looks), ()), NOW)
    assert "1 of the 2 sources that show such posts was first looked at in these weeks" in found.explained
    assert "more is followed" not in judging.unusual({}, a_day_with(37), old, NOW).explained


# -- silence --


def steady(count=60, every=10 * HOUR, then=timedelta(0)):
    return at(*(then + n * every for n in range(count, -1, -1)))


@pytest.mark.parametrize(("silent", "speaks"), [(14 * HOUR, False), (17 * HOUR, True), (9 * DAY, True)])
def test_silence_is_half_as_long_again_as_the_longest_pause(silent, speaks):
    found = judging.silence({}, steady(then=silent), looked(), NOW)
    assert bool(found.explained) == speaks
    if speaks:
        assert found.state == {"told": times.text(NOW - silent)}
        assert judging.silence(found.state, steady(then=silent), looked(), NOW) == judging.Judged()


def test_silence_says_how_often_somebody_looked():
    found = judging.silence({}, steady(then=4 * DAY + 3 * HOUR), looked(), NOW)
    assert found.explained == (
        "No post for 4 days 3 hours: the last one was published 2026-08-28 09:00 UTC. "
        "Of 60 pauses between two posts within a year, the longest was 10 hours. "
        "The source that shows such posts was looked at 99 times since, last at 2026-09-01 12:00 UTC."
    )
    assert found.figures["looks"] == 99 and found.figures["pauses"] == 60


def test_nobody_looked_is_not_silence():
    """It waits while a source is not looked at, and counts anew from when all are."""
    posts, gap = steady(then=4 * DAY), (3 * DAY, timedelta(0))
    assert judging.silence({}, posts, looked(until=3 * DAY, gaps=[gap]), NOW) == judging.Judged()
    back = (3 * DAY, 10 * HOUR)
    assert judging.silence({}, posts, looked(gaps=[back]), NOW) == judging.Judged()
    found = judging.silence({}, posts, looked(gaps=[(3 * DAY, 16 * HOUR)]), NOW)
    assert "Until 2026-08-31 20:00 UTC not all was looked at as it should be" in found.explained


def test_a_pause_in_which_nobody_looked_is_no_measure():
    posts = np.concatenate([steady(40, then=20 * DAY), steady(30, 5 * HOUR, then=2 * DAY)])
    gap = (20 * DAY - HOUR, 9 * DAY)
    assert judging.silence({}, posts, looked(), NOW) == judging.Judged()
    assert judging.silence({}, posts, looked(gaps=[gap]), NOW).explained


@pytest.mark.parametrize(
    ("posts", "watched"),
    [
        (steady(19, then=9 * DAY), looked()),  # too few pauses
        (steady(then=9 * DAY), looked(since=13 * DAY)),
        (steady(then=9 * DAY), Watched((), ())),
        (at(), looked()),
    ],
)
def test_silence_needs_a_history(posts, watched):
    assert judging.silence({}, posts, watched, NOW) == judging.Judged()


def test_posts_that_come_again_let_it_speak_again():
    told = judging.silence({}, steady(then=9 * DAY), looked(), NOW).state
    again = np.append(steady(then=9 * DAY), at(9 * DAY - HOUR))
    assert judging.silence(told, again, looked(), NOW).state == {"told": times.text(NOW - 9 * DAY + HOUR)}
    erased = steady(then=9 * DAY)[:-1]  # the last post went: that is no new silence
    assert judging.silence(told, erased, looked(), NOW) == judging.Judged()


@pytest.mark.parametrize(
    ("draw", "most"),
    [
        (lambda chance: chance.expovariate(1), 0.3),  # posts that come independently
        (lambda chance: chance.lognormvariate(0, 1.5), 0.8),  # long pauses and bursts
        (lambda chance: chance.uniform(0.5, 1.5), 0.05),  # by a schedule
    ],
)
@pytest.mark.parametrize("a_year", [25, 100, 365])
def test_mere_chance_is_called_silence_less_than_once_a_year(draw, most, a_year):
    chance, spoken, years = random.Random(11), 0, 60
    gaps = [draw(chance) for _ in range(a_year * (years + 1))]
    for n in range(a_year, len(gaps)):
        spoken += gaps[n] > 1.5 * max(gaps[n - a_year : n])
    assert spoken / years <= most
