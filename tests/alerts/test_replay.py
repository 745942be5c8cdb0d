"""The days before are replayed as they would have been judged one moment after the other."""

from datetime import timedelta

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts import judging, replay
from core import times
from core.alert import Rule
from db.watched import Watched
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = NOW - 10 * DAY


def ago(hours):
    return np.array([times.micros(NOW - h * HOUR) for h in sorted(hours, reverse=True)], np.int64)


def spoken(rule, at, looked):
    return [moment for moment, found in replay._replayed(rule, at, looked, FIRST, NOW) if found.explained]


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(0, 5), st.integers(1, 40))
@example(hours=[0, 1], most=0, width=1)  # one leaves as the other comes
def test_more_than_as_post_after_post_came(hours, most, width):
    at, within = ago(hours), width * HOUR
    expected, state = [], {}
    for moment in (NOW - timedelta(minutes=30 * n) for n in range(2 * 320, -1, -1)):
        inside = at[(at > times.micros(moment - within)) & (at <= times.micros(moment))]
        found = judging.more_than(state, inside, most, within, moment)
        state = state if found.state is None else found.state
        expected += [moment] if found.explained and moment >= FIRST else []
    assert spoken(Rule(kind="more_than", count=most, within=within), at, None) == expected


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 9), min_size=30, max_size=90),
    st.lists(st.tuples(st.integers(0, 89), st.integers(10, 60)), max_size=3),
    st.lists(st.tuples(st.integers(0, 400), st.integers(3, 30)), max_size=2),
)
@example(pauses=[3] * 60, long_ones=[(59, 40), (30, 20)], failing=[(20, 9)])
@example(pauses=[3] * 60, long_ones=[(59, 60)], failing=[])
def test_silence_as_look_after_look_came(pauses, long_ones, failing):
    """One source, looked at each hour but while it failed; some pauses are longer than the others."""
    for place, hours in long_ones:
        pauses[place % len(pauses)] = hours
    ages = np.cumsum(pauses[::-1])
    at = ago(ages.tolist())
    down = {hour for start, length in failing for hour in range(start, start + length)}
    looks = ago([h for h in range(24 * 40) if h not in down])
    wide = np.flatnonzero(np.diff(looks) > 2 * HOUR // timedelta(microseconds=1))
    gaps = [(int(looks[n]), int(looks[n + 1])) for n in wide]
    if times.micros(NOW) - looks[-1] > 2 * HOUR // timedelta(microseconds=1):
        gaps.append((int(looks[-1]), times.micros(NOW)))
    looked = Watched((looks,), tuple(gaps))
    expected, state = [], {}
    for n in range(24 * 10, -1, -1):
        moment = NOW - n * HOUR
        past = at[at <= times.micros(moment)]
        found = judging.silence(state, past, looked.at(times.micros(moment)), moment)
        state = state if found.state is None else found.state
        expected += [moment] if found.explained else []
    found = spoken(Rule(kind="silence"), at, looked)
    assert [m for m in found if m > FIRST] == [m for m in expected if m > FIRST]
