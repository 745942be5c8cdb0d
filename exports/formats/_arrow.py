"""Table -> pyarrow: the types of its fields, and canonical lines read as columns of these types.

pyarrow reads the lines faster than Python could hand over the rows, without holding the interpreter's lock, and
takes no text for a number. What it would let pass (a field that is not there, a null where none may be) is counted.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyarrow import json

from exports.batch import Batch
from exports.formats._misfit import misfit
from exports.tables import Field, Table, Type

pa.set_memory_pool(pa.system_memory_pool())  # its own keeps 70 MB that chunk after chunk is not given back
_NO_END = np.isin(np.arange(256), list(b"\\[{:,"))  # what stands before a quotation mark that ends nothing
TIME = pa.timestamp("us", tz="UTC")
_TYPES: dict[Type, pa.DataType] = {
    "string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "datetime": TIME,
}  # fmt: skip


def leaf(field: Field) -> pa.DataType:
    return _TYPES[field.type]


def schema(table: Table) -> pa.Schema:
    """Each field with its meaning. None in a record that may be null is required."""
    return pa.schema(_described(table.fields, True), {"description": table.about})


def _described(fields: Sequence[Field], outer: bool) -> list[pa.Field]:
    return [_column(field, outer and field.required) for field in fields]


def _column(field: Field, required: bool) -> pa.Field:
    return pa.field(field.name, _type(field, required), not required, {"description": field.meaning})


def _type(field: Field, required: bool) -> pa.DataType:
    if field.many:
        return pa.list_(pa.field("element", _type(_item(field), True), nullable=False))
    return pa.struct(_described(field.fields, required)) if field.type == "record" else leaf(field)


def _item(field: Field) -> Field:
    """What a list of it holds."""
    return replace(field, many=False, required=True)


class Lines:
    """Reads batches of one table. Raises KleError if a row does not fit it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._parse = json.ParseOptions(
            explicit_schema=pa.schema([(field.name, _loose(field)) for field in table.fields]),
            unexpected_field_behavior="error",
        )

    def typed(self, batch: Batch, to: pa.Schema) -> pa.RecordBatch:
        """Its columns by the types of `to`, which is the table's schema."""
        return self._read(batch, lambda columns: _strict_columns(columns, to))

    def plain(self, batch: Batch) -> pa.RecordBatch:
        """Its columns with times as the texts that they are, and every one nullable by its type."""
        return self._read(batch, lambda columns: columns)

    def _read(self, batch: Batch, made: Callable[[pa.RecordBatch], pa.RecordBatch]) -> pa.RecordBatch:
        whole = json.ReadOptions(use_threads=False, block_size=len(batch.lines) + 1)
        try:
            (columns,) = json.read_json(io.BytesIO(batch.lines), whole, self._parse).to_batches()
            _check(self._table, columns, batch.lines)
            return made(columns)
        except ValueError as error:  # pyarrow's are such
            raise misfit(self._table, batch.rows, str(error)) from None


def _loose(field: Field) -> pa.DataType:
    """Its type as pyarrow's reader knows it: anything may be null there. It would take a time without a zone."""
    if field.many:
        return pa.list_(_loose(_item(field)))
    if field.type == "record":
        return pa.struct([(inner.name, _loose(inner)) for inner in field.fields])
    return pa.string() if field.type == "datetime" else leaf(field)


def _check(table: Table, columns: pa.RecordBatch, lines: bytes) -> None:
    """pyarrow takes no key twice and no unknown one: with as many keys as fields none is missing."""
    keys = len(columns) * len(table.fields) + sum(map(_keys, columns.columns, table.fields))
    if keys != _count_keys(lines):
        raise ValueError("a field is missing")


def _keys(array: pa.Array, field: Field, absent: int = 0) -> int:
    """How many keys its records have. Of its values `absent` are null since the record around them is."""
    if field.required and array.null_count > absent:
        raise ValueError(f"{field.name} is null")
    if field.many:
        return _keys(array.values, _item(field))
    if field.type != "record":
        return 0
    inner = (_keys(array.field(i), one, array.null_count) for i, one in enumerate(field.fields))
    return int(len(array) - array.null_count) * len(field.fields) + sum(inner)


def _count_keys(lines: bytes) -> int:
    """In canonical JSON `":` ends a key, but within a text, where a backslash stands before it, and at the start of
    one that begins with a colon."""
    codes = np.frombuffer(lines, np.uint8)
    before = codes[np.flatnonzero((codes[1:-1] == ord('"')) & (codes[2:] == ord(":")))]
    return len(before) - int(np.count_nonzero(_NO_END[before]))


def _strict_columns(columns: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same by the types of `schema`, which say what is a time and what is never null."""
    arrays = [_strict(columns.column(field.name), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _strict(array: pa.Array, kind: pa.DataType) -> pa.Array:
    nulls = array.is_null() if array.null_count else None
    if isinstance(array, pa.ListArray):
        return pa.ListArray.from_arrays(array.offsets, _strict(array.values, kind.value_type), kind, mask=nulls)
    if isinstance(array, pa.StructArray):
        fields = list(kind)
        inner = [_strict(array.field(field.name), field.type) for field in fields]
        return pa.StructArray.from_arrays(inner, fields=fields, mask=nulls)
    return array.cast(kind) if kind == TIME else array
