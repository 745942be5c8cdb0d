"""A JSON API on the loopback: what it answers is a table by path and query, what it was asked is a list.

`fault` may answer in its place, and `answer` is asked for paths that are not in it.
"""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeVar


@dataclass
class Said:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    how: Literal["whole", "drip", "cut"] = "whole"


class Api(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.says: dict[str, Said] = {}
        self.fault: Callable[[str], Said | None] = lambda path: None
        self.answer: Callable[[str], Said | None] = lambda path: None
        self.asked: list[str] = []
        self.keys: set[str] = set()  # what came as Authorization

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def say(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        self.says[path] = Said(body, status, headers)

    def since(self) -> list[str]:
        """What was asked since the last time that somebody wanted to know."""
        asked, self.asked = self.asked, []
        return asked

    def serving(self, path: str, who: str) -> AbstractContextManager[None]:
        """Entered until the last part of an answer is sent; `who` is the User-Agent."""
        return nullcontext()

    def pause(self) -> None:
        """Before an answer, and in the middle of it."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who was killed while asking does not wait for the answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Answer(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.keys.add(self.headers.get("Authorization", ""))
        with self.server.serving(self.path, self.headers.get("User-Agent", "")):
            self.server.pause()
            said = self._said()
            rest = self._begin(said)
            self.server.pause()
        self._finish(rest, said.how)

    def _said(self) -> Said:
        said = self.server.fault(self.path) or self.server.says.get(self.path) or self.server.answer(self.path)
        return said or Said({"error": "Record not found"}, 404)

    def _begin(self, said: Said) -> bytes:
        """Send the first half of an answer; the rest ends it."""
        body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        tag = f'"{hash(body)}"'
        unchanged = said.status == 200 and self.headers.get("If-None-Match") == tag
        self.send_response(304 if unchanged else said.status)
        for name, value in {"Content-Type": "application/json", "ETag": tag, **said.headers}.items():
            self.send_header(name, value)
        body = b"" if unchanged else body
        self.send_header("Content-Length", str(len(body)))
        if body:
            self.end_headers()
            half = len(body) // 2 if said.how == "whole" else 0
            self.wfile.write(body[:half])
            body = body[half:]
        return body

    def _finish(self, rest: bytes, how: str) -> None:
        if not rest:
            self.end_headers()
        self._write(rest, how)

    def _write(self, body: bytes, how: str) -> None:
        if how == "whole":
            self.wfile.write(body)
            return
        step = 1 if how == "drip" else len(body)
        with contextlib.suppress(OSError):  # whoever asked has gone
            for place in range(0, len(body) // 2, step):
                self.wfile.write(body[place : min(place + step, len(body) // 2)])
                time.sleep(0.05)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Quiet."""


Server = TypeVar("Server", bound=Api)


@contextmanager
def running() -> Iterator[Api]:
    with open_at(Api()) as api:
        yield api


@contextmanager
def open_at(api: Server) -> Iterator[Server]:
    thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        thread.join()
        api.server_close()
