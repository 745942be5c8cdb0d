"""tweets.js of a user's own archive of X: a script that sets a list, its numbers written as text."""

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.drafts import SEEN_AT, Draft
from benchmarks.payloads.formats._older import older
from core.page import Page

MOST = 100
_STARTS = b"window.YTD.tweets.part0 = "


def page(drafts: Sequence[Draft]) -> Page:
    entries = [{"tweet": _entry(draft)} for draft in drafts]
    body = _STARTS + orjson.dumps(entries, option=orjson.OPT_INDENT_2)
    return Page(
        f"https://x.com/{drafts[0].office.handle}", body, SEEN_AT, headers={"content-type": "text/javascript"}
    )


def decode(body: bytes) -> Any:
    return orjson.loads(body[len(_STARTS) :])


def _entry(draft: Draft) -> dict[str, Any]:
    post = older(draft)
    counts = {name: str(post[name]) for name in ("favorite_count", "retweet_count")}
    states = {"editTweetIds": [post["id_str"]], "editsRemaining": "5", "isEditEligible": True}
    return {**post, **counts, "id": post["id_str"], "edit_info": {"initial": states}, "truncated": False}
