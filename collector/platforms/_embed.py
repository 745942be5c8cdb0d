"""What a form of an embed gives, and the questions about elements that all forms ask."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from lxml.html import HtmlElement

from collector.reading import markup
from core.post import Problem, SeenPost

_SHARING = re.compile(
    r"(?<![a-z])shar(?:e(?!s\b)|ing)|\bintent|(?<!no)follow|button|timeline|\brelated|retweet", re.I
)
_LISTING = re.compile(
    r"(?:latest|recent|newest|popular|trending|more)[-_ ]?(?:tweets?|toots?|twitter)"
    r"|(?:tweets?|twitter|toots?|mastodon|bluesky|social)[-_]?(?:media[-_]?)?"
    r"(?:list|feed|stream|wall|roll|ticker|carousel|slider|timeline)"
    r"|(?:^|\s)(?:the-|site-|page-)?(?:side-?bar|widget-area|aside)(?:\s|$)",
    re.I,
)
_BODIES = frozenset({"article", "main", "body"})
_EMBEDDING = re.compile(r"embed|tweet|twitter|onebox|toot|bluesky|bsky|mastodon", re.I)
_POINTER = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}/\S+|\(?@[\w.@-]+\)?"
    r"|(?:view|see|read|open|show|voir|lire|ver|ansehen|mehr|zum|bekijk|vedi|شاهد|ببینید)\b.{0,40}"
    r"|.{0,30}\b(?:on|auf|sur|en|op|su|على|در)\s+(?:twitter|x|bluesky|mastodon)\W*|(?:tweet|post|toot)",
    re.I,
)
_SLASH = re.compile(r"(?<!\\)\\+(?:u002|x2)[fF]")
_FRAMES = ("blockquote", "iframe", "amp-twitter", "amp-iframe")
_LONGEST = 600  # characters of a block that shows a link in place of a post


class Embed(NamedTuple):
    """`element` is where it stands in the page, None where it was hidden in a script."""

    post: SeenPost | Problem
    element: HtmlElement | None
    lines: list[str]


def plain_slashes(text: str) -> str:
    """A program's text with its slashes plain: serialisers write them as \\u002F, so that no tag ends it."""
    return _SLASH.sub("/", text) if "\\u002" in text or "\\x2" in text else text


def shares(element: HtmlElement) -> bool:
    """It says that it is for sharing or following: buttons, timelines, what else there is to read."""
    return bool(_SHARING.search(_said(element)))


def listed(element: HtmlElement) -> bool:
    """It lies in a list of an account's latest posts, which stands on all pages of a site alike."""
    for around in (element, *islice(element.iterancestors(), 8)):
        if around.tag in _BODIES:  # their classes tell of the page's layout: "with-sidebar"
            return False
        if _LISTING.search(around.get("class") or "") or _LISTING.search(around.get("id") or ""):
            return True
    return False


def embeds(element: HtmlElement) -> bool:
    """It says that it is for embedding."""
    return element.tag == "oembed" or bool(_EMBEDDING.search(_said(element)))


def _said(element: HtmlElement) -> str:
    """Its own name, its attributes' names, and their values up to an address, whose words are somebody else's."""
    said = (
        f"{name} {value.partition('://')[0][:200]}"
        for name, value in element.attrib.items()
        if name not in ("role", "rel", "style", "title", "aria-label")
    )
    return " ".join((str(element.tag), *said))


def addresses(element: HtmlElement) -> Iterator[str]:
    """The values of its attributes that could name a page or a record."""
    return (str(value).strip() for value in element.attrib.values() if len(value) < 4000)


def lone_address(element: HtmlElement) -> str | None:
    """The address that is all a block for embedding shows, as a link or bare; a caption may stand below it."""
    if not embeds(element) or shares(element) or any(True for _ in element.iter(*_FRAMES)):
        return None
    captions = {c for caption in element.iter("figcaption") for c in caption.iter()}
    shown = " ".join(line for part in _parts(element, captions) for line in part.split())
    links = [a for a in element.iter("a") if a.get("href") and a not in captions]
    if len(shown) > _LONGEST or len(links) > 1:
        return None
    if links:
        text = " ".join("".join(links[0].itertext()).split())
        return links[0].get("href") if shown == text and (not text or is_pointer(text)) else None
    return shown if re.fullmatch(r"https?://\S+", shown) else None


def _parts(element: HtmlElement, without: set[HtmlElement]) -> Iterator[str]:
    for node in element.iter():
        if node not in without and node.tag not in markup.SILENT and isinstance(node.tag, str):
            yield node.text or ""
        if node is not element and node.getparent() not in without:
            yield node.tail or ""


def spaced(text: str, element: HtmlElement) -> str:
    """`text`, which is the beginning of the element's lines, with the blank lines that its line breaks make."""
    told = iter(text.split("\n"))
    rows: list[str] = []
    for row in markup.spaced(element):
        line = next(told, None) if row else ""
        if line is None:
            break
        rows.append(line)
    return "\n".join([*rows, *told]).strip()


def is_pointer(shown: str) -> bool:
    """What a link to a post shows where it is no word of a sentence: its address, a handle, "View on X"."""
    return bool(_POINTER.fullmatch(shown.strip()))
