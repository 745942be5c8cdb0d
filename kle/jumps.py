"""Notices that the wall clock was set back.

APScheduler keeps the moment of each next tick: after an hour back it would sleep for an hour.
"""

import time
from collections.abc import Callable
from threading import Event, Thread

SECONDS = 1.0  # between two looks, and by how much at least
wall = time.time


class Watch:
    """While it runs, `on_back` is called whenever the clock went back, from a thread of its own."""

    def __init__(self, on_back: Callable[[], None], every: float = SECONDS) -> None:
        self._on_back, self._every = on_back, every
        self._ended = Event()
        self._thread = Thread(target=self._watch, name="clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        """A machine that sleeps sets the difference forward, never back."""
        ahead = wall() - time.monotonic()
        while not self._ended.wait(self._every):
            before, ahead = ahead, wall() - time.monotonic()
            if ahead < before - SECONDS:
                self._on_back()
