"""SIGINT and SIGTERM as a sign that the main thread can wait for."""

import os
import signal
from types import FrameType


class StopSign:
    """`given` once one of the two came. A pipe, not a lock: a handler may run while a lock is being taken.

    uvicorn puts its own handlers before these while it serves, and hands the signal on when it has closed.
    """

    def __init__(self) -> None:
        self.given = False
        self._end, self._start = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def wait(self) -> None:
        os.read(self._end, 1)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.given = True
        os.write(self._start, b".")
