"""robots.txt (RFC 9309): what a site asks of programs, read at most once a day for each host."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from collector.reading import charset
from core import times
from core.errors import FetchError, ParseError, RateLimited, Refused
from core.page import Page

AGENT = "kle-monitor"
_KEPT = timedelta(hours=24)
_AGAIN = timedelta(minutes=10)  # after a robots.txt that could not be read
_LONGEST = 512_000  # bytes; the rest of a longer file is not read
_LONGEST_DELAY = 60.0


@dataclass(frozen=True, slots=True)
class _Rules:
    """`unread` is why a robots.txt could not be read: until it can, nothing of the host is."""

    until: datetime
    parsed: Protego | None = None
    unread: str = ""


class Robots:
    """`ask` fetches an address without asking here; `clock` tells the time."""

    def __init__(self, ask: Callable[[str], Page | None], clock: Callable[[], datetime] = times.now) -> None:
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._of: dict[str, _Rules] = {}

    def check(self, url: str, site: str) -> float:
        """Seconds that the site wants between two requests. `site` is scheme and host of `url`.

        Raises Refused for a page that programs are asked to leave alone, FetchError while nobody can tell.
        """
        rules = self._rules(site)
        if rules.unread:
            raise FetchError(f"{site} is not read while its robots.txt cannot be: {rules.unread}")
        if rules.parsed is None:
            return 0.0
        if not rules.parsed.can_fetch(url, AGENT):
            raise Refused(f"{site}/robots.txt asks programs to leave this page alone: {url}")
        return min(rules.parsed.crawl_delay(AGENT) or 0.0, _LONGEST_DELAY)

    def _rules(self, site: str) -> _Rules:
        now = self._clock()
        with self._lock:
            known = self._of.get(site)
        if known is None or known.until <= now:
            known = self._read(site, now)
            with self._lock:
                self._of[site] = known
        return known

    def _read(self, site: str, now: datetime) -> _Rules:
        """A file that the site does not have or does not show allows everything; a site in trouble nothing."""
        try:
            page = self._ask(f"{site}/robots.txt")
        except RateLimited:
            raise
        except FetchError as error:
            if error.answered and 400 <= error.answered < 500:
                return _Rules(now + _KEPT)
            return _Rules(now + _AGAIN, unread=error.message)
        return _Rules(now + _KEPT, _parsed(page))


def _parsed(page: Page | None) -> Protego | None:
    """None where the answer is no text: many sites send their front page or a picture instead."""
    if page is None:
        return None
    try:
        text = charset.decode(page.body[:_LONGEST], page.headers.get("content-type", ""))
    except ParseError:
        return None
    return Protego.parse(text)
