"""Hanging up in time. The client's own time-out starts anew with every byte, so that a server which drips header
lines, chunk sizes or "100 Continue" would hold a collector for ever.
"""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self


class Watch:
    """While it is entered, it ends the request's connections at `deadline` (of time.monotonic); `late` says so.

    `note` is given to the request as its "trace": that tells of each connection as it is made.
    """

    def __init__(self, deadline: float) -> None:
        self.late = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._hang_up)
        self._timer.daemon = True

    def note(self, event: str, about: dict[str, Any]) -> None:
        if event != "connection.connect_tcp.complete":
            return
        # a double: the original is handed over when TLS begins
        double = about["return_value"].get_extra_info("socket").dup()
        with self._lock:
            self._sockets.append(double)
            if self.late:
                _shut(double)

    def _hang_up(self) -> None:
        with self._lock:
            self.late = True
            for double in self._sockets:
                _shut(double)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for double in self._sockets:
                double.close()
            self._sockets.clear()


def _shut(double: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the server was quicker
        double.shutdown(socket.SHUT_RDWR)
