"""What a hostile or broken server can write: each method is a path of the site in server.py."""

import gzip
import time
import zlib
from http.server import BaseHTTPRequestHandler
from itertools import repeat

_OK = b"HTTP/1.1 200 OK\r\n"
_NOTHING = bytes(30_000_000)
_GZIPPED, _DEFLATED = gzip.compress(_NOTHING, 1), zlib.compress(_NOTHING, 1)
_NESTED, _MEMBER = gzip.compress(_GZIPPED), gzip.compress(_NOTHING[:50_000])


class Faults(BaseHTTPRequestHandler):
    """Raw bytes, most of them without an end; whoever asked hangs up."""

    def _raw(self, *parts: bytes, again: bytes = b"", every: float = 0.0) -> None:
        """Write `parts`, then `again` without end, one `every` so many seconds."""
        self.close_connection = True
        try:
            for part in parts:
                self.wfile.write(part)
            for part in repeat(again) if again else ():
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(every)
        except OSError:
            return

    # -- before the body -------------------------------------------------------------------------------------

    def _late(self, seconds: str) -> None:
        time.sleep(float(seconds))
        self._raw(_OK, b"Content-Length: 1\r\n\r\nx")

    def _headers(self, _: str) -> None:
        self._raw(_OK, again=b"X-More: " + b"x" * 1000 + b"\r\n")

    def _header(self, _: str) -> None:
        self._raw(_OK, b"X-Long: ", again=b"x" * 1000)

    def _dripping(self, _: str) -> None:
        self._raw(_OK, again=b"X: y\r\n", every=0.05)

    def _continue(self, _: str) -> None:
        self._raw(again=b"HTTP/1.1 100 Continue\r\n\r\n", every=0.001)

    def _ssh(self, _: str) -> None:
        self._raw(b"SSH-2.0-OpenSSH_9.9\r\n")

    # -- lengths and chunks ----------------------------------------------------------------------------------

    def _lengths(self, values: str) -> None:
        lines = b"".join(b"Content-Length: " + value.encode() + b"\r\n" for value in values.split(","))
        self._raw(_OK, lines, b"\r\nhello")

    def _longer(self, _: str) -> None:
        self._raw(_OK, b"Content-Length: 5\r\n\r\nhello", again=b" and more")

    def _smuggled(self, _: str) -> None:
        self._raw(_OK, b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nhi\r\n0\r\n\r\n")

    def _chunks(self, _: str) -> None:
        self._raw(_OK, b"Transfer-Encoding: chunked\r\n\r\n", again=b"400\r\n" + b"x" * 1024 + b"\r\n")

    def _crumbs(self, _: str) -> None:
        self._raw(_OK, b"Transfer-Encoding: chunked\r\n\r\n", again=b"1\r\nx\r\n", every=0.02)

    def _extension(self, _: str) -> None:
        self._raw(_OK, b"Transfer-Encoding: chunked\r\n\r\n", b"1;", again=b"x" * 1000)

    def _size_of_chunk(self, _: str) -> None:
        self._raw(_OK, b"Transfer-Encoding: chunked\r\n\r\nmany\r\nx\r\n")

    def _broken(self, _: str) -> None:
        self._raw(_OK, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel")

    def _trailers(self, _: str) -> None:
        self._raw(
            _OK, b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", again=b"X-More: " + b"x" * 1000 + b"\r\n"
        )

    # -- bombs -----------------------------------------------------------------------------------------------

    def _packed_as(self, encoding: str, body: bytes, again: bytes = b"") -> None:
        self._raw(_OK, f"Content-Encoding: {encoding}\r\nConnection: close\r\n\r\n".encode(), body, again=again)

    def _nested(self, _: str) -> None:
        self._packed_as("gzip, gzip", _NESTED)

    def _gzipped(self, _: str) -> None:
        self._packed_as("gzip", _GZIPPED)

    def _deflated(self, _: str) -> None:
        self._packed_as("deflate", _DEFLATED)

    def _members(self, _: str) -> None:
        self._packed_as("gzip", b"", again=_MEMBER)

    def _nothings(self, _: str) -> None:
        self._packed_as("gzip", b"", again=gzip.compress(b"") * 50)

    def _tail(self, _: str) -> None:
        self._packed_as("gzip", gzip.compress(b"hello"), again=b"\x00" * 65536)

    def _two(self, _: str) -> None:
        self._packed_as("gzip", gzip.compress(b"hello ") + gzip.compress(b"there"))

    def _error(self, _: str) -> None:
        self._raw(b"HTTP/1.1 500 Oh No\r\n\r\n", again=b"x" * 65536)
