"""Markup that a page keeps as text until a script shows it: in textareas, scripts, attributes, frames."""

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

from lxml.html import HtmlElement

from collector.platforms import _embed
from collector.reading import markup

_TAGS = r"(?:blockquote|iframe|amp-twitter|oembed)"
_OPEN = r"(?:<|(?<!\\)\\+(?:u003|x3)[cC]|&(?:amp;)*lt;|%3[cC])"
_STARTS = re.compile(rf"{_OPEN}({_TAGS})\b")
_ENDS = re.compile(rf"{_OPEN}(?:\\*/|%2[fF])({_TAGS})")
_NAMED = re.compile(
    r"twitter-(?:tweet|video)|bluesky-|mastodon-embed|embed\.bsky\.app|platform\.(?:twitter|x)\.com(?:\\*/)embed"
    r"|(?:twitter|x)\.com(?:\\*/|%2F)\w+(?:\\*/|%2F)status"
)
_WORDS = ("twitter", "x.com", "bluesky", "bsky", "mastodon-embed")  # told apart faster than by the pattern
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.S)
_ESCAPED = re.compile(r"""\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|["/\\])""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
_BASE64 = re.compile(r"(?:data:text/html[^,]{0,40};base64,)?\s*([A-Za-z0-9+/\s]{80,}={0,2})\s*")
_DATA = "data:text/html"
_SHOWN_AS_TEXT = frozenset({"pre", "code", "samp", "kbd", "xmp", "style", "title"})
_LONGEST = 20_000
_LARGEST = 5_000_000


def pieces(element: HtmlElement) -> Iterator[HtmlElement]:
    """The small trees that its text and its attributes hold."""
    for text in map(_embed.plain_slashes, _texts(element)):
        if len(text) <= _LARGEST and any(word in text for word in _WORDS) and _NAMED.search(text):
            for piece in _cut(text):
                root = markup.tree(f"<div>{_unescaped(piece)}></div>")
                if root is not None:
                    yield root


def _texts(element: HtmlElement) -> Iterator[str]:
    if element.tag == "textarea":
        yield "".join(element.itertext())
    elif element.tag not in _SHOWN_AS_TEXT and element.text and len(element.text) > 40:
        yield _decoded(element.text) if element.tag == "script" else element.text
    for value in element.attrib.values():
        if len(value) > 40:
            yield _decoded(value)


def _decoded(text: str) -> str:
    """The markup inside base64 or a data: address, as consent banners and lazy loaders keep it; else as it is."""
    if (found := _BASE64.fullmatch(text)) and len(text) < _LONGEST * 4:
        try:
            return base64.b64decode("".join(found[1].split()) + "==").decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return text
    return unquote(text) if text.startswith(_DATA) else text


def _cut(text: str) -> Iterator[str]:
    """Each piece from the start of an element to its end, as far as the text has ends."""
    at, endless = 0, set[str]()
    while start := _STARTS.search(text, at):
        at, tag = start.end(), start[1]
        end = None if tag in endless else next((e for e in _ENDS.finditer(text, at) if e[1] == tag), None)
        if end is None:
            endless.add(tag)
            continue
        begin = max(
            (s.start() for s in _STARTS.finditer(text, start.start(), end.start()) if s[1] == tag),
            default=start.start(),
        )  # fmt: skip  (the innermost; what it lies in may be unfinished)
        if end.start() - begin <= _LONGEST:
            yield text[begin : end.end()]
        at = end.end()


def _unescaped(piece: str) -> str:
    for _ in range(4):  # JSON in JSON in JSON
        if not _ESCAPED.search(piece):
            break
        piece = _ESCAPE.sub(_meant, piece)
        piece = piece.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if re.match(r"%3[cC]", piece):
        piece = unquote(piece)
    for _ in range(3):
        if not re.match(r"&(?:amp;)*lt;", piece):
            break
        piece = html.unescape(piece)
    return piece


def _meant(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)
