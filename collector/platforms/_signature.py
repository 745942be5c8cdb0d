"""The line that X puts under an embedded post: — Name (@handle) August 18, 2025."""

import re
from datetime import datetime
from typing import NamedTuple

from collector.reading import dates

_DASH = r"(?:[—–―‒−]|--?|&mdash;|&#8212;)"
_HANDLE = r"\(\s*[\u200e\u200f\u2066-\u2069]*@([A-Za-z0-9_]{1,20})[\u200e\u200f\u2066-\u2069]*\s*\)"
_SIGNATURE = re.compile(rf"(?:^|\s){_DASH}\s*([^()]*(?:\([^()@]*\)[^()]*)*?)\s*{_HANDLE}\s*(.*)$", re.S)
_BARE = re.compile(rf"(?:^|\n)([^\n()]{{1,60}}?)\s*{_HANDLE}\s*(.*)$", re.S)
_YEAR = re.compile(r"(?<!\d)(?:19|20|13|14)\d\d(?!\d)|[٠-٩]{4}|[۰-۹]{4}")
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
    if not found or not found.date or not _YEAR.search(found.date):
        return None
    return found if found.day or len(found.date.split()) <= 4 else None


def _last(pattern: re.Pattern[str], text: str, from_here: int) -> re.Match[str] | None:
    """The match that begins last, so that a dash inside the post's own words is not taken for it."""
    handles = list(re.finditer(_HANDLE, text[from_here:]))
    if not handles:
        return None
    handle = handles[-1]
    end = from_here + handle.start()
    starts = [m.start() for m in re.finditer(rf"(?:^|\s){_DASH}|(?:^|\n)", text[from_here:end])]
    for start in reversed(starts):
        found = pattern.match(text, from_here + start)
        if found and found[2] == handle[1]:
            return found
    return None
