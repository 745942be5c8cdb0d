"""Posts of X in a page that are no quotes: what names one in its attributes, frames, cards, data in scripts.

Share buttons, links in running text, timelines and notices that a post is gone are no embeds.
"""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from collector.platforms import _embed, _signature, _x, _x_names, _x_quotes, _x_records
from collector.platforms._embed import Embed
from collector.platforms._x_names import Named
from collector.reading import markup

_SHARING = re.compile(r"share|button|follow|intent", re.I)
_CARD = re.compile(
    r"embedly-card|iframely|twitter-(?:tweet|card|embed)|tweet-embed|embedded-tweet|twitter2todom|oembed|lazy-tweet",
    re.I,
)


def named(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """What names a post in its attributes: amp-twitter, oembed, the blocks of lazy loaders and editors."""
    if element.tag in _x_names.PASSED_OVER:
        return
    handle, status_id = _x_names.named(element) or (None, None)
    if not status_id or any(_x_quotes.belongs(quote) for quote in islice(element.iter("blockquote"), 3)):
        return
    record = _x_records.of(element)
    if record is None and _x_quotes.links(element) and _signature.at_end("\n".join(markup.lines(element))):
        yield from _x_quotes.read(element, page_url)
        return
    text, signature = _x_records.told(record, handle) if record else ("", None)
    post = _x.quoted(text=text, status_id=status_id, handle=handle, signature=signature, page_url=page_url)
    if post:
        yield Embed(post, element, text.split("\n"))


def card(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A link that a script turns into the post, and a block that shows nothing but the post's address."""
    if element.tag == "a":
        said = f"{element.get('class')} {element.get('data-component-name')} {' '.join(element.attrib)}"
        address = element.get("href") if _CARD.search(said) and not _embed.shares(element) else None
    else:
        address = _embed.lone_address(element)
    yield from _bare(_x.linked(address), element, page_url)


def frame(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """A frame that shows the post, loaded already or later."""
    number = _x_names.identified(element)
    found: Named | None = (None, number) if number else None
    if not found:
        found = next((f for value in _embed.addresses(element) if (f := _shown_in(value))), None)
    yield from _bare(found, element, page_url)


def _shown_in(address: str) -> Named | None:
    """The post that a frame of this address shows; buttons are handed posts' addresses too."""
    return _x.framed(address) or (None if _SHARING.search(address.partition("?")[0]) else _x.inside(address))


def script(element: HtmlElement, page_url: str) -> Iterator[Embed]:
    """Objects in a program's data that are posts by their type or the name of their field."""
    for found in _x_records.in_script(element.text or ""):
        yield from (embed._replace(element=None) for embed in _bare(found, element, page_url))


def _bare(found: Named | None, element: HtmlElement | None, page_url: str) -> Iterator[Embed]:
    """A post of which the page tells only which it is."""
    if found:
        handle, status_id = found
        post = _x.quoted(text="", status_id=status_id, handle=handle, signature=None, page_url=page_url)
        if post:
            yield Embed(post, element, [])
