"""GET /2/users/:id/tweets: 100 posts with their fields, and what they include."""

from collections.abc import Sequence
from typing import Any

from benchmarks.drafts import Draft
from benchmarks.payloads._form import decode_json, json_page, millis
from benchmarks.payloads._snowflake import snowflake
from core.page import Page

MOST = 100
decode = decode_json
_Json = dict[str, Any]


def page(drafts: Sequence[Draft]) -> Page:
    office = drafts[0].office
    user = 1_900_000_000_000_000_000 + office.number
    about = {"id": str(user), "username": office.handle, "name": office.name, "protected": False, "verified": True}
    pictures = [_picture(draft) for draft in drafts if draft.number % 3 == 0]
    ends = {"newest_id": str(snowflake(drafts[0])), "oldest_id": str(snowflake(drafts[-1]))}
    document = {
        "data": [_post(draft, user) for draft in drafts],
        "includes": {"users": [about], "media": pictures},
        "meta": {"result_count": len(drafts), **ends, "next_token": f"token{drafts[-1].number}"},
    }
    return json_page(f"https://api.x.com/2/users/{user}/tweets?max_results={MOST}", document)


def _post(draft: Draft, user: int) -> _Json:
    number = str(snowflake(draft))
    found: _Json = {
        "id": number,
        "author_id": str(user),
        "conversation_id": number,
        "created_at": millis(draft.created_at),
        "lang": "und" if draft.lang in ("ckb", "kmr") else draft.lang,
        "edit_history_tweet_ids": [number],
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": True,
            "editable_until": millis(draft.created_at),
        },
        "text": draft.text,
        "entities": {"hashtags": [{"start": 0, "end": 11, "tag": "engagement"}]},
        "public_metrics": _counts(draft.number),
        "possibly_sensitive": False,
        "reply_settings": "everyone",
    }
    if draft.number % 2:
        found["text"] += " https://t.co/AbCdEfGhIj"
        found["entities"]["urls"] = [{
            "start": len(draft.text) + 1, "end": len(draft.text) + 24, "url": "https://t.co/AbCdEfGhIj",
            "expanded_url": draft.link, "display_url": draft.link[8:], "status": 200, "title": draft.title,
        }]  # fmt: skip
    if draft.number % 3 == 0:
        found["attachments"] = {"media_keys": [_picture(draft)["media_key"]]}
    return found


def _counts(number: int) -> _Json:
    told = {"retweet_count": number % 11, "reply_count": number % 5, "like_count": number % 97}
    return {**told, "quote_count": number % 3, "bookmark_count": 0, "impression_count": number % 4001}


def _picture(draft: Draft) -> _Json:
    address = f"https://pbs.twimg.example/media/{draft.number}.jpg"
    sized = {"width": 2000, "height": 1333, "alt_text": f"Officers, {draft.number}"}
    return {"media_key": f"3_{snowflake(draft)}", "type": "photo", "url": address, **sized}
