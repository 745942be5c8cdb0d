"""What messages say, in the language of their reader: phrases, plural forms, dates, spans.

`words.toml` has every phrase in every language. What is filled in and runs in the other direction than the
language (a handle or a figure in Arabic, an Arabic name in English) stands between isolates (U+2068, U+2069), so
that it turns nothing around it.
"""

import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from core import times
from core.cadence import Cadence
from core.errors import BadRequest
from core.lang import RIGHT_TO_LEFT

_FIRST_STRONG, _END = "\u2068", "\u2069"
_RTL_CLASSES, _LTR_CLASSES = frozenset(("R", "AL", "AN")), frozenset(("L", "EN", "AN"))
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@cache
def table() -> dict[str, dict[str, Any]]:
    """By name and language: a phrase, its plural forms, or the months."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def plural(lang: str, n: int) -> str:
    """The form that a number takes, by CLDR's rules for whole numbers."""
    if lang == "ar":
        return _arabic(n)
    return "one" if n == 1 else "other"


def _arabic(n: int) -> str:
    exact = {0: "zero", 1: "one", 2: "two"}
    if n in exact:
        return exact[n]
    last = n % 100
    return "few" if 3 <= last <= 10 else "many" if last >= 11 else "other"


class Said(str):
    """Of our own words: in another phrase it stands as it is."""

    __slots__ = ()


def plain(said: str) -> str:
    """Without isolates, for where nothing reads them, such as a subject."""
    return said.replace(_FIRST_STRONG, "").replace(_END, "")


def elements(said: str) -> Markup:
    """As HTML, where elements isolate. What is filled in holds no isolates of its own (`render.clean`)."""
    return Markup(escape(said).replace(_FIRST_STRONG, Markup("<bdi>")).replace(_END, Markup("</bdi>")))  # noqa: S704


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    lang: str

    @property
    def rtl(self) -> bool:
        return self.lang in RIGHT_TO_LEFT

    def say(self, name: str, /, **values: str) -> Said:
        return self._filled(table()[name][self.lang], values)

    def many(self, name: str, n: int, /, **values: str) -> Said:
        return self._filled(table()[name][self.lang][plural(self.lang, n)], {"n": str(n), **values})

    def apart(self, value: str) -> Said:
        """Isolated where it holds what runs against the language and is not our own."""
        if isinstance(value, Said):
            return value
        against = _LTR_CLASSES if self.rtl else _RTL_CLASSES
        foreign = any(unicodedata.bidirectional(character) in against for character in value)
        return Said(f"{_FIRST_STRONG}{value}{_END}" if foreign else value)

    def date(self, said: str) -> Said:
        at = times.parse(said)
        month = table()["months"][self.lang][at.month - 1]
        order: str = table()["date"][self.lang]
        return Said(order.format(day=at.day, month=month, year=at.year))

    def moment(self, said: str) -> Said:
        """Of an RFC 3339 time, in UTC, and says so."""
        order: str = table()["moment"][self.lang]
        return Said(order.format(date=self.date(said), time=self.apart(f"{times.parse(said):%H:%M} UTC")))

    def number(self, value: float) -> Said:
        return self.apart(f"{value:g}".replace(".", table()["decimal"][self.lang]))

    def percent(self, share: float) -> Said:
        """Never rounds a doubt away: 0.996 is 99 %, not 100 %."""
        whole = 100 if share >= 1 else min(99, int(share * 100 + 0.5))
        said: str = table()["percent"][self.lang]
        return self.apart(said.format(n=whole))

    def span(self, said: str) -> Said:
        """15m, 24h, 7d or 1h 30m in words."""
        return Said(" ".join(self.many(_UNITS[part[-1]], int(part[:-1])) for part in said.split()))

    def lasting(self, seconds: float) -> Said:
        """As exact as people say it: 9 days 3 hours."""
        return self.span(" ".join(times.every(timedelta(seconds=seconds)).split()[:2]))

    def cadence(self, said: str) -> Said:
        """As written, if it is none that this version knows: the message is worth more than the phrase."""
        try:
            cadence = Cadence.parse(said)
        except BadRequest:
            return self.apart(said)
        return self.say(cadence.kind, **_when(cadence))

    def _filled(self, phrase: str, values: dict[str, str]) -> Said:
        return Said(phrase.format_map({name: self.apart(value) for name, value in values.items()}))


def _when(cadence: Cadence) -> dict[str, str]:
    return {"time": f"{cadence.at:%H:%M}", "zone": cadence.zone.key} if cadence.kind == "daily" else {}
