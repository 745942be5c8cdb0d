"""The project's own form, a post a line; 100 lines a page, so that commits are as often as elsewhere."""

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.drafts import SEEN_AT, Draft
from benchmarks.payloads._form import seconds
from core.page import Page

MOST = 100


def page(drafts: Sequence[Draft]) -> Page:
    return Page("", b"".join(map(line, drafts)), SEEN_AT, headers={"content-type": "application/x-ndjson"})


def decode(body: bytes) -> list[Any]:
    return [orjson.loads(record) for record in body.splitlines()]


def line(draft: Draft) -> bytes:
    handle = f"@{draft.office.handle}@social.example"
    url = f"https://social.example/{handle}/{draft.number}"
    pictures = [{"type": "image", "url": f"{url}/picture.jpg", "alt": f"Officers, {draft.number}"}]
    counts = {"likes": draft.number % 97, "reposts": draft.number % 11, "replies": draft.number % 5}
    record = {
        "id": f"mastodon:social.example/{draft.number}",
        "platform": "mastodon",
        "platform_id": f"social.example/{draft.number}",
        "url": url,
        "kind": "post",
        "account": {"platform": "mastodon", "handle": handle, "name": draft.office.name},
        "text": draft.text,
        "lang": draft.lang,
        "created_at": seconds(draft.created_at),
        "created_at_precision": "second",
        "synthetic": True,
        "links": [draft.link] if draft.number % 2 else [],
        "media": pictures if draft.number % 3 == 0 else [],
        "metrics": {**counts, "quotes": None, "views": None},
        "sightings": [{"first_hand": True, "url": url}],
    }
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
