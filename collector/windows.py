"""Rate limits as servers tell them: how many requests are left, and when there are more.

Three spellings of one thing: `x-rate-limit-remaining` (X), `x-ratelimit-remaining` (Mastodon and many others) and
`ratelimit-remaining` (Bluesky), each with a `-reset` that is a time, seconds since 1970 or seconds from now.
"""

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from core import times
from core.errors import RateLimited

_SPELLINGS = ("x-rate-limit", "x-ratelimit", "ratelimit")
_SECONDS_OF_1970 = 1_000_000_000  # a larger number is no span
_LONGEST = timedelta(days=1)
_NUMBERED = re.compile(r"/[^/]*\d[^/]*")


def reset(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When requests are possible again, at most a day ahead; None where the server does not say."""
    for name in _SPELLINGS:
        if moment := _moment(headers.get(f"{name}-reset", "").strip(), now):
            return min(moment, now + _LONGEST)
    return None


def _moment(value: str, now: datetime) -> datetime | None:
    if re.fullmatch(r"\d{1,12}(\.\d*)?", value):
        number = float(value)
        return datetime.fromtimestamp(number, UTC) if number > _SECONDS_OF_1970 else now + timedelta(seconds=number)
    try:
        return times.parse(value) if value else None
    except (ValueError, OverflowError):
        return None


def is_used_up(headers: Mapping[str, str]) -> bool:
    return any(headers.get(f"{name}-remaining", "").strip() == "0" for name in _SPELLINGS)


class Windows:
    """Which routes of which hosts ask nothing of us before when; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, datetime] = {}

    def note(self, host: str, path: str, headers: Mapping[str, str], now: datetime) -> None:
        """Remember an answer that was the last of its window."""
        moment = reset(headers, now) if is_used_up(headers) else None
        if moment and moment > now:
            with self._lock:
                self._until[_route(host, path)] = moment

    def check(self, host: str, path: str, now: datetime) -> None:
        """Raises RateLimited, without asking, while the window is used up."""
        with self._lock:
            until = self._until.get(_route(host, path))
        if until and until > now:
            raise RateLimited(
                f"{host} answers no more such requests before {times.text(until.replace(microsecond=0))}",
                retry_after=(until - now).total_seconds(),
            )


def _route(host: str, path: str) -> str:
    """Limits are counted by route, whatever ids it holds."""
    return host + _NUMBERED.sub("/*", path)
