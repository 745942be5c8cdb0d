"""Folding and words: the one function that indexing, querying, alerts and both databases share.

Folded away: case, diacritics, harakat, tatweel, zero-width characters, presentation forms, and the letter variants
that Arabic, Persian and Kurdish keyboards mix (ي ی ى ێ, ك ک, ه ە ة ھ, و ۆ, ر ڕ, ل ڵ, alef and hamza seats); digits
of any script become ASCII digits. Changing anything here changes what the index holds: raise FOLD_VERSION.
"""

import re
import unicodedata

FOLD_VERSION = 1


_LETTERS = str.maketrans(
    {
        "ی": "ي", "ى": "ي", "ێ": "ي", "ې": "ي", "ے": "ي",
        "ک": "ك", "ڪ": "ك",
        "ە": "ه", "ة": "ه", "ھ": "ه", "ہ": "ه", "ۀ": "ه",
        "ۆ": "و", "ۊ": "و", "ڕ": "ر", "ڵ": "ل", "ٱ": "ا",
        "ı": "i", "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "æ": "ae", "œ": "oe",
        "ـ": None, "ٴ": None,
    }
)  # fmt: skip
_DROPPED = {"Mn", "Me", "Cf", "Co", "Cs"}  # marks, zero-width and bidi controls, private use, surrogates
_WORD = re.compile(r"[^\W_]+")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_HASHTAG = re.compile(r"#(\w+)")
_CAMEL = re.compile(r"U+(?!L)|U?L+|0+|x+")  # over the shape of a hashtag's characters


def storable(text: str) -> str:
    """Without what no database keeps: NUL and halves of surrogate pairs."""
    return text if text.isprintable() else _NOT_STORABLE.sub("", text)


def fold_version() -> str:
    """Names the folding in force: ours and that of Python's Unicode tables, which grow with Python."""
    return f"{FOLD_VERSION}/{unicodedata.unidata_version}"


def fold(text: str) -> str:
    """`text` as the index sees it; not of the same length as `text`."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFKD", spread).translate(_FOLDED)


def _fold_character(character: str) -> str:
    if character < "\u0080":
        return character
    category = unicodedata.category(character)
    if category in _DROPPED:
        return ""
    return str(unicodedata.digit(character)) if category == "Nd" else character


class _Folded(dict[int, str]):
    """Characters as they are met, each folded once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code)).translate(_LETTERS)
        return folded


_FOLDED = _Folded()


def words(text: str) -> list[str]:
    """The folded words of `text` in order."""
    return fold_words(fold(text))


def fold_words(folded: str) -> list[str]:
    """The words of a text, or of a piece of one, that is folded already."""
    return _WORD.findall(folded)


def index_words(text: str) -> list[str]:
    """`words`, and behind them those inside camel-case hashtags (#KeyLeaderEngagement)."""
    inside = [part for tag in _HASHTAG.findall(text) for part in _camel_parts(tag)] if "#" in text else []
    return words(text) + [word for part in inside for word in words(part)]


def spread_hashtags(text: str) -> str:
    """`text` with #KeyLeaderEngagement written as three words, as a text without hashtags has it."""
    return (
        _HASHTAG.sub(lambda found: "#" + " ".join(_camel_parts(found[1]) or [found[1]]), text)
        if "#" in text
        else text
    )


def _camel_parts(tag: str) -> list[str]:
    shape = "".join(map(_shape, tag))
    parts = [tag[found.start() : found.end()] for found in _CAMEL.finditer(shape)]
    return parts if len(parts) > 1 else []


def _shape(character: str) -> str:
    if character == "_":
        return " "
    return "U" if character.isupper() else "L" if character.islower() else "0" if character.isdecimal() else "x"


def squeeze(text: str) -> str:
    """Text for comparing two copies of one post: folded words, one space between."""
    return " ".join(words(text))
