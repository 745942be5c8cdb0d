"""Posts of Mastodon and its kin: statuses of the API in any answer, and the outbox of a user's own archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from collector.formats._reading import About, packed
from collector.formats._start import Start
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

_LISTS = ("statuses", "ancestors", "descendants")
_ACTIVITIES = frozenset({"Create", "Announce", "Update", "Delete", "Note", "Question", "Article"})
_COLLECTIONS = frozenset({"OrderedCollection", "OrderedCollectionPage", "Collection", "CollectionPage"})


def looks_like(start: Start) -> bool:
    return start.shape != "table" and any(ours(record) for record in start.records)


def ours(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    if _federated(record) or _status(record) or _status(record.get("status")):
        return True
    lists = (record.get(name) for name in _LISTS)
    return any(isinstance(items, list) and any(map(_status, items[:25])) for items in lists)


def _status(record: Any) -> bool:
    return isinstance(record, dict) and "content" in record and isinstance(record.get("account"), dict)


def _federated(record: dict[str, Any]) -> bool:
    kind = record.get("type")
    if isinstance(kind, str) and kind in _COLLECTIONS:
        return "orderedItems" in record or "items" in record
    return isinstance(kind, str) and kind in _ACTIVITIES and ("actor" in record or "attributedTo" in record)


def beside(path: Path, account: str) -> Any:
    """`actor.json` of the same archive names the account as people know it."""
    try:
        actor = orjson.loads(path.with_name("actor.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        actor = None
    known = {name: actor[name] for name in ("id", "preferredUsername", "name") if name in actor} if actor else {}
    return lambda body, first: {"actor": known} if known and b'"orderedItems"' in body else {}


def read(record: Any, about: About) -> Iterator[SeenPost | Problem]:
    if not isinstance(record, dict):
        raise ParseError("is no object of Mastodon")
    if _federated(record):
        from collector.formats import _activity

        yield from _activity.read(record, about)
        return
    from collector.platforms import mastodon

    body = packed(record)
    yield from mastodon.parse(Page("", body, about.seen_at, headers={"content-type": "application/json"}))
