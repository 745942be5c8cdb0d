"""What the makers share: a page in JSON or markup, and how platforms write a time."""

from datetime import datetime
from typing import Any

import orjson

from benchmarks.drafts import SEEN_AT
from core.page import Page

decode_json = orjson.loads


def json_page(url: str, document: Any) -> Page:
    return Page(url, orjson.dumps(document), SEEN_AT, headers={"content-type": "application/json; charset=utf-8"})


def text_page(url: str, content_type: str, text: str) -> Page:
    return Page(url, text.encode(), SEEN_AT, headers={"content-type": f"{content_type}; charset=utf-8"})


def millis(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
