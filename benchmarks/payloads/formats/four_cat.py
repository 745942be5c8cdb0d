"""4CAT's CSV of posts of X."""

from collections.abc import Sequence
from typing import Any

from benchmarks.drafts import Draft
from benchmarks.payloads._snowflake import snowflake
from benchmarks.payloads.formats._table import csv_page, decode_csv
from core.page import Page

MOST = 100
decode = decode_csv
_FLAGS = ("possibly_sensitive", "is_retweet", "is_quote_tweet", "is_quote_withheld", "is_reply", "is_withheld")


def page(drafts: Sequence[Draft]) -> Page:
    return csv_page([_row(draft) for draft in drafts])


def _row(draft: Draft) -> dict[str, Any]:
    number = snowflake(draft)
    return {
        "id": number,
        "thread_id": number,
        "timestamp": f"{draft.created_at:%Y-%m-%d %H:%M:%S}",
        "unix_timestamp": int(draft.created_at.timestamp()),
        "subject": "",
        "author": draft.office.handle,
        "author_fullname": draft.office.name,
        "author_id": 1_900_000 + draft.office.number,
        "source": "Example",
        "language_guess": draft.lang,
        "retweet_count": draft.number % 11,
        "reply_count": draft.number % 5,
        "like_count": draft.number % 97,
        "quote_count": draft.number % 3,
        "impression_count": draft.number % 4001,
        **dict.fromkeys(_FLAGS, "no"),
        "hashtags": "engagement",
        "urls": draft.link if draft.number % 2 else "",
        "images": f"https://pbs.twimg.example/media/{draft.number}.jpg" if draft.number % 3 == 0 else "",
        "videos": "",
        "mentions": "",
        "link": f"https://x.com/{draft.office.handle}/status/{number}",
        "body": draft.text,
    }
