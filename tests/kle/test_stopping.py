"""A sign to stop is never slept through."""

import signal
import threading
from collections.abc import Iterator

import pytest

from kle.stopping import StopSign


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    signal.set_wakeup_fd(-1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_wakes_though_the_signal_interrupts_no_sleep(number: signal.Signals) -> None:
    """As where it comes after the last look and before the sleep: here another thread takes it."""
    stop = StopSign()
    other = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), number))
    other.start()
    stop.wait()
    assert stop.given


def test_a_sign_from_before_the_wait_is_not_lost() -> None:
    stop = StopSign()
    signal.raise_signal(signal.SIGTERM)
    stop.wait()
    assert stop.given
