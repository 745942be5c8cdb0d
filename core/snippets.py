"""Where in a text the words of a query stand, and the part of it that shows most of them.

Hits are code points of the text as it is, though the words were found folded: marks, joiners and ligatures count as
they stand there. Words inside hashtags are hits of their own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.readings import Spots

LONGEST = 200  # code points of a snippet
READ = 20_000  # code points of a text in which hits are looked for
_LEAD = 3  # a third of the room is what comes before the first hit, at most
_NEAR = 30  # code points in which a border between words is looked for


class Wanted(NamedTuple):
    """Folded words that stand next to each other; `begun`: the last one may go on."""

    words: tuple[str, ...]
    begun: bool = False


class Hit(NamedTuple):
    """Place of words in a text, end exclusive; `number` tells for which of the wanted ones."""

    start: int
    end: int
    number: int


class Snippet(NamedTuple):
    """`text` begins at `start` of the whole; `hits` are places in `text`."""

    text: str
    start: int
    hits: list[tuple[int, int]]


def places(text: str, wanted: Sequence[Wanted]) -> list[Hit]:
    """Every hit in the first READ code points, in order."""
    first: dict[str, list[int]] = {}
    begun: list[tuple[str, int]] = []
    for number, one in enumerate(wanted):
        if len(one.words) == 1 and one.begun:
            begun.append((one.words[0], number))
        else:
            first.setdefault(one.words[0], []).append(number)
    found, prefixes = Spots.of(text[:READ]), tuple(word for word, _ in begun)
    hits: list[tuple[int, int]] = []
    for at, word in enumerate(found.words):
        if word in first:
            hits += [(at, n) for n in first[word] if _stands(found.words, at, wanted[n])]
        if prefixes and word.startswith(prefixes):
            hits += [(at, n) for prefix, n in begun if word.startswith(prefix)]
    if not hits:
        return []
    spans = found.places([(at, at + len(wanted[n].words) - 1) for at, n in hits])
    return sorted({Hit(start, end, n) for (start, end), (_, n) in zip(spans, hits, strict=True)})


def _stands(found: Sequence[str], at: int, wanted: Wanted) -> bool:
    """Whether all of the words wanted stand there."""
    if len(wanted.words) == 1:
        return True
    *others, last = found[at : at + len(wanted.words)]
    if others != list(wanted.words[:-1]):
        return False
    return last.startswith(wanted.words[-1]) if wanted.begun else last == wanted.words[-1]


def snippet(text: str, wanted: Sequence[Wanted], limit: int = LONGEST) -> Snippet:
    """At most `limit` code points of `text`, cut between words: where most of what is wanted stands together, or
    its beginning; all of it if it is short enough."""
    hits = places(text, wanted) if wanted else []
    if len(text) <= limit:
        return Snippet(text, 0, _merged(hits))
    start, end = _around(text, *_best(hits, limit), limit)
    inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
    return Snippet(text[start:end], start, [(a - start, b - start) for a, b in _merged(inside)])


def _merged(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    """Without overlaps, in order."""
    found: list[tuple[int, int]] = []
    for start, end, _ in hits:
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _best(hits: Sequence[Hit], limit: int) -> tuple[int, int]:
    """The span of the hits that fit in together and tell most: of the most wanted ones, then the most, then the
    first."""
    best, span, left = (0, 0), (0, 0), 0
    held: Counter[int] = Counter()
    for right, hit in enumerate(hits):
        held[hit.number] += 1
        while left < right and hit.end - hits[left].start > limit:
            held[hits[left].number] -= 1
            left += 1
        told = sum(count > 0 for count in held.values()), right - left + 1
        if told > best:
            best, span = told, (hits[left].start, max(h.end for h in hits[left : right + 1]))
    return span


def _around(text: str, first: int, last: int, limit: int) -> tuple[int, int]:
    """A span of at most `limit` that holds this one, cut at spaces where some are near."""
    last = min(last, first + limit)
    start = max(0, min(first - (limit - (last - first)) // _LEAD, len(text) - limit))
    if start:
        start = next((n + 1 for n in range(start - 1, min(first, start + _NEAR)) if text[n].isspace()), start)
    end = min(start + limit, len(text))
    if end < len(text):
        end = next((n for n in range(end, max(last, end - _NEAR) - 1, -1) if text[n].isspace()), end)
    return start, end
