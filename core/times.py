"""Times are UTC and aware everywhere; these are the only ways in and out."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache

_PART = re.compile(r"(\d+)\s*([smhd])\s*")
_EVERY = re.compile(rf"({_PART.pattern})+")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=3650)  # between two looks
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # nothing on the web is older: such a date is a mistake


def now() -> datetime:
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; a time without zone (SQLite hands such back) is UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def of_micros(count: int) -> datetime:
    return _EPOCH + int(count) * _MICROSECOND


def parse(value: str) -> datetime:
    """RFC 3339 or a plain date (midnight UTC) -> aware UTC. Raises ValueError."""
    return utc(datetime.fromisoformat(value.strip()))


@lru_cache(1024)  # the rows of one look share their times
def text(moment: datetime) -> str:
    """RFC 3339 with Z; fractions only where there are some."""
    return utc(moment).isoformat().replace("+00:00", "Z")


def every(span: timedelta) -> str:
    """What `parse_every` reads: "15m", "1h 30m" for spans of several units."""
    rest, parts = int(span.total_seconds()), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if rest >= size:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    return " ".join(parts) or "0s"


def until_next_day(moment: datetime) -> float:
    """Seconds until the next UTC midnight."""
    here = utc(moment)
    return (datetime.combine(here.date() + timedelta(days=1), time(), UTC) - here).total_seconds()


def parse_every(value: str) -> timedelta:
    """ "15m", "7d", "1h 30m" -> a time span. Raises ValueError."""
    written = value.strip().lower()
    parts = _PART.findall(written) if _EVERY.fullmatch(written) else []
    if not any(int(count) for count, _ in parts):
        raise ValueError(f"{value!r} is not a time span such as 30s, 15m, 1h or 7d")
    try:
        span = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in parts), timedelta(0))
    except OverflowError:
        span = timedelta.max
    if span > LONGEST:
        raise ValueError(f"{value!r} is longer than {LONGEST.days}d")
    return span
