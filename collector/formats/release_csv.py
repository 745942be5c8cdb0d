"""posts.csv of one of the project's own releases: the API's names, nested ones joined by `_`, lists as JSON.

(posts.jsonl of a release is the post form as it is.) A row whose text was withheld is refused with that reason.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from collector.formats._reading import About
from collector.formats._start import Start
from core import post as posts
from core.errors import ParseError
from core.post import METRICS, SeenPost

_NEEDED = frozenset({"platform", "platform_id", "account_handle"})
_OTHERS = {"topic": "tags", "change": "versions"}  # by a column that only they have
_LISTS = ("media", "links", "sightings", "labels")
_FLAGS = ("synthetic",)
_TEXTS = ("platform", "platform_id", "url", "kind", "text", "lang", "created_at", "created_at_precision", "repeats",
          "deleted_at")  # fmt: skip


def looks_like(start: Start) -> bool:
    """Raises ParseError for the other tables of a release."""
    if start.shape != "table":
        return False
    columns = set(start.columns)
    if {"id", "valid_from"} <= columns or {"id", "number", "text_sha256"} <= columns:
        table = next(name for column, name in _OTHERS.items() if column in columns or name == "versions")
        raise ParseError(
            f"this is the table {table} of a release; its posts are in posts.csv or posts.jsonl beside it"
        )
    return columns >= _NEEDED


def read(row: Mapping[str, str], about: About) -> SeenPost:
    return posts.from_json(_nested(row))


def _nested(row: Mapping[str, str]) -> dict[str, Any]:
    """The row as the API would show it; an empty cell is null."""
    record: dict[str, Any] = {name: row.get(name) or None for name in _TEXTS}
    record["text"] = row.get("text") or ""
    record |= {name: row.get(name) == "true" for name in _FLAGS}
    record |= {name: _loaded(name, row[name]) for name in _LISTS if row.get(name)}
    counts = {name: _count(name, row.get(f"metrics_{name}")) for name in METRICS}
    observed = {"observed_at": row.get("metrics_observed_at") or None}
    record["metrics"] = {**counts, **observed} if any(value is not None for value in counts.values()) else None
    record["rights"] = {"text_withheld": row.get("rights_text_withheld") == "true"}
    if row.get("account_handle"):
        record["account"] = {n: row.get(f"account_{n}") or None for n in ("platform", "handle", "name")}
    return record


def _loaded(name: str, cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise ParseError(f"{name} must be a list as JSON, not {cell[:60]!r}") from None


def _count(name: str, cell: str | None) -> int | None:
    if not cell:
        return None
    try:
        return int(cell)
    except ValueError:
        raise ParseError(f"metrics_{name} must be a whole number or empty, not {cell[:60]!r}") from None
