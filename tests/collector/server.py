"""A small site on the loopback that misbehaves on request: what it answers is a function of the path."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.collector.faults import Faults


class Site(ThreadingHTTPServer):
    """`asked` lists paths as requests came; `pages` holds bodies by path, `moved` where a path redirects to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []
        self.headers_seen: list[dict[str, str]] = []
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.moved: dict[str, str] = {}
        self.failures = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(Faults):
    server: Site

    def do_GET(self) -> None:  # noqa: N802 - the name that the base class calls
        self.server.asked.append(self.path)
        self.server.headers_seen.append({k.lower(): v for k, v in self.headers.items()})
        path, _, argument = self.path.strip("/").partition("/")
        if self.path in self.server.moved:
            self._send(302, b"", {"Location": self.server.moved[self.path]})
        elif self.path in self.server.pages:
            self._tagged(*self.server.pages[self.path])
        elif handler := getattr(self, f"_{path}", None):
            handler(argument)
        else:
            self._send(404, b"not here")

    def _tagged(self, content_type: str, body: bytes) -> None:
        tag = f'"{hash(body)}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(304, b"")
        else:
            self._send(200, body, {"Content-Type": content_type, "ETag": tag})

    def _dated(self, _: str) -> None:
        known = self.headers.get("If-Modified-Since")
        self._send(
            304 if known else 200, b"" if known else b"x", {"Last-Modified": "Mon, 04 May 2026 10:00:00 GMT"}
        )

    def _to(self, target: str) -> None:
        self._send(302, b"", {"Location": target.replace("~", "/")})

    def _loop(self, _: str) -> None:
        self._send(302, b"", {"Location": "/loop"})

    def _status(self, argument: str) -> None:
        code, _, wait = argument.partition("/")
        self._send(int(code), b"", {"Retry-After": wait.replace("~", " ")} if wait else {})

    def _flaky(self, argument: str) -> None:
        self.server.failures += 1
        self._send(500 if self.server.failures <= int(argument) else 200, b"at last")

    def _size(self, argument: str) -> None:
        self._send(200, b"x" * int(argument))

    def _endless(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            return

    def _slow(self, _: str) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            return

    def _short(self, _: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"x")

    def _bomb(self, argument: str) -> None:
        self._send(200, gzip.compress(bytes(int(argument))), {"Content-Encoding": "gzip"})

    def _packed(self, argument: str) -> None:
        body = gzip.compress(b"hello")
        self._send(200, body[:-4] if argument == "cut" else body, {"Content-Encoding": "gzip"})

    def _brotli(self, _: str) -> None:
        self._send(200, b"\x0b\x02\x80hello\x03", {"Content-Encoding": "br"})

    def _cookie(self, _: str) -> None:
        self._send(200, b"x", {"Set-Cookie": "who=you; Path=/"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@contextmanager
def running() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()
