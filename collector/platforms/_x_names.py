"""Which post of X an element names: by an id or an address in its attributes, or those of what stands around it."""

import re
from itertools import islice

from lxml.html import HtmlElement

from collector.platforms import _embed, _x, _x_records

Named = tuple[str | None, str]  # handle, status id
PASSED_OVER = frozenset(
    ("html", "body", "head", "meta", "link", "script", "form", "input", "img", "button", "a", "blockquote",
     "iframe", "amp-iframe", "li", "tr", "source", "svg", "use", "path", "main", "time")
)  # fmt: skip
_ID_ATTRIBUTES = (
    "data-tweetid", "data-tweet-id", "data-twitter-tweet-id", "data-twitter-id", "tweet-id", "tweetid",
    "data-tweet", "data-status-id",
)  # fmt: skip
_OTHER_IDS = ("data-id", "data-embed-id", "data-post-id", "id", "data-content-id")
_SAYING = ("class", "id", "data-provider", "data-embed-provider", "data-type", "data-embed-type")
_ABOUT_X = re.compile(r"tweet|twitter", re.I)
_EMBED_OF = re.compile(r"^[\w-]{0,40}embed-(?=https?://)")  # "twitter-embed-https://..."
_SNOWFLAKE = re.compile(r"(?:(?:twitter|embed|lazy)[_-]?)?(?:tweet[_-]?(?:embed[_-]?)?)?(\d{15,19})", re.I)


def identified(element: HtmlElement) -> str | None:
    for name in _ID_ATTRIBUTES:
        value = (element.get(name) or "").strip()
        if value.isascii() and value.isdecimal() and 7 < len(value) < 20:
            return value
    return None


def addressed(element: HtmlElement) -> Named | None:
    """The post whose address is an attribute of a quote: cite, or a lazy loader's."""
    return next((found for value in _embed.addresses(element) if (found := _x.linked(value))), None)


def named(element: HtmlElement) -> Named | None:
    """The post whose frame an attribute holds; or its id or address, if the element is for embedding."""
    if _embed.shares(element) or _embed.listed(element):
        return None
    frame = next((found for value in _embed.addresses(element) if (found := _x.framed(value))), None)
    return frame or (_told(element) if _embed.embeds(element) else None)


def _told(element: HtmlElement) -> Named | None:
    """By an id, an address, a record, or a number where it speaks of X."""
    if number := identified(element):
        return None, number
    for value in _embed.addresses(element):
        if found := _x.status(_EMBED_OF.sub("", value)) or (_x.inside(value) if "%2F" in value else None):
            return found
    if record := _x_records.of(element):
        return _x_records.named(record)
    said = [str(element.tag), *(element.get(name) or "" for name in _SAYING)]
    if not _ABOUT_X.search(" ".join(said)):
        return None
    numbers = (_SNOWFLAKE.fullmatch((element.get(name) or "").strip()) for name in _OTHER_IDS)
    return next(((None, match[1]) for match in numbers if match), None)


def wrapped(element: HtmlElement) -> Named | None:
    """The post that a wrapper around it names, where it names none itself."""
    for around in islice(element.iterancestors(), 3):
        if around.tag not in PASSED_OVER and (found := named(around)):
            return found
    return None
