"""A web socket that is listened to for a while: the messages that come, and a plain sentence where it goes wrong.

The address is checked as that of every fetch is, and the connection is made to the very address that was checked.
Keep-alive pings are answered by the library.
"""

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core.errors import FetchError, RateLimited, Refused
from core.guard import Guard

MOST_BYTES = 1_000_000  # of one message
_CLOSING = 1.0
_SCHEMES = {"ws": "http", "wss": "https"}
_TOO_LARGE = 1009


@dataclass(frozen=True, slots=True)
class Listening:
    """At most `seconds` in all, and no longer than `quiet` seconds without a message; `opening` to be let in."""

    seconds: float
    quiet: float
    opening: float = 30.0
    agent: str = ""
    protocol: str = ""


def heard(connection: ClientConnection, url: str, how: Listening) -> Iterator[str]:
    """Each message as text. Raises FetchError; what came before that is already out."""
    try:
        yield from _messages(connection, url, how)
    finally:
        with contextlib.suppress(OSError):
            connection.close()


def _messages(connection: ClientConnection, url: str, how: Listening) -> Iterator[str]:
    until = time.monotonic() + how.seconds
    while (left := until - time.monotonic()) > 0:
        try:
            message = connection.recv(timeout=min(left, how.quiet))
        except TimeoutError:
            return
        except ConnectionClosed as closed:
            raise FetchError(f"{url} {_ending(closed)}") from None
        yield message if isinstance(message, str) else message.decode("utf-8", "replace")


def opened(guard: Guard, url: str, how: Listening) -> ClientConnection:
    """A connection that shook hands. Raises Refused, RateLimited or FetchError."""
    address = _parsed(url)
    sock = _connected(guard, address, url, how.opening)
    try:
        return _shaken_hands(sock, address, url, how)
    except InvalidStatus as answer:
        raise _refused(url, answer) from None
    except TimeoutError:
        raise FetchError(f"{url} did not answer within {how.opening:g} s") from None
    except (WebSocketException, OSError, EOFError, ValueError) as error:
        raise FetchError(f"{url} does not answer as a web socket does: {error}") from None


def _shaken_hands(sock: socket.socket, address: httpx.URL, url: str, how: Listening) -> ClientConnection:
    """Closes the socket where that fails."""
    secure = address.scheme == "https"
    try:
        return connect(
            url,
            sock=sock,
            ssl=httpx.create_ssl_context(trust_env=False) if secure else None,
            server_hostname=address.host if secure else None,
            subprotocols=[Subprotocol(how.protocol)] if how.protocol else None,
            user_agent_header=how.agent or None,
            proxy=None,
            open_timeout=how.opening,
            close_timeout=_CLOSING,
            max_size=MOST_BYTES,
        )
    except BaseException:
        sock.close()
        raise


def _parsed(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"{url!r} is no web address: {error}") from None
    if address.scheme not in _SCHEMES:
        raise Refused(f"{url} is no address of a web socket; it starts with wss://")
    return address.copy_with(scheme=_SCHEMES[address.scheme])


def _connected(guard: Guard, address: httpx.URL, url: str, seconds: float) -> socket.socket:
    """To the first of the host's addresses that lets itself be reached; each of them was checked."""
    port = address.port or (443 if address.scheme == "https" else 80)
    reason: OSError | None = None
    for host in guard.addresses(address):
        try:
            sock = socket.create_connection((host, port), seconds)
        except OSError as error:
            reason = error
            continue
        sock.settimeout(None)  # from here on the library keeps the time
        return sock
    raise FetchError(f"{url} cannot be reached: {reason}")


def _ending(closed: ConnectionClosed) -> str:
    """What became of a connection that should have stayed open."""
    if closed.sent and closed.sent.code == _TOO_LARGE:
        return f"sent a message of more than {MOST_BYTES:,} bytes"
    if closed.rcvd:
        said = f" {closed.rcvd.reason}" if closed.rcvd.reason else ""
        return f"closed the connection ({closed.rcvd.code}{said})"
    if closed.sent and closed.sent.reason:
        return f"broke the rules of web sockets ({closed.sent.reason})"
    return "broke the connection off"


def _refused(url: str, answer: InvalidStatus) -> FetchError:
    status, body = answer.response.status_code, bytes(answer.response.body or b"")
    words = " ".join(body[:300].decode("utf-8", "replace").split())
    said = f"{url} answered {status} in place of a stream{': ' if words else ''}{words}"
    error = FetchError(said, answered=status, body=body)
    error.transient = status >= 500 or status in (408, 425)
    if status != 429:
        return error
    wait = answer.response.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isdecimal() else None
    return RateLimited(f"{url} answered 429: too many requests", retry_after=seconds, answered=429, body=body)
