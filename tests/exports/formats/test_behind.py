"""What is written behind: in its order, and never after its file was given up."""

from threading import Event, Thread, get_ident

import pytest

from exports.batch import Batch
from exports.formats._behind import behind

ONE, TWO, THREE = (Batch([{"id": name}], b"{}\n") for name in ("1", "2", "3"))


def test_chunks_are_taken_in_their_order_and_all_are_done_at_the_end() -> None:
    done: list[Batch] = []
    with behind(done.append) as thread:
        for chunk in (ONE, TWO, THREE):
            thread.take(chunk)
    assert done == [ONE, TWO, THREE]


def test_all_files_share_one_thread() -> None:
    at: list[int] = []
    with behind(lambda _: at.append(get_ident())) as first, behind(lambda _: at.append(get_ident())) as second:
        first.take(ONE)
        second.take(TWO)
    assert len(at) == 2 and set(at) != {get_ident()} and at[0] == at[1]


def test_what_went_wrong_is_raised_and_what_waits_is_not_written() -> None:
    done: list[Batch] = []

    def work(chunk: Batch) -> None:
        if chunk is ONE:
            raise OSError("no space left")
        done.append(chunk)

    with pytest.raises(OSError, match="no space left"), behind(work) as thread:
        for chunk in (ONE, TWO, THREE):
            thread.take(chunk)
    assert THREE not in done


def test_nothing_is_written_once_the_file_was_given_up() -> None:
    begun, go, done = Event(), Event(), []

    def work(chunk: Batch) -> None:
        begun.set()
        assert go.wait(10)
        done.append(chunk)

    with pytest.raises(ValueError, match="stopped"), behind(work) as thread:
        thread.take(ONE)
        thread.take(TWO)
        assert begun.wait(10)
        Thread(target=go.set).start()
        raise ValueError("stopped")
    assert done in ([ONE], [ONE, TWO])
    found = list(done)
    with behind(lambda _: None) as after:
        after.take(THREE)
    assert done == found
