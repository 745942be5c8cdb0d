"""Rows of any table, as a release may hold them, and files of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
from hypothesis import strategies as st

from core import times
from exports import tables
from exports.batch import Batch, Options, Row
from exports.tables import Field, Table
from tests.strategies import storable_texts

TOPICS = ("reform", "training")
TABLES = tables.every(TOPICS)
SPREADSHEETS_RUN = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1")
ODD = (
    "", " ", "'", "''", "'=1", "''@x", "'''\r", *SPREADSHEETS_RUN, '"', '""', '"a","b"', "a,b;c\td",
    "line\nline", "a\r\nb\rc",
    "\ufeffmark", "\u2028\u2029\x85", "\x01\x1b\x7f", "null", "NaN", "N/A", "true", "1", "007", "1e5",
    "2026-01-01T00:00:00Z",
    '{"a":1}', "\\", '\\":', '":', ":", "::", '{":":"',
    "ئاسایش و سەقامگیری", "پێشمەرگە", "𐎠😀👩‍👩‍👧", "e\u0301", "x" * 5000,
)  # fmt: skip
texts = storable_texts | st.sampled_from(ODD)
moments = st.datetimes(timezones=st.just(UTC)) | st.just(datetime(2026, 1, 1, tzinfo=UTC))


def canonical(rows: Sequence[Row]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for row in rows)


def rows_of(table: Table) -> st.SearchStrategy[Row]:
    return _record(table.fields)


def _record(fields: Sequence[Field]) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries({field.name: _value(field) for field in fields})


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.many:
        return st.lists(_one(field), max_size=2)
    return _one(field) if field.required else st.none() | _one(field).map(_or_null)


def _or_null(value: Any) -> Any:
    """A record that says nothing is null where it may be: a flat format could not tell them apart."""
    return value if not isinstance(value, dict) or any(v is not None for v in value.values()) else None


def _one(field: Field) -> st.SearchStrategy[Any]:
    if field.type == "record":
        return _record(field.fields)
    if field.values:
        return st.sampled_from(field.values)
    return {
        "string": texts,
        "integer": st.integers(0, 9) | st.integers(-(1 << 63), (1 << 63) - 1),
        "number": st.floats(allow_nan=False, allow_infinity=False).map(_whole) | st.sampled_from((0, 1, 0.1, 1e22)),
        "boolean": st.booleans(),
        "datetime": moments.map(times.text),
    }[field.type]  # type: ignore[return-value]


def _whole(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) < 1 << 53 else value


def example(table: Table, **changed: Any) -> Row:
    """A plain row: null where it may be, else something short."""
    return _example(table.fields) | changed


def _example(fields: Sequence[Field]) -> Row:
    return {field.name: _plain(field) if field.required else None for field in fields}


def _plain(field: Field) -> Any:
    if field.many:
        return []
    if field.type == "record":
        return _example(field.fields)
    if field.values:
        return field.values[0]
    plain = {"string": "a", "integer": 1, "number": 0.5, "boolean": True, "datetime": "2026-01-01T00:00:00Z"}
    return plain[field.type]


def write(
    plugin: ModuleType,
    path: Path,
    table: Table,
    rows: Sequence[Row],
    options: Options = Options(),  # noqa: B008  it is frozen
    size: int = 1000,
) -> dict[str, int]:
    with plugin.table(path, table, options) as writer:
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            writer.write(Batch(some, canonical(some)))
    return dict(writer.notes())


def read(plugin: ModuleType, path: Path, table: Table | None, **more: Any) -> list[Row]:
    return [row for batch in plugin.read(path, table, **more) for row in batch]
