"""Folding and words: the one function that indexing, querying, alerts and both databases share.

Folded away: case, diacritics, harakat, tatweel, zero-width characters, presentation forms, and the letter variants
that Arabic, Persian and Kurdish keyboards mix (ي ی ى ێ, ك ک, ه ە ة ھ, و ۆ, ر ڕ, ل ڵ, alef and hamza seats); digits
of any script become ASCII digits. Letters of other sounds (پ ب, چ ج, گ ك, ژ ز, ڤ ف) stay apart. No word is cut to a
stem: what begins alike is found by `word*`. Changing anything here changes what the index holds: raise
FOLD_VERSION.

`words` is the plain cut, by which copies of a text are compared and recovered posts get their ids: it stays as it
is. `search_words` is the cut for searching, which knows how people write numbers, acronyms and apostrophes.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

FOLD_VERSION = 2
Spot = tuple[str, int, int]  # a word of the index and where it stands in the text, in code points

_LETTERS = str.maketrans(
    {
        "ی": "ي", "ى": "ي", "ێ": "ي", "ې": "ي", "ے": "ي", "ۍ": "ي", "ؠ": "ي",
        "ک": "ك", "ڪ": "ك", "ګ": "گ",
        "ە": "ه", "ة": "ه", "ۃ": "ه", "ھ": "ه", "ہ": "ه", "ۀ": "ه",
        "ۆ": "و", "ۊ": "و", "ۇ": "و", "ڕ": "ر", "ڒ": "ر", "ڔ": "ر", "ڵ": "ل", "ڶ": "ل",
        "ٱ": "ا", "ٲ": "ا", "ٳ": "ا",
        "ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe",
        "ـ": None, "ٴ": None, "ʾ": None, "ʿ": None,
        "’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "′": "'",
        "،": ",", "٬": ",",
    }
)  # fmt: skip
_DROPPED = {"Mn", "Me", "Cf", "Co", "Cs"}  # marks, zero-width and bidi controls, private use, surrogates
_LONE_MARKS = "\ufe70", "\ufe7f"  # harakat as presentation forms, which stand on a space of their own
_WORD = re.compile(r"[^\W_]+")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Without what no database keeps: NUL and halves of surrogate pairs."""
    return text if text.isprintable() else _NOT_STORABLE.sub("", text)


def fold_version() -> str:
    """Names the folding in force: ours and that of Python's Unicode tables, which grow with Python."""
    return f"{FOLD_VERSION}/{unicodedata.unidata_version}"


def fold(text: str) -> str:
    """`text` as the index sees it; not of the same length as `text`."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def _fold_character(character: str) -> str:
    if _LONE_MARKS[0] <= character <= _LONE_MARKS[1] or character == "´":
        return "'" if character == "´" else ""
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(map(_fold_part, spread)).translate(_LETTERS)


def _fold_part(character: str) -> str:
    category = unicodedata.category(character)
    if category in _DROPPED:
        return ""
    return str(unicodedata.digit(character)) if category == "Nd" else character


class _Folded(dict[int, str]):
    """Characters as they are met, each folded once: what becomes of one depends on no other."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


_FOLDED = _Folded()


def words(text: str) -> list[str]:
    """The folded words of `text` in order."""
    return _WORD.findall(fold(text))


def squeeze(text: str) -> str:
    """Text for comparing two copies of one post: folded words, one space between."""
    return " ".join(words(text))


# -- words that are searched --------------------------------------------------------------------------------

BORDER = "\ue000"  # stands between words of the index that are no neighbours; `fold` drops it from all texts
_TERM = re.compile(
    r"[^\W\d_](?:\.[^\W\d_])+(?![^\W_])"  # U.S.
    r"|\d{1,3}(?:,\d{3}){1,6}(?![^\W_]|,\d)"  # 72,000; bounded, so that a list of numbers is read once
    r"|[^\W_]+(?:'[^\W_]+)*"  # Da'esh, Sinjar's
)
_TERMS = re.compile(f"({_TERM.pattern})")
_MARKED = r"\w\u0300-\u036f\u064b-\u065f\u0670"  # letters, and the marks that belong to them
_HASHTAG = re.compile(rf"[#＃]([{_MARKED}\u200c\u200d]+)")
_CAMEL = re.compile(r"0+[Ls]{1,2}(?![Ls])|U{2,}s(?![Ls])|U+(?![Ls])|U?[Ls]+|0+|x+")  # over a hashtag's shape
_JOINER = "\u200c"
_HALVED = re.compile(rf"(?<![{_MARKED}])[{_MARKED}]++(?:{_JOINER}[{_MARKED}]++)+")
_HALF = re.compile(
    rf"(?:[^{_JOINER}]|(?<=[هەھة]){_JOINER})+"
)  # behind heh it makes one letter: Kurdish, typed in Arabic
_ADDRESS = re.compile(r"[hH][tT][tT][pP][sS]?://[!-~]+|(?<![\w.])(?:t\.co|pic\.(?:twitter|x)\.com)/[!-~]+")
_PARTS = re.compile(r"(https?://)?(www\.)?([^/?#]*)([^?#]*)(.*)", re.I | re.S)
_ESCAPED = re.compile(r"%[0-9a-f]{2}", re.I)
_SHORT = {
    "t.co", "pic.twitter.com", "pic.x.com", "bit.ly", "ow.ly", "buff.ly", "dlvr.it", "ift.tt", "goo.gl",
    "tinyurl.com", "lnkd.in", "fb.me", "trib.al", "is.gd",
}  # fmt: skip


def search_words(text: str) -> list[str]:
    """The folded words of `text` in order, as they are searched: 72,000 is one, U.S. is us, Da'esh is daesh,
    Sinjar's is sinjar. Of addresses host and path count; those of link shorteners say nothing."""
    return [term if term.isalnum() else _joined(term) for term in _TERM.findall(fold(_without_addresses(text)))]


def index_words(text: str) -> list[str]:
    """`search_words`, and behind them what else a word is found by, each group behind a BORDER: the words inside
    camel-case hashtags (#KeyLeaderEngagement), hashtags without their underscores, what stands before and behind
    an apostrophe or a zero-width joiner."""
    shown = _without_addresses(text)
    folded = fold(shown)
    terms = _TERM.findall(folded)
    found = [term if term.isalnum() else _joined(term) for term in terms]
    halved = _in_terms((term, 0) for term in terms) if "'" in folded else ()
    for group in [*halved, *_in_text(shown)]:
        found.append(BORDER)
        found += [word for word, _, _ in group]
    return found


@dataclass(frozen=True, slots=True)
class Spots:
    """`words` are `index_words` of a text; `places` tells where they stand in it."""

    words: list[str]
    _shown: str
    _folded: list[tuple[int, int]]  # places of the first of them in the folded text
    _others: list[tuple[int, int]]  # and of the rest in the text itself

    @classmethod
    def of(cls, text: str) -> "Spots":
        shown = _without_addresses(text)
        parts = _TERMS.split(fold(shown))
        terms, ends = parts[1::2], list(accumulate(map(len, parts)))
        found, folded, others = [t if t.isalnum() else _joined(t) for t in terms], list(pairwise(ends)), []
        del folded[1::2]
        for group in _in_terms(zip(terms, ends[::2], strict=False)):
            found += [BORDER, *(word for word, _, _ in group)]
            folded += [(0, 0), *((start, end) for _, start, end in group)]
        for group in _in_text(shown):
            found += [BORDER, *(word for word, _, _ in group)]
            others += [(0, 0), *((start, end) for _, start, end in group)]
        return cls(found, shown, folded, others)

    def places(self, runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """For runs of words, by the numbers of the first and the last, where each stands in the text."""
        inner = len(self._folded)
        back = _back(self._shown)
        return [
            back(self._folded[first][0], self._folded[last][1])
            if first < inner
            else (self._others[first - inner][0], self._others[last - inner][1])
            for first, last in runs
        ]


def _joined(term: str) -> str:
    genitive = term.endswith("'s") and not term[-3].isdecimal()  # but 80's are the 80s
    return (term[:-2] if genitive else term).replace("'", "").replace(".", "").replace(",", "")


def _without_addresses(text: str) -> str:
    """Of the same length: what says nothing is blank."""
    return _ADDRESS.sub(_told, text) if "/" in text else text


def _told(found: re.Match[str]) -> str:
    parts = _PARTS.fullmatch(found[0])
    assert parts
    scheme, www, host, path, tail = (part or "" for part in parts.groups())
    if host.lower() in _SHORT:
        return " " * len(found[0])
    return " " * len(scheme + www) + host + _ESCAPED.sub("   ", path) + " " * len(tail)


def _back(shown: str) -> Callable[[int, int], tuple[int, int]]:
    """What leads from a place in the folded text to that in `shown`; marks behind the last letter belong to it."""
    if shown.isascii():
        return lambda start, end: (start, end)
    pieces = [_FOLDED[ord(character)] for character in shown]
    ends = list(accumulate(map(len, pieces)))

    def unfolded(start: int, end: int) -> tuple[int, int]:
        first, last = bisect_right(ends, start), bisect_left(ends, end) + 1
        while last < len(shown) and not pieces[last] and unicodedata.category(shown[last])[0] == "M":
            last += 1
        return first, last

    return unfolded


def _in_terms(terms: Iterable[tuple[str, int]]) -> Iterator[list[Spot]]:
    """What stands around apostrophes, single letters aside; an English genitive is cut already."""
    for term, start in terms:
        if "'" in term:
            parts = [(part[0], start + part.start(), start + part.end()) for part in _WORD.finditer(term)]
            kept = [part for part in parts if len(part[0]) > 1]
            if kept and [part[0] for part in parts[1:]] != ["s"]:
                yield kept


def _in_text(shown: str) -> Iterator[list[Spot]]:
    if "#" in shown or "＃" in shown:
        for tag in _HASHTAG.finditer(shown):
            yield from _in_tag(tag[1], tag.start(1))
    if _JOINER in shown:
        for found in _HALVED.finditer(shown):
            halves = _cut(_HALF, found[0], found[0], found.start())
            if len(halves) > 1:
                yield halves


def spread_hashtags(text: str) -> str:
    """`text` with #KeyLeaderEngagement written as three words, as a text without hashtags has it."""
    return _HASHTAG.sub(lambda found: "#" + " ".join(_inside(found[1])), text) if "#" in text else text


def _inside(tag: str) -> list[str]:
    spans = dict.fromkeys((start, end) for _, start, end in _cut(_CAMEL, "".join(map(_shape, tag)), tag, 0))
    return [tag[start:end] for start, end in spans] if len(spans) > 1 else [tag]


def _in_tag(tag: str, start: int) -> Iterator[list[Spot]]:
    inside = _cut(_CAMEL, "".join(map(_shape, tag)), tag, start)
    if len(inside) > 1 and [word for word, _, _ in inside] != words(tag):
        yield inside
    if "_" in tag.strip("_"):
        yield [(word, start, start + len(tag)) for word in words(tag.replace("_", ""))]


def _cut(part: re.Pattern[str], shape: str, found: str, start: int) -> list[Spot]:
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
