"""A host that keeps failing is left alone for a while, whoever asks for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pybreaker import CircuitBreaker, CircuitBreakerError

from core.errors import FetchError, RateLimited

FAILURES = 6  # in a row: two questions with all their tries
SECONDS = 300.0


def _host_is_well(error: Exception) -> bool:
    """An answer that says no, or a wish to wait, comes from a host that works."""
    return not isinstance(error, FetchError) or isinstance(error, RateLimited) or not error.transient


class Breakers:
    """One breaker a host; after `seconds` one question may try whether the host is back."""

    def __init__(self, failures: int = FAILURES, seconds: float = SECONDS) -> None:
        self._failures, self._seconds = failures, seconds
        self._lock = threading.Lock()
        self._of: dict[str, CircuitBreaker] = {}

    @contextmanager
    def asking(self, host: str) -> Iterator[None]:
        """Raises FetchError, without asking, where the host is left alone."""
        try:
            with self._breaker(host).calling():
                yield
        except CircuitBreakerError:
            raise FetchError(
                f"{host} failed {self._failures} times in a row and is left alone for {self._seconds:.0f} s",
                retry_after=self._seconds,
            ) from None

    def _breaker(self, host: str) -> CircuitBreaker:
        with self._lock:
            if host not in self._of:
                self._of[host] = CircuitBreaker(
                    fail_max=self._failures,
                    reset_timeout=self._seconds,
                    exclude=[_host_is_well],
                    throw_new_error_on_trip=False,
                )
            return self._of[host]
