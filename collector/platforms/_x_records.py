"""Posts of X that a page holds as data and not as markup: JSON in an attribute, objects in a script."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
from lxml.html import HtmlElement

from collector.platforms import _embed, _x
from collector.platforms._signature import Signature
from collector.reading import markup

_QUOTE = r"(?<!\\)\\*\""  # tried once at a run of backslashes, not at each of them
_OPENS, _CLOSES = rf"(?:{_QUOTE}|(?<=[{{,]))", rf"(?:{_QUOTE})?\s*:\s*"  # a program's own object names fields bare
_URL = r"((?:https?:)?(?:\\*/){2}(?:www\.|mobile\.)?(?:twitter|x)\.com[^\"\s]{8,120}?)" + _QUOTE
_KEYED = re.compile(
    rf"{_OPENS}(?:tweet|twitter|x)_?(?:post|status|embed|tweet)?_?(?:url|link|href|embed){_CLOSES}{_QUOTE}{_URL}"
    rf"|{_OPENS}tweet_?id{_CLOSES}(?:{_QUOTE})?(\d{{15,19}})(?!\d)",
    re.I,
)
_TYPED = re.compile(
    rf"{_OPENS}(?:__?typename|(?:embed|media|sub|block|content)?_?type|kind|provider(?:_?name)?(?:slug)?|component"
    rf"|blockname|service){_CLOSES}{_QUOTE}[\w./ -]{{0,40}}(tweet|twitter)[\w./ -]{{0,40}}{_QUOTE}",
    re.I,
)
_ADDRESS = re.compile(
    rf"{_OPENS}\w*(?:url|href|src|link|permalink|content|value|source){_CLOSES}{_QUOTE}{_URL}", re.I
)
_NUMBER = re.compile(
    rf"{_OPENS}(?:id|id_?str|embed_?id|external_?id|value){_CLOSES}(?:{_QUOTE})?(\d{{15,19}})(?!\d)", re.I
)
_QUOTES = re.compile(r"(?<!\\)\\+(?:u0022|x22)")
_SHARING = re.compile(r"share|follow|intent|profile|timeline", re.I)
_RECORD = re.compile(r"\s*\{.*(?:tweet|twitter|x)\.com", re.I | re.S)
_WORDS = ("/status", '"tweet', '"Tweet', "weet_id", "weetId")  # told apart faster than by the patterns
_OF_SOMEBODY = re.compile(
    r"social(?:_?(?:links?|accounts?|profiles?|networks?|handles?|urls?))?|authors?|bylines?|contributors?|writers?"
    r"|reporters?|profiles?|contacts?|accounts?|same_?as|follow(?:_?us)?|share|seo",
    re.I,
)
_KEY = re.compile(r"(\w{1,30})\\*\"?\s*:\s*$")
_BRACE = re.compile(r"[{}]")
_BRACKET = re.compile(r"[\[\]{}]")
_AROUND = 600  # characters to both sides of a type that can belong to its object
_LONGEST = 20_000
_LARGEST = 5_000_000


def of(element: HtmlElement) -> dict[str, Any] | None:
    """An attribute that holds the post as JSON, as newsletters keep it."""
    for value in element.attrib.values():
        if len(value) < _LONGEST and _RECORD.match(value):
            try:
                found = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue
            if isinstance(found, dict) and _x.status(_text(found, "url")):
                return found
    return None


def named(record: dict[str, Any]) -> tuple[str | None, str] | None:
    return _x.status(_text(record, "url"))


def told(record: dict[str, Any], handle: str | None) -> tuple[str, Signature | None]:
    """Its text, and who signs it."""
    text = markup.plain(_text(record, "full_text") or _text(record, "text"))
    author = _text(record, "username").lstrip("@") or handle
    return text, Signature(0, _text(record, "name"), author, "") if author else None


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def in_script(text: str) -> Iterator[tuple[str | None, str]]:
    """Posts that a program's data name as embeds: {"type": "tweet", "id": ...}, {"tweetUrl": ...}."""
    if len(text) > _LARGEST:
        return
    text = _embed.plain_slashes(text)
    text = _QUOTES.sub('"', text) if "\\x22" in text or "\\u0022" in text else text
    if not any(word in text for word in _WORDS):
        return
    for found in _KEYED.finditer(text):
        if status := (None, found[2]) if found[2] else _x.status(found[1].replace("\\", "")):
            yield status
    for found in _TYPED.finditer(text):
        if status := _in_object(text, found):
            yield status


def _up_to(text: str, brace: str) -> str:
    """As far as the object goes: to the brace that closes more than was opened."""
    open_ones = 0
    for found in _BRACE.finditer(text):
        open_ones += -1 if found[0] == brace else 1
        if open_ones < 0:
            return text[: found.start()]
    return text


def _keys_around(before: str) -> Iterator[str]:
    """The names of the fields that the object lies in, innermost first, as far as `before` goes."""
    open_ones = 0
    for found in reversed(list(_BRACKET.finditer(before))):
        open_ones += -1 if found[0] in "[{" else 1
        if open_ones < 0:
            open_ones = 0
            if key := _KEY.search(before, max(0, found.start() - 40), found.start()):
                yield key[1]


def _in_object(text: str, kind: re.Match[str]) -> tuple[str | None, str] | None:
    """What the object names whose type this is, itself or in the objects inside it."""
    before, after = text[max(0, kind.start() - _AROUND) : kind.start()], text[kind.end() : kind.end() + _AROUND]
    own = _up_to(before[::-1], "{")[::-1] + kind[0] + _up_to(after, "}")
    if _SHARING.search(own):
        return None
    status = _told_in(own, kind[1])
    return None if status and any(_OF_SOMEBODY.fullmatch(key) for key in _keys_around(before)) else status


def _told_in(own: str, kind: str) -> tuple[str | None, str] | None:
    """The post whose address the object holds; a bare number is one where the object calls itself a tweet."""
    for found in _ADDRESS.finditer(own):
        if status := _x.status(found[1].replace("\\", "")):
            return status
    number = _NUMBER.search(own) if kind.lower() == "tweet" else None
    return (None, number[1]) if number else None
