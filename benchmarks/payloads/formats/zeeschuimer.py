"""Zeeschuimer's NDJSON: a post of X a line, as its page was shown it."""

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.drafts import SEEN_AT, Draft
from benchmarks.payloads.formats._older import older
from core.page import Page

MOST = 100


def page(drafts: Sequence[Draft]) -> Page:
    lines = [orjson.dumps(_captured(draft), option=orjson.OPT_APPEND_NEWLINE) for draft in drafts]
    return Page("", b"".join(lines), SEEN_AT, headers={"content-type": "application/x-ndjson"})


def decode(body: bytes) -> list[Any]:
    return [orjson.loads(line) for line in body.splitlines()]


def _captured(draft: Draft) -> dict[str, Any]:
    post, office = older(draft), draft.office
    number = post["id_str"]
    known = {"screen_name": office.handle, "name": office.name}
    user = {"__typename": "User", "rest_id": str(1_900_000 + office.number), "core": known, "legacy": {}}
    item = {
        "__typename": "Tweet",
        "rest_id": number,
        "core": {"user_results": {"result": user}},
        "views": {"count": str(draft.number % 4001), "state": "EnabledWithCount"},
        "edit_control": {"edit_tweet_ids": [number], "is_edit_eligible": True, "edits_remaining": "5"},
        "legacy": post,
    }
    return {
        "nav_index": "1:2:0",
        "item_id": number,
        "timestamp_collected": int(SEEN_AT.timestamp() * 1000),
        "source_platform": "twitter.com",
        "source_platform_url": f"https://x.com/{office.handle}",
        "source_url": "https://x.com/i/api/graphql/example/UserTweets",
        "user_agent": "Example",
        "data": item,
    }
