"""What is shown once: kept in this process for the one page that a form's answer leads to."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

_SECONDS = 300.0
_MOST = 100  # the oldest go first


class Once:
    """Values by tokens that nobody guesses, each to be taken a single time. Of one process; any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._lock = Lock()

    def put(self, value: Any) -> str:
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._forget()
            while len(self._kept) >= _MOST:
                self._kept.popitem(last=False)
            self._kept[token] = self._clock() + _SECONDS, value
        return token

    def take(self, token: str) -> Any | None:
        """None for one that was taken, is too old, or never was."""
        with self._lock:
            self._forget()
            _, value = self._kept.pop(token, (0.0, None))
            return value

    def _forget(self) -> None:
        """They stand in the order in which they end."""
        now = self._clock()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self._kept.popitem(last=False)
