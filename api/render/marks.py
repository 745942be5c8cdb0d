"""A text cut into pieces, so that the sentences that speak for a tag can be marked; escaping is the template's."""

import re
from itertools import pairwise
from typing import Any, NamedTuple

_LATIN_UNIT = re.compile(r"((?:https?://|[@#])[!-~]*[0-9A-Za-z_/])")  # an address, @name or #tag in Latin letters


class Run(NamedTuple):
    """`apart`: an address or name that keeps its own direction inside a text of the other one."""

    text: str
    apart: bool


class Piece(NamedTuple):
    """`topics`: the slugs whose evidence this piece is; empty for plain text."""

    text: str
    topics: tuple[str, ...]

    @property
    def runs(self) -> list[Run]:
        """Joined, they are `text`."""
        return [Run(part, n % 2 == 1) for n, part in enumerate(_LATIN_UNIT.split(self.text)) if part]


def pieces(text: str, tags: list[dict[str, Any]]) -> list[Piece]:
    """In order and complete: joined, they are `text`. Offsets outside of it are cut to fit."""
    spans = [(slug, start, end) for slug, start, end in map(_span, tags) if start < end]
    cuts = sorted({0, len(text), *(min(c, len(text)) for _, start, end in spans for c in (start, end))})
    found = []
    for left, right in pairwise(cuts):
        topics = tuple(slug for slug, start, end in spans if start <= left and right <= end)
        found.append(Piece(text[left:right], topics))
    return found


def _span(tag: dict[str, Any]) -> tuple[str, int, int]:
    evidence = tag["evidence"] or {"start": 0, "end": 0}
    return tag["topic"], max(0, evidence["start"]), evidence["end"]


def shorten(text: str, limit: int) -> str:
    """At most `limit` code points, cut between words; `text` itself if it is short enough."""
    if len(text) <= limit:
        return text
    head, space, _ = text[:limit].rpartition(" ")
    return (head if space and len(head) > limit // 2 else text[:limit]).rstrip()
