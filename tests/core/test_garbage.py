"""The search for cycles goes on as it was once nobody pauses it any more."""

import gc

import pytest

from core import garbage


@pytest.fixture(autouse=True)
def _as_before():
    was_on = gc.isenabled()
    gc.enable()
    yield
    gc.enable() if was_on else gc.disable()


def test_no_cycle_is_collected_while_paused():
    with garbage.paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_last_to_end_turns_it_on_again():
    one, other = garbage.paused(), garbage.paused()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert not gc.isenabled()
    other.__exit__(None, None, None)
    assert gc.isenabled()


def test_an_error_ends_a_pause():
    with pytest.raises(ValueError), garbage.paused():
        raise ValueError
    assert gc.isenabled()


def test_who_turned_it_off_finds_it_off():
    gc.disable()
    with garbage.paused():
        pass
    assert not gc.isenabled()


def test_what_has_settled_is_passed_by():
    before = gc.get_freeze_count()
    try:
        garbage.settle()
        assert gc.get_freeze_count() > before and gc.isenabled()
    finally:
        gc.unfreeze()
