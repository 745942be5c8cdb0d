"""Which row does not fit its table, and why: asked only once it is known that one does not."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from core import times
from core.errors import KleError
from exports.batch import Row
from exports.tables import Field, Table

_INT64 = range(-(1 << 63), 1 << 63)


def misfit(table: Table, rows: Sequence[Row], otherwise: str) -> KleError:
    """Names the first such row by its place among `rows` and its id; never by what else it says."""
    record = Field(table.name, table.about, "record", fields=table.fields, required=True)
    for number, row in enumerate(rows, 1):
        for why in _faults(row, record, ""):
            told = f" ({row['id']})" if isinstance(row, dict) and "id" in row else ""
            return KleError(f"a row of {table.name} does not fit its table: row {number} of a batch{told}: {why}")
    return KleError(f"rows of {table.name} do not fit their table: {otherwise}")


def _faults(value: Any, field: Field, path: str) -> Iterator[str]:
    if value is None:
        if field.required:
            yield f"{path} is null, which it never is"
    elif field.many:
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        one = replace(field, many=False, required=True)
        for item in value:
            yield from _faults(item, one, f"{path}[]")
    elif field.type == "record":
        yield from _record_faults(value, field, path)
    elif not _is(value, field.type):
        yield f"{path} is of type {type(value).__name__}, not {field.type}"


def _record_faults(value: Any, field: Field, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'it'} is no record"
        return
    here = f"{path}." if path else ""
    names = [inner.name for inner in field.fields]
    yield from (f"{here}{name} is missing" for name in names if name not in value)
    yield from (f"{here}{name} is no field of it" for name in value if name not in names)
    for inner in field.fields:
        if inner.name in value:
            yield from _faults(value[inner.name], inner, here + inner.name)


def _is(value: Any, kind: str) -> bool:
    if kind == "datetime":
        return isinstance(value, str) and _is_time(value)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value in _INT64) or (kind == "number" and isinstance(value, float))


def _is_time(value: str) -> bool:
    try:
        return times.text(times.parse(value)) == value
    except ValueError:
        return False
