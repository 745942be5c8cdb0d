"""Politeness: at least so many seconds between two requests to one host, whoever asks."""

import threading
import time
from collections.abc import Callable


class Pace:
    """`wait(host)` returns when it is this caller's turn."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], None] = time.sleep) -> None:  # fmt: skip
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, at_least: float = 0.0) -> None:
        """`at_least` seconds between two, where the site asks for more than we keep anyway."""
        seconds = max(self._seconds, at_least)
        if not seconds:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._free_at.get(host, now))
            self._free_at[host] = turn + seconds
        if turn > now:
            self._sleep(turn - now)
