"""Reading while somebody writes, and reading over HTTP with several clients at once."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.searching import servers
from benchmarks.searching.ours import Ours, parameters
from benchmarks.searching.shapes import PAGE, Shape
from benchmarks.searching.writing import IDLE, MODES, Writer

CLIENTS = (1, 8, 32)
_BLOCKS = 5  # of each mode, in turn
_SETTLE = 0.3  # seconds after a writer begins or ends


@dataclass(slots=True)
class Reading:
    """Seconds of pages in one mode, and how many posts were written meanwhile in how many seconds."""

    pages: list[float] = field(default_factory=list)
    written: int = 0
    seconds: float = 0


def beside_a_writer(file: Path, shapes: Sequence[Shape], pages: int) -> dict[str, Reading]:
    """In each block `pages` pages of each shape; blocks of all modes in turn."""
    found = {mode: Reading() for mode in MODES}
    reader, writer = Ours(file), Writer(file)
    try:
        for _ in range(_BLOCKS):
            for mode in MODES:
                _block(reader, writer, mode, shapes, pages, found[mode])
    finally:
        writer.close()
        reader.close()
    return found


def _block(reader: Ours, writer: Writer, mode: str, shapes: Sequence[Shape], pages: int, into: Reading) -> None:
    writer.turn(mode)
    begun = time.perf_counter()
    time.sleep(_SETTLE)
    for number in range(pages):
        for shape in shapes:
            into.pages.append(_seconds(lambda s=shape, n=number: reader.ask("page", s.question(n))))
    into.written += writer.turn(IDLE)
    into.seconds += time.perf_counter() - begun


def _seconds(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


# -- over HTTP ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Served:
    """Seconds by shape with one client; of all pages by how many clients; pages a second; bytes of memory.

    `refused` counts by shape, and by how many clients, what was answered with 503: too slow, or too many at once.
    """

    alone: dict[str, list[float]] = field(default_factory=dict)
    clients: dict[int, list[float]] = field(default_factory=dict)
    rate: dict[int, float] = field(default_factory=dict)
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)


def over_http(file: Path, folder: Path, shapes: Sequence[Shape], requests: int) -> Served:
    """`requests` of each shape with one client, and as many pages of all shapes with each number of clients."""
    found = Served()
    server = servers.kle(file, folder)
    try:
        found.memory["started"] = server.memory()
        with servers.client(server) as client:
            client.get("/api/v1/facets").raise_for_status()  # waits until the server has read its columns in
            for shape in shapes:
                asked = [_request(client, shape, number) for number in range(requests + 1)][1:]
                found.alone[shape.name] = _answered(asked)
                found.refused[shape.name] += asked.count(None)
        pages = [shape for shape in shapes if shape.tasks == PAGE]
        for clients in CLIENTS:
            _together(server, pages, clients, requests, found)
        found.memory["after all requests"] = server.memory()
    finally:
        server.close()
    return found


def _answered(asked: Sequence[float | None]) -> list[float]:
    return [seconds for seconds in asked if seconds is not None]


def _request(client: httpx.Client, shape: Shape, number: int) -> float | None:
    """Seconds; None where the server refused."""
    begun = time.perf_counter()
    for task in shape.tasks:
        route, asked = parameters(task, shape.question(number))
        answer = client.get(route, params=asked)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        answer.raise_for_status()
        answer.json()
    return time.perf_counter() - begun


def _together(server: servers.Server, pages: Sequence[Shape], clients: int, requests: int, into: Served) -> None:
    """Each client has a connection of its own and asks again as soon as it has its answer."""
    each = max(1, requests * len(pages) // clients)

    def ask(first: int) -> list[float | None]:
        with servers.client(server) as client:
            return [_request(client, pages[(first + n) % len(pages)], first + n) for n in range(each)]

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = [seconds for some in pool.map(ask, range(clients)) for seconds in some]
    into.clients[clients] = _answered(found)
    into.rate[clients] = len(into.clients[clients]) / (time.perf_counter() - begun)
    into.refused[str(clients)] += found.count(None)
