"""Posts of X that a page embeds as markup, in the forms found in the wild.

A form is a function that reads one kind of element; another form is another function in FORMS. Share buttons,
links in running text and notices that a post is gone are no embeds.
"""

import html
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from lxml.html import HtmlElement

from collector.platforms import _signature, _x
from collector.reading import dates, markup
from core.post import Problem, SeenPost

_CLASSED = re.compile(
    r"(?:^|\s)(?:twitter-(?:tweet|video)(?:-rendered|-error)?|twitter_embed|tweet-blockquote)(?:\s|$)"
)
_QUOTE_STARTS = re.compile(r"(?:<|\\+u003[cC]|&lt;)blockquote\b")
_QUOTE_ENDS = re.compile(r"(?:<|\\+u003[cC]|&lt;)\\*/blockquote")
_NAMED = re.compile(r"twitter-(?:tweet|video)|(?:twitter|x)\.com(?:\\*/)\w+(?:\\*/)status")
_IFRAME = re.compile(r"^(?:https?:)?//platform\.(?:twitter|x)\.com/embed/(?:Tweet|index)\.html", re.I)
_EMBEDDING = re.compile(r"tweet|twitter-|embed", re.I)
_SHARING = re.compile(r"share|intent|follow|button", re.I)
_PICTURE = re.compile(r"^pic\.(?:twitter|x)\.com/\w+$")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.S)
_ESCAPED = re.compile(r"""\\(?:u[0-9a-fA-F]{4}|["/\\])""")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}
_ID_ATTRIBUTES = ("data-tweetid", "data-tweet-id", "data-twitter-id", "tweet-id")
_LONGEST_HIDDEN = 20_000


class Embed(NamedTuple):
    """`element` is where it stands in the page, None where it was hidden in a script."""

    post: SeenPost | Problem
    element: HtmlElement | None
    lines: list[str]


def once(embeds: list[Embed]) -> list[Embed]:
    """Every embedded post once, in the page's order; one with text wins over one without."""
    best: dict[str, Embed] = {}
    for embed in embeds:
        key = embed.post.id if isinstance(embed.post, SeenPost) else embed.post.error
        known = best.get(key)
        if not known or (_length(embed) > _length(known)):
            best[key] = embed
    return list(best.values())


def _length(embed: Embed) -> int:
    return len(embed.post.text) if isinstance(embed.post, SeenPost) else 0


def find(root: HtmlElement, page_url: str) -> list[Embed]:
    """Every embed of the page, in its order; one post may be there more than once."""
    return [embed for element in list(root.iter(*FORMS)) for embed in FORMS[str(element.tag)](element, page_url)]


def _blockquote(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    inner = next(islice(element.iter("blockquote"), 1, None), None)
    frame = inner is not None and (_belongs(inner) or not _marked(element))  # what it frames comes by itself
    if not frame and _belongs(element):
        yield from _read(element, page_url)


def _belongs(element: HtmlElement) -> bool:
    """Marked as an embed, or signed like one around a link to the post."""
    if _marked(element):
        return True
    link = _own_link(element, None)
    if link is None:
        return False
    text = "\n".join(markup.lines(element))
    shown = " ".join("".join(link.itertext()).split())
    return bool(_signature.at_end(text)) or (text.endswith(shown) and dates.day_in_words(shown) is not None)


def _marked(element: HtmlElement) -> bool:
    return bool(_CLASSED.search(element.get("class") or "") or _identified(element))


def _read(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    shown = markup.lines(element)
    link = _own_link(element, None)
    whole, signature = "\n".join(shown), None
    for text in ("\n".join(markup.lines(element, until=link)), whole):  # an unclosed quote swallows the article
        if signature := _signature.at_end(text, bare=True):
            whole, link = text, _own_link(element, signature.handle)
            break
    handle, status_id = (_x.status(link.get("href")) if link is not None else None) or (
        None,
        _identified(element),
    )
    text = whole[: signature.start].rstrip() if signature else _without(whole, link)
    if _x.is_notice(text) or (not text and not status_id):
        return
    post = _x.quoted(
        text=text, status_id=status_id, handle=handle, signature=signature, page_url=page_url,
        links=_links(element, link), lang=_language(element),
    )  # fmt: skip
    if post:
        yield Embed(post, element, shown)


def _identified(element: HtmlElement) -> str | None:
    for name in _ID_ATTRIBUTES:
        value = (element.get(name) or "").strip()
        if value.isascii() and value.isdecimal() and len(value) < 20:
            return value
    return None


def _own_link(element: HtmlElement, handle: str | None) -> HtmlElement | None:
    """The last link to a post; the signer's own, where several are linked."""
    found = [(a, named) for a in element.iter("a") if (named := _x.status(a.get("href")))]
    signed = [a for a, (author, _) in found if handle and author and author.lower() == handle.lower()]
    last = signed or [a for a, _ in found]
    return last[-1] if last else None


def _without(text: str, link: HtmlElement | None) -> str:
    """An unsigned embed ends with its own link, which shows its address or date."""
    shown = " ".join("".join(link.itertext()).split()) if link is not None else ""
    if shown and text.endswith(shown):
        text = text[: -len(shown)].rstrip()
    return re.sub(r"\s*[—–]\s*$", "", text)


def _links(element: HtmlElement, own: HtmlElement | None) -> tuple[str, ...]:
    """Where the post itself leads; mentions and hashtags are its text."""
    found: list[str] = []
    for anchor in element.iter("a"):
        shown = "".join(anchor.itertext()).strip()
        url = f"https://{shown}" if _PICTURE.match(shown) else markup.absolute(anchor.get("href"), "")
        if url and anchor is not own and not shown.startswith(("#", "@", "$")):
            found.append(url)
    return tuple(dict.fromkeys(found))


def _language(element: HtmlElement) -> str | None:
    return next((p.get("lang") for p in element.iter("p", "div") if p.get("lang")), element.get("lang"))


def _by_id(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """<amp-twitter data-tweetid>, <twitter-widget data-tweet-id>, <oembed url>, a div of a lazy loader."""
    handle, status_id = None, _identified(element)
    if not status_id:
        handle, status_id = _named(element) or (None, None)
    inside = any(True for _ in element.iter("blockquote"))
    if status_id and not inside:
        post = _x.quoted(text="", status_id=status_id, handle=handle, signature=None, page_url=page_url)
        if post:
            yield Embed(post, element, [])


def _named(element: HtmlElement) -> tuple[str | None, str] | None:
    """The post whose address an attribute holds, if the element says that it is for embedding."""
    said = " ".join(f"{name} {value}" for name, value in element.attrib.items())
    if _SHARING.search(said) or not (element.tag == "oembed" or _EMBEDDING.search(said)):
        return None
    return next((s for v in element.attrib.values() if (s := _x.status(str(v)))), None)


def _iframe(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    source = next((v for n in ("src", "data-src", "data-lazy-src") if (v := element.get(n))), "")
    status_id = _identified(element)
    if not status_id and _IFRAME.match(source):
        status_id = next(iter(parse_qs(urlsplit(source).query).get("id", [])), None)
    if status_id and status_id.isdecimal():
        post = _x.quoted(text="", status_id=status_id, handle=None, signature=None, page_url=page_url)
        if post:
            yield Embed(post, element, [])


def _hidden(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """Markup kept as text for a script that shows it later: in a textarea, or escaped in JSON."""
    text = "".join(element.itertext()) if element.tag == "textarea" else element.text or ""
    if not _NAMED.search(text):
        return
    for piece in _quotes(text):
        root = markup.tree(f"<div>{_unescaped(piece)}></div>")
        for inner in root.iter("blockquote") if root is not None else ():
            if _belongs(inner):
                yield from (e._replace(element=None) for e in _read(inner, page_url))


def _quotes(text: str) -> Iterator[str]:
    """Each piece from the start of a quote to its end, as far as the text has ends."""
    at = 0
    while (end := _QUOTE_ENDS.search(text, at)) and (start := _QUOTE_STARTS.search(text, at)):
        if start.start() < end.start() <= start.start() + _LONGEST_HIDDEN:
            yield text[start.start() : end.end()]
        at = end.end()


def _unescaped(piece: str) -> str:
    for _ in range(3):  # JSON in JSON in JSON
        if not _ESCAPED.search(piece):
            break
        piece = _ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else _ESCAPES.get(m[1], m[1]), piece)
        piece = piece.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return html.unescape(piece) if "&lt;" in piece else piece


FORMS: dict[str, Callable[[HtmlElement, str], Iterator[Embed]]] = {
    "blockquote": _blockquote,
    "amp-twitter": _by_id,
    "twitter-widget": _by_id,
    "twitterwidget": _by_id,
    "oembed": _by_id,
    "div": _by_id,
    "iframe": _iframe,
    "textarea": _hidden,
    "script": _hidden,
}
