"""How a text can be read: what the index holds of it, and where that stands.

The first reading of a text is its `search_words`. Where people write a piece of it in more than one way
(Hewlêr'ê or Hewlêr, #KeyLeaderEngagement or three words, برنامه‌های or برنامه های, 72.000 or 72000), the others
follow behind it: one reading in which every such piece is written in its usual other way, with the words around it,
so that a phrase that goes through it finds its neighbours; and what is left, a run each. A BORDER stands between
runs, so that no phrase crosses from one into the next.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, NamedTuple, TypeVar

from core.text import MARKED, TERM, cut, fold, is_mark, joined, pieces, search_words, without_addresses, words

BORDER = "\ue000"  # stands between words of the index that are no neighbours; `fold` drops it from all texts
_AROUND = 4  # words on either side of what is written in another way: phrases are rarely longer
_BESIDE = 3  # the same where the neighbours stay as they are though they have another way, too
Run = list["Spot"]
T = TypeVar("T")
Kind = Literal["apart", "together", "number", "letters", "ending"]

_HASHTAG = re.compile(rf"[#＃]([{MARKED}\u200c\u200d]+)")
_TAG = re.compile(rf"[#＃@＠]([{MARKED}\u200c\u200d]+)")
_CAMEL = re.compile(r"0+[Ls]{1,2}(?![Ls])|U{2,}s(?![Ls])|U+(?![Ls])|U?[Ls]+|0+|x+")  # over a hashtag's shape
_JOINER = "\u200c"
_HALVED = re.compile(rf"(?<![{MARKED}])[{MARKED}]++(?:{_JOINER}[{MARKED}]++)+")
_HALF = re.compile(rf"[^{_JOINER}]+")
_KURDISH_HALF = re.compile(rf"(?:[^{_JOINER}]|(?<=[هەھة]){_JOINER})+")  # behind heh it makes one letter, ە
_KURDISH = re.compile("[ەێۆڕڵ]")  # letters that neither Arabic nor Persian has
_CONTRACTED = re.compile(r".*n't|.*'(?:ll|re|ve|[dmt])")  # English; the rest are names with something around
_GROUPED = re.compile(
    r"(?<![^\W_])(?<!\d[.,])[1-9]\d{0,2}(?:(?:\.\d{3}){1,6}|(?: \d{3}){1,6})(?![^\W_]|\.\d)"
)  # 72.000
_DOTTED, _APART = re.compile(r"\.(?<=[^\W_]\.)[^\W_]"), re.compile(r" \d{3}(?<=\d \d{3})")


class Spot(NamedTuple):
    """A word of the index and where it stands in the folded text."""

    word: str
    start: int
    end: int


class _Other(NamedTuple):
    """Another way to write the terms from `first` up to `end`: apart (#KeyLeader), together (@Key_Leader), as one
    number, by its letters (Ph.D.), or without an ending (Hewlêr'ê). `alone`: with no neighbours."""

    first: int
    end: int
    spots: Run
    kind: Kind
    alone: bool = False


def readings(text: str) -> list[list[str]]:
    """The words of each reading of `text`, the first one first; a place counts in one run of each at most."""
    shown = without_addresses(text)
    folded = fold(shown)
    if not _has_other(shown, folded):
        return [cut(folded)]
    return [[word for word, _, _ in reading] for reading in _Text(shown, folded).readings]


def _has_other(shown: str, folded: str) -> bool:
    """Cheaper than to look for them; nearly all texts without have none of these signs."""
    signs = "'" in folded or "#" in folded or "@" in folded or _JOINER in shown
    return signs or bool(_DOTTED.search(folded) or _APART.search(folded))


def index_words(text: str) -> list[str]:
    """All readings, with a BORDER between them: what the index holds."""
    return _bordered(readings(text), BORDER)


def _bordered(runs: Sequence[list[T]], border: T) -> list[T]:
    found = [*runs[0]]
    for run in runs[1:]:
        found += [border, *run]
    return found


def query_readings(text: str) -> list[list[str]]:
    """The ways in which `text` is searched: as it stands, and with 72.000 and 72 000 as one number."""
    found = [search_words(text)]
    together = _GROUPED.sub(_as_one, fold(without_addresses(text)))
    other = search_words(together)
    return found if other == found[0] else [*found, other]


def _as_one(number: re.Match[str]) -> str:
    return number[0].replace(".", "").replace(" ", "")


@dataclass(frozen=True, slots=True)
class Spots:
    """`words` are `index_words` of a text; `places` tells where they stand in it."""

    words: list[str]
    _spots: Run
    _text: "_Text"

    @classmethod
    def of(cls, text: str) -> "Spots":
        shown = without_addresses(text)
        read = _Text(shown, fold(shown))
        spots = _bordered(read.readings, _BETWEEN)
        return cls([spot.word for spot in spots], spots, read)

    def places(self, runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """For runs of words, by the numbers of the first and the last, where each stands in the text."""
        back = self._text.back()
        return [back(self._spots[first].start, self._spots[last].end) for first, last in runs]


_BETWEEN = Spot(BORDER, 0, 0)


class _Text:
    """One text while it is read."""

    def __init__(self, shown: str, folded: str) -> None:
        self.shown, self.folded = shown, folded
        found = list(TERM.finditer(self.folded))
        self.raw = [term[0] for term in found]
        self.terms = [Spot(joined(term[0]), *term.span()) for term in found]

    @cached_property
    def readings(self) -> list[Run]:
        usual, rest = self._sorted()
        found = [self.terms]
        if usual:
            found.append(self._with(usual))
        return found + [other.spots if other.alone else self._amid(other) for other in rest]

    def _sorted(self) -> tuple[list[_Other], list[_Other]]:
        """The usual other way of each piece, in order, and what a run of its own is for: pieces beside one of
        another kind, for people write one of them so and leave the other as it is; two endings are left alike."""
        usual: list[_Other] = []
        rest: list[_Other] = []
        for other in sorted(self._others(), key=lambda other: other.first):
            taken = usual and other.first < usual[-1].end
            (rest if other.alone or taken or other.kind == "together" else usual).append(other)
        for number, other in enumerate(usual):
            if any(other.kind == "ending" or near.kind != other.kind for near in _beside(usual, number)):
                rest.append(other)
        return usual, rest

    def _with(self, usual: Sequence[_Other]) -> Run:
        """The text around these pieces, each in its other way."""
        run: Run = []
        read = 0  # terms
        for number, other in enumerate(usual):
            start = max(read, other.first - _AROUND)
            if run and start > read:
                run.append(_BETWEEN)
            following = usual[number + 1].first if number + 1 < len(usual) else len(self.terms)
            read = min(other.end + _AROUND, following)
            run += [*self.terms[start : other.first], *other.spots, *self.terms[other.end : read]]
        return run

    def _amid(self, other: _Other) -> Run:
        around = _AROUND if other.kind == "together" else _BESIDE
        before, behind = self.terms[max(0, other.first - around) : other.first], self.terms[other.end :]
        return [*before, *other.spots, *behind[:around]]

    # -- what has other ways --------------------------------------------------------------------------------

    def _others(self) -> Iterator[_Other]:
        """At one place the usual one first."""
        yield from self._numbers()
        if "#" in self.shown or "＃" in self.shown or "@" in self.shown or "＠" in self.shown:
            yield from self._tags()
        if _JOINER in self.shown:
            yield from self._halves()
        for number, raw in enumerate(self.raw):
            if "'" in raw:
                yield from self._around_apostrophes(number, raw)
            elif "." in raw:
                parts = self._parts(number, r"[^.]+")
                if any(len(part.word) > 1 for part in parts):
                    yield _Other(number, number + 1, parts, "letters")

    def _parts(self, number: int, part: str) -> Run:
        start = self.terms[number].start
        found = re.finditer(part, self.raw[number])
        return [Spot(joined(p[0]), start + p.start(), start + p.end()) for p in found]

    def _around_apostrophes(self, number: int, raw: str) -> Iterator[_Other]:
        """Hewlêr'ê is Hewlêr, O'Brien is Brien, O'Brien'in is O'Brien; the parts alone are found as well. An
        English genitive is cut already."""
        parts = self._parts(number, "[^']+")
        if parts[-1].word == "s":
            del parts[-1]
        if len(parts) < 2 or _CONTRACTED.fullmatch(raw):
            return
        whole = Spot("".join(part.word for part in parts[:-1]), parts[0].start, parts[-2].end)
        stem = whole if len(whole.word) > 1 else parts[-1]
        kept = [part for part in parts if len(part.word) > 1]
        if len(stem.word) > 1:
            yield _Other(number, number + 1, [stem], "ending")
        if any(part != stem for part in kept):
            yield _Other(number, number + 1, kept, "ending", alone=True)

    def _numbers(self) -> Iterator[_Other]:
        for found in _GROUPED.finditer(self.folded):
            yield self._instead(found.start(), found.end(), [(_as_one(found), *found.span())], "number")

    def _tags(self) -> Iterator[_Other]:
        for tag in _TAG.finditer(self.shown):
            for kind, run in _in_tag(tag[1], tag.start(1)):
                yield self._written(tag.start(1), tag.end(1), run, kind)

    def _halves(self) -> Iterator[_Other]:
        """In Kurdish a joiner behind heh makes one letter. Persian parts there, too; where a text could be either,
        both hold."""
        cuts = [_KURDISH_HALF] if _KURDISH.search(self.shown) else [_HALF, _KURDISH_HALF]
        for found in _HALVED.finditer(self.shown):
            ways = [_cut(cut, found[0], found[0], found.start()) for cut in cuts]
            for number, way in enumerate(ways):
                if len(way) > 1 and way not in ways[:number]:
                    other = self._written(found.start(), found.end(), way, "ending")
                    yield other._replace(alone=number > 0)

    def _written(self, start: int, end: int, run: Iterable[tuple[str, int, int]], kind: Kind) -> _Other:
        """With places in the text as they are in the folded one."""
        to = self._folded_place
        return self._instead(to(start), to(end), [(word, to(a), to(b)) for word, a, b in run], kind)

    def _instead(self, start: int, end: int, run: Iterable[tuple[str, int, int]], kind: Kind) -> _Other:
        first = bisect_right(self.terms, start, key=lambda term: term.end)
        last = bisect_left(self.terms, end, key=lambda term: term.start)
        return _Other(first, last, [Spot(*one) for one in run], kind)

    # -- places ---------------------------------------------------------------------------------------------

    @cached_property
    def _pieces(self) -> list[str]:
        return pieces(self.shown)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(map(len, self._pieces)))

    def _folded_place(self, place: int) -> int:
        return place if self.shown.isascii() or not place else self._ends[place - 1]

    def back(self) -> Callable[[int, int], tuple[int, int]]:
        """What leads from a place in the folded text to the text itself; marks behind a letter belong to it."""
        if self.shown.isascii():
            return lambda start, end: (start, end)
        shown, folded, ends = self.shown, self._pieces, self._ends

        def unfolded(start: int, end: int) -> tuple[int, int]:
            first, last = bisect_right(ends, start), bisect_left(ends, end) + 1
            while last < len(shown) and not folded[last] and is_mark(shown[last]):
                last += 1
            return first, last

        return unfolded


def _beside(all_of_them: Sequence[_Other], number: int) -> Iterator[_Other]:
    """Those close by on either side."""
    own = all_of_them[number]
    for other in reversed(all_of_them[:number][-_BESIDE:]):
        if own.first - other.end < _BESIDE:
            yield other
    for other in all_of_them[number + 1 :][:_BESIDE]:
        if other.first - own.end < _BESIDE:
            yield other


# -- hashtags and names -------------------------------------------------------------------------------------


def spread_hashtags(text: str) -> str:
    """`text` with #KeyLeaderEngagement written as three words, as a text without hashtags has it."""
    return _HASHTAG.sub(lambda found: "#" + " ".join(_inside(found[1])), text) if "#" in text else text


def _inside(tag: str) -> list[str]:
    spans = dict.fromkeys((start, end) for _, start, end in _cut(_CAMEL, "".join(map(_shape, tag)), tag, 0))
    return [tag[start:end] for start, end in spans] if len(spans) > 1 else [tag]


def _in_tag(tag: str, start: int) -> Iterator[tuple[Kind, list[tuple[str, int, int]]]]:
    inside = _cut(_CAMEL, "".join(map(_shape, tag)), tag, start)
    if len(inside) > 1 and [word for word, _, _ in inside] != words(tag):
        yield "apart", inside
    if "_" in tag.strip("_"):
        yield "together", [(word, start, start + len(tag)) for word in words(tag.replace("_", ""))]


def _cut(part: re.Pattern[str], shape: str, found: str, start: int) -> list[tuple[str, int, int]]:
    """The words of `found` where `part` matches its `shape`, with their places."""
    spans = [match.span() for match in part.finditer(shape)]
    return [(word, start + a, start + b) for a, b in spans for word in words(found[a:b])]


def _shape(character: str) -> str:
    if character == "_":
        return " "
    if character.isupper():
        return "U"
    if character.islower():
        return "s" if character == "s" else "L"
    return "0" if character.isdecimal() else "x"
