"""SIGINT and SIGTERM as a sign that the main thread can wait for."""

import os
import signal
from types import FrameType


class StopSign:
    """`given` once one of the two came.

    What wakes is a pipe that the interpreter itself writes to. A handler in Python would be too late: a signal that
    comes just before the main thread falls asleep, or to another thread, interrupts no sleep, and the handler runs
    only when the main thread is awake.

    uvicorn puts its own handlers before these while it serves, and hands the signal on when it has closed.
    """

    def __init__(self) -> None:
        self.given = False
        self._end, start = os.pipe()
        os.set_blocking(start, False)
        signal.set_wakeup_fd(start, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def wait(self) -> None:
        while not self.given:
            os.read(self._end, 1)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.given = True
