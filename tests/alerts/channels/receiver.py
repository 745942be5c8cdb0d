"""A receiver of webhooks on the loopback, which answers as it is told to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """`body` is what was posted; what answers may use the whole of the base class."""

    server: "Receiver"
    body: bytes

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.body = self.rfile.read(length)
        if len(self.body) < length:
            return  # whoever sent it died meanwhile: nothing was received
        with self.server.noting:  # several come at once, and the lists belong together
            self.server.bodies.append(self.body)
            self.server.headers_seen.append({name.lower(): value for name, value in self.headers.items()})
            self.server.paths.append(self.path)
        with suppress(OSError):  # the sender hung up first: some tests are about that
            self.server.answering(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        pass


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.noting = threading.Lock()
        self.bodies: list[bytes] = []
        self.headers_seen: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answering: Answering = status(204)

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.server_port}/hook"

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a sender that hung up


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


def status(code: int, said: bytes = b"", **headers: str) -> Answering:
    def answer(request: Request) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        if code != 204:
            request.send_header("content-length", str(len(said)))
        request.end_headers()
        request.wfile.write(said)

    return answer


def nothing(request: Request) -> None:
    """Neither answers nor hangs up."""
    while request.connection.recv(1):
        pass


def hangs_up(request: Request) -> None:
    request.close_connection = True


def half_a_status(request: Request) -> None:
    request.wfile.write(b"HTTP/1.1 20")
    request.close_connection = True


def half_a_body(request: Request) -> None:
    request.wfile.write(b"HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\nhalf")
    request.close_connection = True


def dripping_headers(request: Request) -> None:
    """A byte now and then, for ever: each one in time, all of them never."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.wfile.write(b"x")
        time.sleep(0.02)


def dripping_status(request: Request) -> None:
    while True:
        request.wfile.write(b"x")
        time.sleep(0.02)


def endless(code: int) -> Answering:
    def answer(request: Request) -> None:
        request.wfile.write(f"HTTP/1.1 {code} So\r\ncontent-length: 1000000000\r\n\r\n".encode())
        for _ in range(1000):
            request.wfile.write(b"a" * 1_000_000)

    return answer
