"""A text cut into pieces, so that sentences that speak for a tag and words that were searched are marked.

Escaping is the template's.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

_LATIN_UNIT = re.compile(r"((?:https?://|[@#])[!-~]*[0-9A-Za-z_/])")  # an address, @name or #tag in Latin letters


class Run(NamedTuple):
    """`apart`: an address or name that keeps its own direction inside a text of the other one."""

    text: str
    apart: bool


class Piece(NamedTuple):
    """`topics`: the slugs whose evidence this piece is; empty for plain text. `hit`: it was searched for."""

    text: str
    topics: tuple[str, ...]
    hit: bool = False

    @property
    def runs(self) -> list[Run]:
        """Joined, they are `text`."""
        return [Run(part, n % 2 == 1) for n, part in enumerate(_LATIN_UNIT.split(self.text)) if part]


def pieces(
    text: str, tags: list[dict[str, Any]], hits: Sequence[tuple[int, int]] = (), start: int = 0
) -> list[Piece]:
    """In order and complete: joined, they are `text`, which stands at `start` of the whole. Evidence counts from
    the beginning of the whole, hits from that of `text`; what is outside of it is cut to fit."""
    spans = [(slug, a, b) for slug, a, b in (_span(tag, start) for tag in tags) if a < b]
    edges = [edge for _, a, b in spans for edge in (a, b)] + [edge for hit in hits for edge in hit]
    cuts = sorted({0, len(text), *(min(edge, len(text)) for edge in edges)})
    found = []
    for left, right in pairwise(cuts):
        topics = tuple(slug for slug, a, b in spans if a <= left and right <= b)
        found.append(Piece(text[left:right], topics, any(a <= left and right <= b for a, b in hits)))
    return found


def _span(tag: dict[str, Any], shift: int) -> tuple[str, int, int]:
    evidence = tag["evidence"] or {"start": 0, "end": 0}
    return tag["topic"], max(0, evidence["start"] - shift), evidence["end"] - shift
