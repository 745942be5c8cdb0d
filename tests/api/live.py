"""The application behind a real server in this process, and clients that read streams byte by byte."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from kle.serve import Server, listen

SECONDS = 60.0


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Its address; stopped as `kle up` stops it."""
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, server_header=False, timeout_graceful_shutdown=5, lifespan="off")
    server = Server(config, app.state.context.watcher)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive(), "the server hangs"


class Stream:
    """One client; it takes events only when it is asked to."""

    def __init__(
        self, address: str, asked: str = "", last: str | None = None, path: str = "/api/v1/stream"
    ) -> None:
        place = urlsplit(address)
        self.socket = socket.create_connection((place.hostname or "", place.port or 80), timeout=SECONDS)
        back = f"Last-Event-ID: {last}\r\n" if last else ""
        head = f"GET {path}{asked} HTTP/1.1\r\nHost: {place.netloc}\r\n{back}\r\n"
        self.socket.sendall(head.encode())
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self.last = last
        self._rest = b""

    def block(self) -> dict[str, str]:
        """The next block up to an empty line, as EventSource reads it; raises EOFError at the end."""
        while b"\n\n" not in self._rest:
            size = int(self._file.readline() or b"0", 16)
            if size == 0:
                raise EOFError
            self._rest += self._file.read(size)
            self._file.readline()
        whole, _, self._rest = self._rest.partition(b"\n\n")
        fields = [line.partition(": ") for line in whole.decode().splitlines() if not line.startswith(":")]
        found = {name: value for name, _, value in fields}
        self.last = found.get("id", self.last)
        return found

    def event(self) -> tuple[str, dict[str, Any]]:
        """The next event with data."""
        while "data" not in (found := self.block()):
            pass
        return found["event"], json.loads(found["data"])

    def close(self) -> None:
        self._file.close()
        self.socket.close()


async def first_events(address: str, count: int, ready: Any) -> list[str]:
    """So many streams at once; the first event of each. `ready()` once all of them are open."""
    place = urlsplit(address)

    async def follow(opened: asyncio.Semaphore) -> str:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        await reader.readuntil(b"retry: ")
        opened.release()
        await reader.readuntil(b"event: ")
        found = (await reader.readline()).decode().strip()
        writer.close()
        return found

    opened = asyncio.Semaphore(0)
    following = [asyncio.create_task(follow(opened)) for _ in range(count)]
    for _ in range(count):
        await opened.acquire()
    await asyncio.to_thread(ready)
    return await asyncio.wait_for(asyncio.gather(*following), SECONDS)
