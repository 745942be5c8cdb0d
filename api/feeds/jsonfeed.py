"""JSON Feed 1.1. It knows no tombstones: what is gone leaves the feed."""

from typing import Any

import orjson

from api.feeds.entries import Attachment, Entry, Feed
from core.version import SOFTWARE

MEDIA_TYPE = "application/feed+json"


def write(feed: Feed) -> bytes:
    return orjson.dumps(
        _without_nothing(
            version="https://jsonfeed.org/version/1.1",
            title=feed.title,
            home_page_url=feed.page,
            feed_url=feed.address,
            language=feed.lang,
            authors=[{"name": SOFTWARE, "url": f"{feed.site}/"}],
            items=[_item(entry) for entry in feed.standing],
        )
    )


def _item(entry: Entry) -> dict[str, Any]:
    return _without_nothing(
        id=entry.id,
        url=entry.page,
        external_url=entry.original,
        title=entry.title,
        content_html=entry.content,
        date_published=entry.published,
        date_modified=entry.updated,
        authors=[{"name": entry.author}] if entry.author else None,
        tags=[slug for slug, _ in entry.topics] or None,
        language=entry.lang,
        attachments=[_attachment(item) for item in entry.attachments] or None,
    )


def _attachment(item: Attachment) -> dict[str, Any]:
    return _without_nothing(url=item.url, mime_type=item.media_type, size_in_bytes=item.size)


def _without_nothing(**members: Any) -> dict[str, Any]:
    """A member without a value is left out, says the specification."""
    return {name: value for name, value in members.items() if value is not None}
