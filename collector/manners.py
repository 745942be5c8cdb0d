"""How a guest behaves, host by host: in turn, within named limits, by robots.txt, and not while the host is ill."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

from collector.breakers import Breakers
from collector.pace import Pace
from collector.robots import Robots
from collector.windows import Windows
from core import times
from core.page import Page


class Manners:
    """Safe to share between threads; `ask` fetches a robots.txt."""

    def __init__(self, pace: Pace, ask: Callable[[str], Page | None]) -> None:
        self._pace = pace
        self._robots = Robots(ask)
        self._breakers = Breakers()
        self._windows = Windows()

    @contextmanager
    def asking(self, address: httpx.URL, *, as_robot: bool) -> Iterator[None]:
        """Wait for our turn; inside, ask. Raises RateLimited, Refused or FetchError where nobody may ask now.

        `as_robot`: by the site's robots.txt, which speaks of pages and not of feeds or interfaces.
        """
        place = address.netloc.decode("ascii", "replace")
        self._windows.check(place, address.path, times.now())
        delay = self._robots.check(str(address), f"{address.scheme}://{place}") if as_robot else 0.0
        with self._breakers.asking(place):
            self._pace.wait(address.host, delay)
            yield

    def note(self, address: httpx.URL, headers: Mapping[str, str]) -> None:
        """What an answer says of the next one."""
        self._windows.note(address.netloc.decode("ascii", "replace"), address.path, headers, times.now())
