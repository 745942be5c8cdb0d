"""Addresses of posts alone in their paragraph: what a publishing system turns into the post when it shows them.

Feeds give them as they were written, and so does a page whose system could not reach X. An address in running text,
under a list of sources, in comments or beside the article is a link like any other.
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from collector.platforms import _embed, _x
from collector.platforms._embed import Embed
from collector.reading.wrapped import unwrapped

_LONGEST = 300
_ADDRESS = re.compile(r"https?://\S+", re.I)
_CODED = re.compile(
    r"\[(?:tweet|twitter|embed)\b[^\]\[]{0,40}?\]?(https?://[^\s\]\[]+)[^\]\[]{0,60}\]?(?:\[/\w+\])?", re.I
)
_ENDS = re.compile(r"^(?:https?:)?//|(?:\.\.\.|…)$", re.I)
_BESIDE = frozenset({"aside", "nav", "footer", "header", "blockquote", "li", "form", "pre", "code", "textarea"})
_BODIES = frozenset({"article", "main", "body"})
_NOT_THE_BODY = re.compile(
    r"(?:^|\s)(?:comments?(?:[-_]?(?:list|content|body|text|area|section|wrap(?:per)?|item))?|disqus\S*|repl(?:y|ies)"
    r"|footnotes?|references|sources?|via|credits?|copyright|related\S*|menu\S*|widget|sidebar)(?:\s|$)",
    re.I,
)
_SOURCES = re.compile(
    r"\W*(?:sources?|references?|links?|via|credits?|read more|see also|quellen?|fuentes?|fonti?|kaynak(?:lar)?"
    r"|المصدر|المصادر|سەرچاوە(?:کان)?|منبع|منابع)\W*",
    re.I,
)


def alone(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A paragraph of the article's own that shows the post's address and nothing else."""
    if element.tag != "p" or _embed.shares(element):
        return
    named = _x.linked(_shown(element))
    if not named or not _in_the_body(element) or _among_sources(element):
        return
    handle, status_id = named
    post = _x.quoted(text="", status_id=status_id, handle=handle, signature=None, page_url=page_url)
    if post:
        yield Embed(post, element, [])


def _shown(element: HtmlElement) -> str | None:
    """The one address in it, bare, in a publishing system's brackets, or as a link that shows where it leads."""
    text = " ".join("".join(element.itertext()).split())
    if len(text) > _LONGEST:
        return None
    links = list(islice(element.iter("a"), 2))
    if len(links) == 1:
        return _link(links[0], text)
    coded = _CODED.fullmatch(text)
    found = coded[1] if coded else text
    return found if not links and _ADDRESS.fullmatch(found) else None


def _link(link: HtmlElement, text: str) -> str | None:
    href = (link.get("href") or "").strip()
    shown, leads = (_ENDS.sub("", address) for address in (text, unwrapped(href)))
    cut = text.endswith(("...", "…"))
    own = leads.startswith(shown) if cut else leads.partition("?")[0] == shown.partition("?")[0]
    return href if own and "/" in shown else None


def _in_the_body(element: HtmlElement) -> bool:
    for around in (element, *islice(element.iterancestors(), 30)):
        if around.tag in _BODIES:
            return True
        if around.tag in _BESIDE or any(_NOT_THE_BODY.search(around.get(name) or "") for name in ("class", "id")):
            return False
    return True


def _among_sources(element: HtmlElement) -> bool:
    """The first line above it that is no address says that sources follow."""
    for before in islice(element.itersiblings(preceding=True), 10):
        text = " ".join("".join(before.itertext()).split()) if isinstance(before.tag, str) else ""
        if text and not _ADDRESS.fullmatch(text):
            return bool(_SOURCES.fullmatch(text))
    return False
