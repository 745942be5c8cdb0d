"""Posts of Bluesky: answers of its API (feeds, lists of records, threads), single records, lines of Jetstream."""

from collections.abc import Iterator
from typing import Any

from collector.formats._reading import About, packed
from collector.formats._start import Start
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

_LISTS = ("feed", "posts", "records")
_STREAM = "network.bsky.jetstream.subscribeEvents#"  # Jetstream's second form


def looks_like(start: Start) -> bool:
    return start.shape != "table" and any(ours(record) for record in start.records)


def ours(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    if _at(record.get("uri")) or _at(record.get("post")) or isinstance(record.get("thread"), dict | list):
        return True
    if isinstance(record.get("did"), str):
        return "commit" in record or record.get("kind") in ("commit", "identity", "account") or "time_us" in record
    payload = record.get("payload")
    if isinstance(payload, dict) and _STREAM in str(payload.get("$type")):
        return True
    if record.keys() <= {"cursor", *_LISTS} and record:
        return True  # also an answer that has nothing to show
    lists = (record.get(name) for name in _LISTS)
    return any(isinstance(items, list) and any(map(_item, items[:25])) for items in lists)


def _item(item: Any) -> bool:
    return isinstance(item, dict) and (_at(item.get("uri")) or _at(item.get("post")))


def _at(value: Any) -> bool:
    """An address of the AT Protocol, or what has one."""
    uri = value.get("uri") if isinstance(value, dict) else value
    return isinstance(uri, str) and uri.startswith("at://")


def read(record: Any, about: About) -> Iterator[SeenPost | Problem]:
    from collector.platforms import _bluesky_forms
    from collector.platforms._bluesky_wishes import Owner

    if not isinstance(record, dict):
        raise ParseError("is no object of Bluesky")
    owner = Owner(f"@{about.handle.lower()}" if about.handle else "")
    headers = {"content-type": "application/json", **owner.headers()}
    yield from _bluesky_forms.read(Page("", packed(record), about.seen_at, headers=headers))
