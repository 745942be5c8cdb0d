"""The line that X puts under an embedded post: — Name (@handle) August 18, 2025."""

import re
from datetime import datetime
from typing import NamedTuple

from collector.reading import dates

_DASH = r"(?:[—–―‒−]|--?|&mdash;|&#8212;)"
_HANDLE = r"\(\s*[\u200e\u200f\u2066-\u2069]*@([A-Za-z0-9_]{1,20})[\u200e\u200f\u2066-\u2069]*\s*\)"
_SIGNATURE = re.compile(rf"(?:^|\s|(?=[—–―])){_DASH}\s*([^()]*(?:\([^()@]*\)[^()]*)*?)\s*{_HANDLE}\s*(.*)$", re.S)
_BARE = re.compile(rf"(?:^|\n)([^\n()]{{1,60}}?)\s*{_HANDLE}\s*(.*)$", re.S)
_HANDLES = re.compile(_HANDLE)
_LONG_DASH = re.compile(r"\s*[—–―]|\s--")
_LIKE_A_DATE = re.compile(r"\d{1,2}\W+[^\W\d]+\W+\d{4}|[^\W\d]+\W+\d{1,2}\W+\d{4}")
_LONGEST_NAME = 80
_LONGEST_DATE = 40


class Signature(NamedTuple):
    """`start` is where the signature begins in the text that it was found in."""

    start: int
    name: str
    handle: str
    date: str

    @property
    def day(self) -> datetime | None:
        return dates.day_in_words(self.date) if self.date else None


def at_end(text: str, *, bare: bool = False) -> Signature | None:
    """The signature that `text` ends with; `bare` ones have no dash (where markup says that it is an embed)."""
    from_here = max(0, len(text) - 300)
    found = _last(_SIGNATURE, text, from_here) or (_last(_BARE, text, from_here) if bare else None)
    if not found:
        return None
    name, handle, date = found[1].strip(), found[2], " ".join(found[3].split())
    if len(name) > _LONGEST_NAME or len(date) > _LONGEST_DATE or "\n" in name:
        return None
    return Signature(found.start(), name, handle, date)


def whole_line(line: str) -> Signature | None:
    """A line that ends with a signature and a date: nothing that a sentence of an article does."""
    found = at_end(line)
    if not found or not found.date:
        return None
    alone = found.start == 0 and _LIKE_A_DATE.fullmatch(found.date)  # a month in a language that nobody knew
    return found if found.day or alone else None


def _last(pattern: re.Pattern[str], text: str, from_here: int) -> re.Match[str] | None:
    """The match around the last handle: its line, else from the last long dash in it, else from the line before.

    A post's own words and an account's name hold dashes too.
    """
    handles = list(_HANDLES.finditer(text, from_here))
    if not handles:
        return None
    end = handles[-1].start()
    line = max(text.rfind("\n", 0, end), 0)
    inside = [m.start() for m in _LONG_DASH.finditer(text, line, end)]
    for start in [line, *reversed(inside), max(text.rfind("\n", 0, line), 0)]:
        found = pattern.match(text, start) if end - start <= _LONGEST_NAME * 2 else None
        if found and found.start(2) >= end:
            return found
    return None
