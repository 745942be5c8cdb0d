"""A time within which a whole conversation must end, however slowly the other side speaks.

A time-out of a socket counts from byte to byte: a server that sends one now and then would hold a thread for good.
"""

import os
import socket
import threading
from contextlib import suppress
from typing import Protocol, Self


class _Socket(Protocol):
    def fileno(self) -> int: ...


class Deadline:
    """Hangs up on what it watches once its seconds are over; `over` says whether they are."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def watch(self, connection: _Socket) -> None:
        """A second handle is kept, since TLS takes the first one away from the socket that it is laid over."""
        with self._lock:
            with suppress(OSError):  # it is closed already
                self._watched.append(socket.socket(fileno=os.dup(connection.fileno())))
            if self.over:
                self._hang_up()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for connection in self._watched:
                connection.close()
            self._watched.clear()

    def _end(self) -> None:
        with self._lock:
            self.over = True
            self._hang_up()

    def _hang_up(self) -> None:
        for connection in self._watched:
            with suppress(OSError):  # the other side was quicker
                connection.shutdown(socket.SHUT_RDWR)
