"""Probabilities rounded many at a time are those that round() gives, one by one."""

from hypothesis import given
from hypothesis import strategies as st

from db.whole import PARTS, in_parts


@given(st.lists(st.floats(0, 1), max_size=50))
def test_any_probability(probabilities: list[float]) -> None:
    assert [parts / PARTS for parts in in_parts(probabilities)] == [round(p, 4) for p in probabilities]


def test_halves_and_their_neighbours() -> None:
    """0.00005 is below a half in binary and 0.00015 above: a product by ten thousand cannot tell."""
    halves = [(2 * n + 1) / (2 * PARTS) for n in range(PARTS)]
    near = [half + step * 2**-56 for half in halves for step in (-2, -1, 0, 1, 2)]
    assert [parts / PARTS for parts in in_parts(near)] == [round(p, 4) for p in near]


def test_none_at_all() -> None:
    assert in_parts([]) == []
