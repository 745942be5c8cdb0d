"""Cells of a release's CSV -> values as JSON has them: names joined by `_` nested again, lists from their JSON.

What was put before a cell that a spreadsheet would take for a formula is taken off (`core.harmless`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from core.errors import ParseError
from core.harmless import as_it_was
from core.post import METRICS

_RECORDS = {"account": ("platform", "handle", "name"), "metrics": (*METRICS, "observed_at"),
            "rights": ("policy", "text_withheld"),
            "merged": ("archive", "number", "change", "seen_at", "digest")}  # fmt: skip
_LISTS = frozenset({"media", "links", "sightings", "labels", "tags"})
_FLAGS = frozenset({"synthetic", "first_hand", "erased", "text_withheld"})
_NUMBERS = frozenset({"number", *METRICS})
_EMPTY_TEXTS = frozenset({"text"})  # empty is no null
Row = dict[str, Any]


def reader(names: Sequence[str], wanted: Sequence[str], *, raw: bool) -> Callable[[Sequence[str]], Row]:
    """What makes a row of the cells under these names; `raw`: nothing was made harmless. A record all of whose
    cells are empty is null."""
    flat, nested = _places(names, wanted)

    def read(cells: Sequence[str]) -> Row:
        plain = cells if raw else list(map(as_it_was, cells))
        row: Row = {field: _value(field, plain[column]) for column, field in flat}
        for field, parts in nested.items():
            record = {part: _value(part, plain[column], f"{field}_{part}") for column, part in parts}
            row[field] = record if any(value is not None for value in record.values()) else None
        return row

    return read


def _places(
    names: Sequence[str], wanted: Sequence[str]
) -> tuple[list[tuple[int, str]], dict[str, list[tuple[int, str]]]]:
    columns = {name: column for column, name in enumerate(names)}
    flat = [(columns[field], field) for field in wanted if field not in _RECORDS and field in columns]
    nested = {
        field: [(columns[f"{field}_{part}"], part) for part in _RECORDS[field] if f"{field}_{part}" in columns]
        for field in wanted
        if field in _RECORDS
    }
    return flat, {field: parts for field, parts in nested.items() if parts}


def _value(field: str, cell: str, column: str = "") -> Any:
    """`column` is its name in the file, where that is another one."""
    if not cell:
        return "" if field in _EMPTY_TEXTS else None
    if field in _LISTS:
        return _loaded(field, cell)
    if field in _FLAGS:
        return cell == "true"
    return _number(column or field, cell) if field in _NUMBERS else cell


def _loaded(name: str, cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise ParseError(f"{name} must be a list as JSON, not {cell[:60]!r}") from None


def _number(name: str, cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ParseError(f"{name} must be a whole number or empty, not {cell[:60]!r}") from None
