"""posts.csv of a release: the project's own form as a table."""

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.drafts import Draft
from benchmarks.payloads.formats import post_form
from benchmarks.payloads.formats._table import csv_page, decode_csv
from core.page import Page

MOST = 100
decode = decode_csv


def page(drafts: Sequence[Draft]) -> Page:
    return csv_page([_row(orjson.loads(post_form.line(draft))) for draft in drafts])


def _row(post: dict[str, Any]) -> dict[str, str]:
    """Nested names joined by _, lists as JSON, an empty cell for null."""
    flat: dict[str, Any] = {}
    for name, value in post.items():
        flat |= {f"{name}_{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {name: value}
    return {name: _cell(value) for name, value in flat.items()}


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value).decode()
