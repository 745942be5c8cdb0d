"""A web socket server on the loopback: a function says what each that connects hears, a list what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

Say = Callable[[ServerConnection], None]


@dataclass
class Speaker:
    """`refuses` is the status, body and headers that stand in place of a stream."""

    port: int = 0
    say: Say = lambda connection: None
    refuses: tuple[int, bytes, dict[str, str]] | None = None
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def says(self, *messages: str | bytes) -> None:
        """Each of them to everybody; then it waits until the other side has heard enough."""
        self.say = lambda connection: [connection.send(m) for m in messages] and stay(connection)

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.asked.append(request.path)
        self.headers.append({name.lower(): value for name, value in request.headers.raw_items()})
        if not self.refuses:
            return None
        status, body, headers = self.refuses
        return Response(status, "No", Headers(headers | {"Content-Length": str(len(body))}), body)

    def handle(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            self.say(connection)


def stay(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        connection.recv()


@contextmanager
def speaking(ping_interval: float | None = None) -> Iterator[Speaker]:
    speaker = Speaker()
    server = serve(
        speaker.handle, "127.0.0.1", 0, process_request=speaker.answer, subprotocols=["xrpc.v1.json"],
        select_subprotocol=lambda connection, offered: offered[0] if offered else None,
        ping_interval=ping_interval, ping_timeout=ping_interval, close_timeout=1,
    )  # fmt: skip
    speaker.port = server.socket.getsockname()[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield speaker
    finally:
        server.shutdown()
        thread.join()
