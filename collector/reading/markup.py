"""Markup to plain lines: every block and line break ends a line, scripts go, entities are decoded once."""

import html
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from collector.reading.charset import clean, windows
from core.post import Media

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
SILENT = frozenset(
    [
        "script",
        "style",
        "template",
        "head",
        "title",
        "iframe",
        "object",
        "svg",
        "math",
        "select",
        "textarea",
        "noembed",
        "canvas",
    ]
)
_SPACE = re.compile(r"[ \t\n\r\f\xa0\u200b]+")
_BREAK = "\x1e"
_LINE_BREAK = "\x01"  # in place of each <br>, where blank lines count


def tree(markup: str) -> HtmlElement | None:
    """The document, or None where there is nothing in it. Takes anything that calls itself HTML."""
    data = clean(markup).encode("utf-8", "replace")
    try:
        return document_fromstring(data, parser=HTMLParser(encoding="utf-8", huge_tree=True))
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError, ValueError):
        return None


def lines(element: HtmlElement, until: HtmlElement | None = None) -> list[str]:
    """The visible lines in reading order, none of them empty; up to the end of `until`, where that is given."""
    text = windows("".join(_pieces(element, until)))
    rows = (_SPACE.sub(" ", part).strip() for part in text.split(_BREAK))
    return [row if row.isprintable() else clean(row) for row in rows if row]


def spaced(element: HtmlElement) -> list[str]:
    """Its lines, with an empty one where two line breaks in a row leave a line blank."""
    text = windows("".join(_pieces(element, None, line_break=f"{_BREAK}{_LINE_BREAK}{_BREAK}")))
    rows: list[str] = []
    breaks = 0
    for row in (_SPACE.sub(" ", part).strip() for part in text.split(_BREAK)):
        if row == _LINE_BREAK:
            breaks += 1
        elif row:
            rows += [""] if breaks > 1 and rows else []
            rows.append(row if row.isprintable() else clean(row))
            breaks = 0
    return rows


def _pieces(element: HtmlElement, until: HtmlElement | None, line_break: str = _BREAK) -> Iterator[str]:
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event == "start":
            if node.tag in SILENT and node is not element:
                walk.skip_subtree()
                continue
            if node.tag in BLOCKS:
                yield line_break if node.tag == "br" else _BREAK
            yield node.text or ""
            continue
        if node is until:
            return
        if event == "end" and node.tag in BLOCKS:
            yield _BREAK
        if node is not element:
            yield node.tail or ""


def plain(markup: str) -> str:
    """The lines of a piece of markup as one text."""
    if "<" not in markup:
        return plain_lines(html.unescape(markup))
    root = tree(f"<div>{markup}</div>")
    return "\n".join(lines(root)) if root is not None else ""


def plain_lines(text: str) -> str:
    """Plain text with its own line ends, tidied."""
    tidy = (_SPACE.sub(" ", line).strip() for line in clean(text).split("\n"))
    return "\n".join(line for line in tidy if line)


def absolute(url: str | None, base: str) -> str | None:
    """`url` against `base`, if it then is a web address, else None."""
    if not url:
        return None
    try:
        joined = urljoin(base, clean(url).strip().replace(" ", "%20").replace("\n", ""))
        parts = urlsplit(joined)
        return joined if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def links(root: HtmlElement, base: str) -> list[str]:
    """Where its anchors lead, each once, in order."""
    found = (absolute(a.get("href"), base) for a in root.iter("a"))
    return list(dict.fromkeys(url for url in found if url))


def images(root: HtmlElement, base: str) -> list[Media]:
    found = [(absolute(i.get("src") or i.get("data-src"), base), i) for i in root.iter("img")]
    return [
        Media("image", url, clean(i.get("alt") or "").strip() or None)
        for url, i in found
        if url and not (i.get("width") == "1" or i.get("height") == "1")  # a counter, not a picture
    ]


def host(url: str | None) -> str:
    """The site's name as accounts use it: no www, lower case; "" where there is none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""
