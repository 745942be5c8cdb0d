"""Posts of X from its API: answers of v2 as twarc2 or a program keeps them, flattened posts, and the older v1.1."""

import json
from collections.abc import Iterator
from typing import Any

from collector.formats._reading import About, packed
from collector.formats._start import Start
from core.page import Page
from core.post import Problem, SeenPost

_Json = dict[str, Any]
_STATES = ("edit_history_tweet_ids", "edit_history_post_ids", "author_id", "public_metrics")
_PARAMETERS = ("id", "ids")  # by which a post itself is asked for
_SHOWN = 5  # names of what an answer holds instead of posts


def looks_like(start: Start) -> bool:
    return start.shape != "table" and not start.variable and any(_ours(record) for record in start.records)


def _ours(record: Any) -> bool:
    if not isinstance(record, dict) or "source_platform" in record:
        return False
    return _older(record) or _post(record) or _answer(record) or _notice(record)


def _notice(record: _Json) -> bool:
    """Of a stream: that a post was deleted, edited, withheld."""
    if "status" in _inner(record, "delete"):
        return True
    return any("event_at" in event for event in _inner(record, "data").values() if isinstance(event, dict))


def _older(record: Any) -> bool:
    """Of v1.1."""
    written = isinstance(record, dict) and "id_str" in record and ("full_text" in record or "text" in record)
    return written and isinstance(record.get("user"), dict)


def _post(record: _Json) -> bool:
    known = any(name in record for name in _STATES) or "username" in _inner(record, "author")
    return "id" in record and "text" in record and known


def _answer(record: _Json) -> bool:
    """Of v2; of a search of v1.1; of X's own page."""
    if "__twarc" in record or "globalObjects" in record or "result_count" in _inner(record, "meta"):
        return True
    first = next(iter(_data(record)), {})
    if "id" in first and ("text" in first or "username" in first) and "uri" not in first:
        return True
    if any(map(_older, _list(record, "statuses")[:1])) or "tweet_results" in str(_inner(record, "data")):
        return True
    return any("title" in error for error in _list(record, "errors") if isinstance(error, dict))


def _inner(record: _Json, name: str) -> _Json:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _list(record: _Json, name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _data(record: _Json) -> list[_Json]:
    inside = record.get("data")
    return [item for item in (inside if isinstance(inside, list) else [inside]) if isinstance(item, dict)]


def read(record: Any, about: About) -> Iterator[SeenPost | Problem]:
    from collector.platforms import _x_forms

    if not isinstance(record, dict):
        raise ValueError("is no object of X's API")
    listed = _data(record)
    if isinstance(record.get("data"), list) and listed and not any("text" in i or "id_str" in i for i in listed):
        raise ValueError(f"holds no posts but objects with {', '.join(list(listed[0])[:_SHOWN])}")
    headers = {"content-type": "application/json"} | _owner(record, about)
    body = packed(_of_four_cat(_asked(record) if listed else record))
    yield from _x_forms.read(Page("", body, about.seen_at, headers=headers))


def _asked(answer: _Json) -> _Json:
    """Without the errors of what its posts refer to: nobody asked for that, and no post is missing."""
    named = [e for e in _list(answer, "errors") if isinstance(e, dict) and e.get("parameter") in _PARAMETERS]
    return {**answer, "errors": named} if "errors" in answer else answer


def _owner(record: _Json, about: About) -> dict[str, str]:
    """Answers of one account's posts may name it by number alone."""
    from collector.platforms import _x_forms

    authors = {item.get("author_id") for item in _data(record) or [record]}
    only = authors.pop() if len(authors) == 1 else None
    return {_x_forms.ACCOUNT: json.dumps({"id": only, "username": about.handle})} if only and about.handle else {}


def _of_four_cat(tweet: _Json) -> _Json:
    """4CAT keeps what an answer included inside the post, under names of its own."""
    if not isinstance(tweet.get("author_user"), dict):
        return tweet
    attached = _inner(tweet, "attachments")
    media = [item for item in attached.get("media_keys") or [] if isinstance(item, dict)]
    inside = {**attached, "media": media, "media_keys": []} if media else attached
    named = [_of_four_cat(row) for row in tweet.get("referenced_tweets") or [] if isinstance(row, dict)]
    return {**tweet, "author": tweet["author_user"], "attachments": inside, "referenced_tweets": named}
