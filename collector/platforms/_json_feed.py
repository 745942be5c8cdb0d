"""JSON Feed 1 and 1.1 into the same plain entries that XML feeds become."""

from collections.abc import Iterator
from typing import Any

import orjson

from collector.platforms._entry import Entry, Feed
from core.errors import ParseError
from core.post import Media, Problem

_VERSION = "://jsonfeed.org/version/"


def read(text: str) -> tuple[Feed, Iterator[Entry | Problem]]:
    """Raises ParseError where this is no JSON Feed."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"this JSON breaks off or is malformed: {error}") from None
    if not isinstance(document, dict) or _VERSION not in str(document.get("version", "")):
        raise ParseError(f'this is JSON, but no JSON Feed: its "version" should begin with https{_VERSION}')
    items = document.get("items")
    if not isinstance(items, list):
        raise ParseError('this JSON Feed has no list of "items"')
    feed = Feed(
        title=_text(document, "title"),
        home=_text(document, "home_page_url"),
        itself=_text(document, "feed_url"),
        lang=_text(document, "language"),
    )
    return feed, (_entry(item) for item in items)


def _entry(item: object) -> Entry | Problem:
    if not isinstance(item, dict):
        return Problem("an item of this JSON Feed is no object", str(item)[:500])
    number = item.get("id")
    markup, plain = _text(item, "content_html"), _text(item, "content_text") or _text(item, "summary")
    return Entry(
        guid=str(number) if isinstance(number, int | float | str) and number != "" else None,
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        content=markup or plain,
        markup=bool(markup),
        published=_text(item, "date_published") or _text(item, "date_modified"),
        lang=_text(item, "language"),
        media=tuple(_media(item)),
        categories=tuple(t for t in _list(item, "tags") if isinstance(t, str)),
    )


def _media(item: dict[str, Any]) -> Iterator[Media]:
    for name in ("image", "banner_image"):
        if url := _text(item, name):
            yield Media("image", url)
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and (url := _text(attachment, "url")):
            kind = _text(attachment, "mime_type").partition("/")[0]
            yield Media(kind or "file", url)


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(item: dict[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []
