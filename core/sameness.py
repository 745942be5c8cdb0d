"""Do two posts say the same? By their words alone: copied, cut off, quoted whole, with another link or hashtag.

Texts are compared by their shingles, three folded words each, without what changes from copy to copy: links, "RT",
thread numbers, the hashtags at the end. Where one text says another number, date, rank, place or name at a place
where the two differ, they are two announcements from one template, however much of it they share. Two languages
share no words: a translation is found by meaning (`/posts/{id}/similar`), not here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple
from unicodedata import normalize

from core.readings import spread_hashtags
from core.text import fold, search_words, words

Kind = Literal["copy", "excerpt", "fuller"]  # of the other: the same, a part of the one, more than the one

SHINGLE = 3  # words
ENOUGH = 0.7  # of the shorter text's shingles stand in the other
LEAST = 8  # words: a shorter text inside another says nothing
ENOUGH_SHORT = 0.6  # of all shingles of two such short texts are shared
_COPY = 1.6  # times the words of the other: more than that is no copy
_LINKS = re.compile(r"(?<!\w)(?:https?://|www\.|pic\.twitter\.com/)\S+", re.I)
_PLACE_IN_THREAD = re.compile(r"\W*\d{1,2}/(?:\d|1[0-2])?\W*")
_GROUPED = re.compile(r"(?<=\d)[,.٬](?=\d{3}(?!\d))")
_MENTIONS = re.compile(r"@[\w.@-]+")
_RAW_WORD = re.compile(r"[^\W_]+")
_SENTENCE_ENDS = re.compile(r"[.!?:…\n]\W*$")
_SHORTENED = re.compile(r"(?<!\w)[^\W\d_]{1,5}\.\W*$")  # Gen.
_NAME_GOES_ON = re.compile(r"\.?\s+[A-Z]")
_MISTYPED = 5  # letters: a shorter word with other letters is another word
_ALIGNED = 200_000  # pairs of words: the numbers and names of longer texts are not held against each other


class Likeness(NamedTuple):
    """`overlap` is the share of the shorter text that the longer one has, 0 to 1."""

    overlap: float
    kind: Kind


@dataclass(frozen=True)
class Said:
    """One text as it is compared. `words` without what changes from copy to copy; all of them if none is left."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        bare = _GROUPED.sub("", _LINKS.sub(" ", self.text))
        return tuple(words(spread_hashtags(_own(bare.split()))) or words(bare))

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        size = min(SHINGLE, len(self.words))
        return (
            frozenset(self.words[i : i + size] for i in range(len(self.words) - size + 1)) if size else frozenset()
        )

    @cached_property
    def telling(self) -> frozenset[str]:
        """Words that tell one announcement from the next: numbers, names; in scripts without capitals any longer
        word. A mention stands for a name that another platform spells out."""
        mentioned = {word for found in _MENTIONS.findall(self.text) for word in words(found)}
        raw = normalize("NFKC", spread_hashtags(_GROUPED.sub("", _LINKS.sub(" ", self.text))))
        found = (fold(w[0]) for w in _RAW_WORD.finditer(raw) if _tells(w[0], *_around(raw, w.start(), w.end())))
        return frozenset(found) - mentioned


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    return text[max(0, start - 12) : start], text[end : end + 4]


def _own(parts: Sequence[str]) -> str:
    """Without "RT @name:" and the place in a thread, the hashtags at the end and a word that was cut there."""
    start, end = 0, len(parts)
    while start < end and (_PLACE_IN_THREAD.fullmatch(parts[start]) or not _says(parts[start])):
        start += 1
    if end - start > 1 and parts[start].upper() == "RT" and parts[start + 1].startswith("@"):
        start += 2
    while end > start and _trails(parts[end - 1]):
        end -= 1
    if end > start and parts[end - 1].endswith(("…", "...")):
        end -= 1
    return " ".join(parts[start:end])


def _trails(part: str) -> bool:
    return part.startswith("#") or bool(_PLACE_IN_THREAD.fullmatch(part)) or not _says(part)


def _says(part: str) -> bool:
    return any(map(str.isalnum, part))


def _tells(word: str, before: str, after: str) -> bool:
    if any(c.isdigit() for c in word):
        return True
    if word[0].isupper():  # at the start of a sentence only as part of a longer name
        begins = not before.strip() or (_SENTENCE_ENDS.search(before) and not _SHORTENED.search(before))
        return not begins or bool(_NAME_GOES_ON.match(after))
    return not word[0].islower() and len(word) > 2


def runs(text: str) -> list[list[str]]:
    """The folded words of `text` between its links: as they stand in the index, one next to the other."""
    found = [search_words(piece) for piece in _LINKS.split(text)]
    return [run for run in found if run]


def likeness(one: Said, other: Said) -> Likeness | None:
    """How `other` says what `one` says, None if it does not."""
    short, long = sorted((one, other), key=lambda said: (len(said.words), said.words))
    if not short.words:
        return None
    shared = len(short.shingles & long.shingles)
    overlap = shared / len(short.shingles)
    if len(short.words) < LEAST:
        union = len(short.shingles) + len(long.shingles) - shared
        enough = shared >= ENOUGH_SHORT * union
    else:
        enough = overlap >= ENOUGH
    if not enough or _another(short, long):
        return None
    if len(long.words) <= _COPY * len(short.words):
        return Likeness(overlap, "copy")
    return Likeness(overlap, "excerpt" if other is short else "fuller")


def _another(short: Said, long: Said) -> bool:
    """Whether a place where they differ says another number or name."""
    if short.words == long.words or len(short.words) * len(long.words) > _ALIGNED:
        return False
    theirs = SequenceMatcher(None, short.words, long.words, autojunk=False)
    in_short, in_long = set(short.words), set(long.words)
    for op, a, b, c, d in theirs.get_opcodes():
        if op != "replace":
            continue
        mine = [w for w in short.words[a:b] if w in short.telling and w not in in_long]
        other = [w for w in long.words[c:d] if w in long.telling and w not in in_short]
        if mine and other and not _spelled_otherwise(short.words[a:b], long.words[c:d], mine, other):
            return True
    return False


def _spelled_otherwise(a: Sequence[str], b: Sequence[str], mine: Iterable[str], other: Iterable[str]) -> bool:
    """Gen and General, MG and Maj. Gen.: one may stand for the other; a number stands for itself alone."""
    return all(_stands_for(w, b) for w in mine) or all(_stands_for(w, a) for w in other)


def _stands_for(word: str, others: Sequence[str]) -> bool:
    if word[0].isdigit():
        return any(_number(word) == _number(o) for o in others if o[0].isdigit())
    initials = "".join(o[0] for o in others)
    if len(word) > 1 and word in initials:
        return True
    return any(_alike(word, o) for o in others if not o[0].isdigit()) or any(
        len(a + b) == len(word) and a + b == word for a, b in pairwise(others)
    )


def _number(word: str) -> str:
    """18th is 18, 08 is 8."""
    return re.sub(r"(\d)(?:st|nd|rd|th)$", r"\1", word).lstrip("0")


def _alike(one: str, other: str) -> bool:
    """Shortened, with an ending or a particle more, or mistyped: letters swapped, one lost or doubled."""
    short, long = sorted((one, other), key=len)
    if (long.startswith(short) and len(short) > 1) or (long.endswith(short) and len(short) > 3):
        return True
    if len(short) < _MISTYPED:
        return False
    if len(short) == len(long):
        return sorted(short) == sorted(long)
    return len(short) + 1 == len(long) and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
