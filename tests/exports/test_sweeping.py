"""The search for cycles is put off within, and goes on as it was before."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from exports import sweeping


class Knot:
    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()


def test_cycles_wait_for_a_sweep_and_are_gone_after_it() -> None:
    with sweeping.seldom():
        lost = weakref.ref(Knot())
        rows = [[number] for number in range(5000)]  # more than what starts a search else
        assert len(rows) == 5000 and lost() is not None
        sweeping.sweep()
        assert lost() is None


def test_the_search_goes_on_also_after_a_failure() -> None:
    with pytest.raises(ValueError, match="half-way"), sweeping.seldom():
        assert not gc.isenabled()
        raise ValueError("half-way")
    assert gc.isenabled()


def test_who_had_switched_it_off_keeps_it_off() -> None:
    gc.disable()
    with sweeping.seldom():
        pass
    assert not gc.isenabled()
