"""A receiver of webhooks in a process of its own: it answers 200 and notes when what came for whom."""

import multiprocessing
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from threading import Thread

import orjson


@dataclass(frozen=True, slots=True)
class Heard:
    """One message: seconds since 1970, for which alert's number, its idempotency key, and the ids of its posts."""

    at: float
    number: int
    key: str
    posts: tuple[str, ...]


class Receiver:
    def __init__(self) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_receive, args=(there,))
        self._process.start()
        self._port: int = self._here.recv()

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self._port}/{number}"

    def heard(self) -> list[Heard]:
        """All until now."""
        self._here.send("heard")
        return [Heard(*one) for one in self._here.recv()]

    def close(self) -> None:
        self._here.send(None)
        self._process.join(20)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def _receive(told: Connection) -> None:
    heard: list[tuple[float, int, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((time.time(), int(self.path[1:]), self.headers["webhook-id"], body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    told.send(server.server_address[1])
    while told.recv():
        told.send([(at, number, key, _posts(body)) for at, number, key, body in list(heard)])
    server.shutdown()


def _posts(body: bytes) -> tuple[str, ...]:
    return tuple(post["id"] for post in orjson.loads(body)["data"]["posts"])
