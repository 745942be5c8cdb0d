"""Folding and words: the one function that indexing, querying, alerts and both databases share.

Folded away: case, diacritics, harakat, tatweel, zero-width characters, presentation forms, and the letter variants
that Arabic, Persian and Kurdish keyboards mix (ي ی ى ێ, ك ک, ه ە ة ھ, و ۆ, ر ڕ, ل ڵ, alef and hamza seats); digits
of any script become ASCII digits. Letters of other sounds (پ ب, چ ج, گ ك, ژ ز, ڤ ف) stay apart. No word is cut to a
stem: what begins alike is found by `word*`. Changing anything here changes what the index holds: raise
FOLD_VERSION.

`words` is the plain cut, by which copies of a text are compared and recovered posts get their ids: it stays as it
is. `search_words` is the cut for searching, which knows how people write numbers, acronyms and apostrophes; in
which other ways a text can be read is core.readings' business.
"""

import re
import unicodedata

FOLD_VERSION = 3

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

_LETTER = r"[^\W\d_]"
_SINGLE = rf"{_LETTER}(?:\.{_LETTER})+(?![^\W_])"  # U.S., I.K.B.Y.'nin
_ONE_IS_SINGLE = rf"(?=(?:{_LETTER}{{2,3}}\.){{0,4}}{_LETTER}(?![^\W_]))"
_SHORT_ONES = rf"{_ONE_IS_SINGLE}{_LETTER}{{1,3}}(?:\.{_LETTER}{{1,3}}){{1,4}}(?![^\W_])"  # Ph.D.
TERM = re.compile(
    rf"(?={_LETTER}{{1,3}}\.{_LETTER})(?:{_SINGLE}|{_SHORT_ONES})(?:\.?(?:'[^\W_]+)+)?"
    r"|\d{1,3}(?:,\d{3}){1,6}(?![^\W_]|,\d)"  # 72,000; bounded, so that a list of numbers is read once
    r"|[^\W_]+(?:'[^\W_]+)*"  # Da'esh, Sinjar's
)
MARKED = r"\w\u0300-\u036f\u064b-\u065f\u0670"  # letters, and the marks that belong to them
_ADDRESS = re.compile(r"[hH][tT][tT][pP][sS]?://[!-~]+|(?<![\w.])(?:t\.co|pic\.(?:twitter|x)\.com)/[!-~]+")
_PARTS = re.compile(r"(https?://)?(www\.)?([^/?#]*)([^?#]*)(.*)", re.I | re.S)
_ESCAPED = re.compile(r"%[0-9a-f]{2}", re.I)
_SHORT = {
    "t.co", "pic.twitter.com", "pic.x.com", "bit.ly", "ow.ly", "buff.ly", "dlvr.it", "ift.tt", "goo.gl",
    "tinyurl.com", "lnkd.in", "fb.me", "trib.al", "is.gd",
}  # fmt: skip


def search_words(text: str) -> list[str]:
    """The folded words of `text` in order, as they are searched: 72,000 is one, U.S. is us, Ph.D. is phd, Da'esh is
    daesh, Sinjar's is sinjar. Of addresses host and path count; those of link shorteners say nothing."""
    return cut(fold(without_addresses(text)))


def cut(folded: str) -> list[str]:
    """The words of a text that is folded already, and without addresses."""
    return [joined(term) for term in TERM.findall(folded)]


def joined(term: str) -> str:
    """What TERM found as one word."""
    if term.isalnum():
        return term
    genitive = term.endswith("'s") and not term[-3].isdecimal()  # but 80's are the 80s
    return (term[:-2] if genitive else term).replace("'", "").replace(".", "").replace(",", "")


def pieces(shown: str) -> list[str]:
    """What each character folds to."""
    return [_FOLDED[ord(character)] for character in shown]


def is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def without_addresses(text: str) -> str:
    """Of the same length: what says nothing is blank."""
    return _ADDRESS.sub(_told, text) if "/" in text else text


def _told(found: re.Match[str]) -> str:
    parts = _PARTS.fullmatch(found[0])
    assert parts
    scheme, www, host, path, tail = (part or "" for part in parts.groups())
    if host.lower() in _SHORT:
        return " " * len(found[0])
    return " " * len(scheme + www) + host + _ESCAPED.sub("   ", path) + " " * len(tail)
