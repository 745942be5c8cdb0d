"""Python's search for cycles, put off while many rows are made at once.

A slice of 500 posts becomes some ten thousand dicts, lists and tuples that all live until they are written, and
none of them is in a cycle; so do the days of a histogram. The collector would walk all of them, and every so often
everything that the process holds, to find that out: a fifth of an import's time, 100 ms of one histogram in ten.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Pause:
    """Threads that pause at once: the last to end goes back to what the first found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held, self._was_on = 0, False

    def begin(self) -> None:
        with self._lock:
            if not self._held:
                self._was_on = gc.isenabled()
                gc.disable()
            self._held += 1

    def end(self) -> None:
        with self._lock:
            self._held -= 1
            if not self._held and self._was_on:
                gc.enable()


_PAUSE = _Pause()


def settle() -> None:
    """What stands now, such as modules and a model, stays for good: later searches pass it by."""
    gc.collect()
    gc.freeze()


@contextmanager
def paused() -> Iterator[None]:
    """For work of bounded size: no cycle is collected meanwhile, in any thread; all else goes as ever."""
    _PAUSE.begin()
    try:
        yield
    finally:
        _PAUSE.end()
