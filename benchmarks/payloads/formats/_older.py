"""One post in the older form of X's API, which archives and browsers still hold."""

from typing import Any

from benchmarks.drafts import Draft
from benchmarks.payloads._snowflake import snowflake


def older(draft: Draft) -> dict[str, Any]:
    number = str(snowflake(draft))
    links = [{"url": "https://t.co/AbCdEfGhIj", "expanded_url": draft.link, "display_url": draft.link[8:]}]
    return {
        "created_at": f"{draft.created_at:%a %b %d %H:%M:%S} +0000 {draft.created_at:%Y}",
        "conversation_id_str": number,
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": links if draft.number % 2 else []},
        "favorite_count": draft.number % 97,
        "full_text": f"{draft.text} https://t.co/AbCdEfGhIj" if draft.number % 2 else draft.text,
        "is_quote_status": False,
        "lang": "und" if draft.lang in ("ckb", "kmr") else draft.lang,
        "quote_count": draft.number % 3,
        "reply_count": draft.number % 5,
        "retweet_count": draft.number % 11,
        "id_str": number,
    }
