"""A search of DVIDS: 50 news assets with the start of their text."""

from collections.abc import Sequence
from typing import Any

from benchmarks.drafts import Draft
from benchmarks.payloads._form import decode_json, json_page, seconds
from core.page import Page

MOST = 50
decode = decode_json


def page(drafts: Sequence[Draft]) -> Page:
    about = {"total_results": 1000, "results_per_page": MOST}
    document = {"messages": [], "page_info": about, "results": [_asset(d) for d in drafts]}
    return json_page(f"https://api.dvidshub.net/search?q=example&max_results={MOST}", document)


def _asset(draft: Draft) -> dict[str, Any]:
    number = 600_000 - draft.number
    return {
        "id": f"news:{number}",
        "title": draft.title,
        "date": draft.created_at.strftime("%Y-%m-%dT00:00:00Z"),
        "date_published": seconds(draft.created_at),
        "timestamp": seconds(draft.created_at),
        "type": "news",
        "short_description": draft.text,
        "keywords": "engagement, partners, advisors",
        "branch": "Joint",
        "unit_name": draft.office.name,
        "category": "News Stories",
        "country": "IQ",
        "state": "",
        "city": "ERBIL",
        "credit": "Sgt. Casey Example",
        "url": f"https://www.dvidshub.net/news/{number}/an-invented-story",
        "thumbnail": f"https://cdn.example/thumbs/{number}/250w_q95.jpg",
        "thumbnail_width": 250,
        "thumbnail_height": 166,
        "aspect_ratio": "landscape",
        "rating": 0,
    }
