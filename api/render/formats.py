"""Numbers and times as people read them. Times are UTC and say so."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from core import times
from core.lang import RIGHT_TO_LEFT

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LANGUAGES = {"en": "English", "ar": "Arabic", "ckb": "Sorani", "kmr": "Kurmanji", "ku": "Kurdish", "fa": "Persian",
              "tr": "Turkish", "fr": "French", "de": "German", "es": "Spanish"}  # fmt: skip
_PLATFORMS = {"x": "X", "bluesky": "Bluesky", "mastodon": "Mastodon", "feed": "Feed", "article": "Article",
              "dvids": "DVIDS", "youtube": "YouTube", "file": "File"}  # fmt: skip


class When(NamedTuple):
    """`iso` for machines, `text` for people, `note` where the time is not the publication's."""

    iso: str
    text: str
    note: str


def day(at: datetime) -> str:
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def moment(value: str | datetime | None) -> str:
    if value is None:
        return "never"
    at = times.utc(value) if isinstance(value, datetime) else times.parse(value)
    return f"{day(at)}, {at:%H:%M} UTC"


def when(post: dict[str, Any]) -> When:
    """No false 00:00: a date stays a date, and the time first seen is called so."""
    at = times.parse(post["created_at"])
    precision = post["created_at_precision"]
    if precision == "day":
        return When(at.date().isoformat(), day(at), "only the date is known")
    if precision == "seen":
        return When(post["created_at"], f"first seen {moment(at)}", "the source gives no date")
    return When(post["created_at"], moment(at), "")


def number(value: int | dict[str, int]) -> str:
    """1234 -> "1,234"; {"at_least": 10000} -> "10,000+"."""
    return f"{value['at_least']:,}+" if isinstance(value, dict) else f"{value:,}"


def size(count: int) -> str:
    """1234567 -> "1.2 MB"."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"


def percent(share: float) -> str:
    """Never rounds a doubt away: 0.996 is 99 %, not 100 %."""
    return f"{min(99, int(share * 100 + 0.5)) if share < 1 else 100} %"


def span(seconds: float) -> str:
    """900 -> "15 min"."""
    left = timedelta(seconds=seconds)
    for size, unit in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if left >= size and left % size == timedelta():
            return f"{left // size} {unit}"
    return f"{seconds:g} s"


def language(code: str) -> str:
    return _LANGUAGES.get(code, code)


def platform(name: str) -> str:
    return _PLATFORMS.get(name, name)


def direction(code: str | None) -> str:
    """The language's, where it is known; else the first strong letter decides, in the browser."""
    return "rtl" if code and code.split("-")[0] in RIGHT_TO_LEFT else "auto" if not code else "ltr"


def facet(value: str, field: str) -> str:
    """A facet's value as people read it."""
    readers = {"lang": language, "platform": platform}
    return readers[field](value) if field in readers else value
