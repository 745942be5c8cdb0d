"""How often one sender may ask for something: so many at once, then one at a time as time passes."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import ClassVar

from fastapi import Request

from core.errors import KleError

_MOST = 50_000  # senders that are remembered; who is forgotten has a full bucket
_OF_ONE_SITE = 64  # bits of an IPv6 address that one customer of a network holds


class TooOften(KleError):
    """`retry_after` says when the next one is taken."""

    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many requests"


class Buckets:
    """One a sender, with `size` tokens, of which one comes back every `seconds`. Of one process; any thread."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._seconds, self._clock = size, seconds, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def take(self, sender: str) -> None:
        """Raises TooOften where none is left."""
        with self._lock:
            now = self._clock()
            full_at = max(now, self._full_at.get(sender, now)) + self._seconds
            wait = full_at - now - self._size * self._seconds
            if wait > 0:
                raise TooOften(
                    f"this was asked for {self._size} times from your network lately: try again later",
                    retry_after=math.ceil(wait),
                )
            self._full_at[sender] = full_at
            self._full_at.move_to_end(sender)
            while len(self._full_at) > _MOST:
                self._full_at.popitem(last=False)


def sender(request: Request) -> str:
    """The network that a request comes from. A proxy stands on this machine or beside it: then it is the last that
    it was asked by, which nobody but the proxy wrote."""
    host = request.client.host if request.client else ""
    asked_by = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    own = _network(host)
    if asked_by and own and own.is_private:
        return str(_network(asked_by) or own)
    return str(own or host)


def _network(said: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    bits = address.max_prefixlen if address.version == 4 else _OF_ONE_SITE
    return ipaddress.ip_network((address, bits), strict=False)
