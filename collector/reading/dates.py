"""Dates as people and programs write them. A moment that cannot be is no date: None, never a guess."""

import re
import warnings
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from core import times
from core.post import Precision
from core.text import fold


class When(NamedTuple):
    moment: datetime
    precision: Precision


_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[T ]+(\d\d?:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?)?$"
)
_MONTHS = [
    "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
    "september sep sept", "october oct", "november nov", "december dec",
]  # fmt: skip
_LEVANTINE = [
    "كانون_الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب", "أيلول", "تشرين_الأول", "تشرين_الثاني",
    "كانون_الأول",
]  # fmt: skip
_KURDISH = [
    "rebendan cile كانووني_دووهم",
    "resemi sibat شوبات",
    "adar ئازار",
    "avrel nisan نيسان",
    "gulan ئايار",
    "pusper heziran حوزهيران",
    "tirmeh تهممووز",
    "gelawej tebax ئاب",
    "rezber ilon ئهيلوول",
    "kewcer cotmeh تشريني_يهكهم",
    "sermawez mijdar تشريني_دووهم",
    "berfanbar kanun كانووني_يهكهم",
]  # fmt: skip  (no date library knows these)
_MONTH = {
    fold(word.replace("_", " ")): number
    for names in (_MONTHS, _LEVANTINE, _KURDISH)
    for number, row in enumerate(names, 1)
    for word in row.split()
}
_AROUND = re.compile(
    r"^(?:\w+day|mon|tue|wed|thu|fri|sat|sun)\b[.,]?\s|\b\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?", re.I
)
_CLOCK = re.compile(r"\d:\d\d|T\d{4}|\d{8}T")
_ZONE = re.compile(
    r":?\d\d(?:[.,]\d+)?\s*(?:[AP]\.?M\.?\s*)?\(?(Z|[A-Z]{2,5}|(?:GMT|UTC)?[+-]\d\d:?(?:\d\d)?)\)?"
    r"(?:\s*\([\w ]+\))?$",
    re.I,
)
_CERTAIN = frozenset(("Z", "UT", "UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"))
_HOURS = {
    "CET": 1,
    "CEST": 2,
    "MEZ": 1,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "TRT": 3,
    "BST": 1,
    "WET": 0,
    "WEST": 1,
    "JST": 9,
    "KST": 9,
    "PKT": 5,
    "SGT": 8,
    "HKT": 8,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "SAST": 2,
}  # fmt: skip  (that one place alone uses; IST and AST are several)
_OFFSET_IN_WORDS = re.compile(r"(.*\d:\d\d(?::\d\d)?)\s*(?:GMT|UTC)\s*([+-])(\d{1,2})(?::?00)?", re.I)
_WORDS = re.compile(r"[\W_]+")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|ي|e|i)? (?:of )?(.+?) (\d{4})")
_MONTH_FIRST = re.compile(r"(.+?) (\d{1,2})(?:st|nd|rd|th)? (\d{4})")
_LANGUAGES = [
    "ar", "fr", "de", "es", "fa", "tr", "it", "pt", "nl", "ru", "he", "pl", "sv", "ja", "ko", "zh", "uk", "cs",
    "el", "da", "nb", "fi", "hu", "ro", "bg", "id", "vi", "hi",
]  # fmt: skip
_KURDISH_ENDS = ("ي", "e", "a", "i")  # "of", behind a day or a month
_LAST_YEAR = 2200  # beyond it, a calendar is another one


def plausible(moment: datetime, now: datetime) -> bool:
    """Not before the web and not more than a day ahead."""
    return times.EARLIEST <= moment <= now + timedelta(days=1)


def iso(value: str) -> When | None:
    """ISO 8601 as pages write it; a time without zone tells only the day."""
    found = _ISO.match(value.strip())
    if not found:
        return None
    year, month, day, clock, zone = found.groups()
    try:
        date = datetime(int(year), int(month), int(day), tzinfo=UTC)
        if not (clock and zone):
            return When(date, "day")
        offset = "+00:00" if zone in ("Z", "UTC", "GMT") else zone
        return When(times.parse(f"{date:%Y-%m-%d}T{clock.zfill(5 if len(clock) < 6 else 8)}{offset}"), "second")
    except (ValueError, OverflowError):
        return None


def by_zone(moment: datetime, written: str) -> When:
    """`moment` as a feed's reader understood `written`, as exact as the zone that is written allows.

    Such readers take a zone that they do not know, and none, for UTC: that is a time only where it is UTC.
    """
    if not _CLOCK.search(written):
        return When(moment, "day")
    found = _ZONE.search(written.strip())
    zone = found[1].upper() if found else ""
    if zone in _CERTAIN or zone[-2:].isdecimal():
        return When(moment, "second")
    if zone in _HOURS:
        return When(moment - timedelta(hours=_HOURS[zone]), "second")
    local = moment - timedelta(hours=4) if zone in ("AST", "AT") else moment  # of the Atlantic, says that reader
    return When(local.replace(hour=0, minute=0, second=0, microsecond=0), "day")


def counted(written: str) -> When | None:
    """Seconds or milliseconds since 1970, and "GMT+3" behind a time, which no standard has."""
    if re.fullmatch(r"\d{10}|\d{13}", written):
        return When(datetime.fromtimestamp(int(written[:10]), UTC), "second")
    found = _OFFSET_IN_WORDS.fullmatch(written.strip())
    if not found:
        return None
    try:
        moment = parsedate_to_datetime(f"{found[1]} {found[2]}{int(found[3]):02}00")
        return When(moment.astimezone(UTC), "second")
    except (ValueError, TypeError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def day_in_words(value: str) -> datetime | None:
    """A whole date ("August 18, 2025", "18 août 2025") at midnight UTC; None for less or for other text."""
    if not 6 <= len(value) <= 60:
        return None
    tidy = _WORDS.sub(" ", _AROUND.sub(" ", fold(value))).strip()
    if not re.search(r"\b\d{4}\b|\b\d{4}(?=\D)", tidy):
        return None
    if numbers := re.fullmatch(r"(\d{1,2}) (\d{1,2}) (\d{4})", tidy):
        return _day_and_month(*map(int, numbers.groups()))
    return _known_months(tidy) or _any_language(value)


def _known_months(tidy: str) -> datetime | None:
    for pattern, order in ((_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2))):
        found = pattern.fullmatch(tidy)
        if found and (month := _month(found[order[1]])):
            return _date(int(found[order[0]]), month, int(found[order[2]]))
    if found := re.fullmatch(r"(\d{4}) (\d\d?) (\d\d?)", tidy):
        return _date(*map(int, found.groups()))
    return None


def _month(word: str) -> int | None:
    return _MONTH.get(word) or (_MONTH.get(word[:-1]) if word.endswith(_KURDISH_ENDS) else None)


def _day_and_month(first: int, second: int, year: int) -> datetime | None:
    """8/18/2025 and 18.8.2025 can be told; of 8/7/2025 nobody knows which is the month."""
    if first > 12 or first == second:
        return _date(year, second, first)
    return _date(year, first, second) if second > 12 else None


def _any_language(value: str) -> datetime | None:
    import dateparser  # type: ignore[import-untyped]

    settings = {
        "STRICT_PARSING": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = dateparser.parse(value, languages=_LANGUAGES, settings=settings)
    except (ValueError, OverflowError, TypeError, AttributeError, IndexError):
        return None
    return _date(found.year, found.month, found.day) if found else None


def _date(year: int, month: int, day: int) -> datetime | None:
    if year > _LAST_YEAR:
        return None
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
