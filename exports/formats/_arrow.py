"""Table -> pyarrow: the types of its fields, and canonical lines read as columns of these types.

pyarrow reads the lines faster than Python could hand over the rows, without holding the interpreter's lock, and
takes no text for a number. What it would let pass (a field that is not there, a null where none may be) is counted.
"""

import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyarrow import json

from core.errors import KleError
from exports.batch import Batch
from exports.formats._misfit import misfit
from exports.tables import Field, Table, Type

TIME = pa.timestamp("us", tz="UTC")
_TYPES: dict[Type, pa.DataType] = {
    "string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "datetime": TIME,
}  # fmt: skip


def leaf(field: Field) -> pa.DataType:
    return _TYPES[field.type]


def schema(table: Table) -> pa.Schema:
    """Each field with its meaning. Within a record that may be null nothing is required: Parquet has no such."""
    return pa.schema([_described(field, True) for field in table.fields], {"description": table.about})


def _described(field: Field, outer: bool) -> pa.Field:
    required = outer and field.required
    return pa.field(field.name, _type(field, required), not required, {"description": field.meaning})


def _type(field: Field, required: bool) -> pa.DataType:
    if field.many:
        return pa.list_(pa.field("element", _type(_item(field), True), nullable=False))
    if field.type == "record":
        return pa.struct([_described(inner, required) for inner in field.fields])
    return leaf(field)


def _item(field: Field) -> Field:
    """What a list of it holds."""
    return replace(field, many=False, required=True)


class Lines:
    """Reads batches of one table. `times_as` is what becomes of times: moments, or the texts that they are."""

    def __init__(self, table: Table, times_as: pa.DataType = TIME) -> None:
        self._table, self._times_as = table, times_as
        self._parse = json.ParseOptions(
            explicit_schema=pa.schema([(field.name, self._loose(field)) for field in table.fields]),
            unexpected_field_behavior="error",
        )

    def _loose(self, field: Field) -> pa.DataType:
        """Its type as pyarrow's reader knows it: anything may be null there."""
        if field.many:
            return pa.list_(self._loose(_item(field)))
        if field.type == "record":
            return pa.struct([(inner.name, self._loose(inner)) for inner in field.fields])
        return self._times_as if field.type == "datetime" else leaf(field)

    def read(self, batch: Batch) -> pa.RecordBatch:
        """Its columns, every one of them nullable by its type. Raises KleError if a row does not fit the table."""
        whole = json.ReadOptions(use_threads=False, block_size=len(batch.lines) + 1)
        try:
            (columns,) = json.read_json(io.BytesIO(batch.lines), whole, self._parse).to_batches()
            self._check(batch, columns)
        except (pa.ArrowInvalid, ValueError) as error:
            raise self._misfit(batch, error) from None
        return columns

    def _misfit(self, batch: Batch, error: Exception) -> KleError:
        return misfit(self._table, batch.rows, str(error))

    def _check(self, batch: Batch, columns: pa.RecordBatch) -> None:
        """pyarrow takes no key twice and no unknown one: with as many keys as fields none is missing."""
        fields = self._table.fields
        keys = len(columns) * len(fields) + sum(map(_keys, columns.columns, fields))
        if (len(columns), keys) != (len(batch.rows), _count_keys(batch.lines)):
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
    """In canonical JSON `":` ends a key, unless a text holds it, where the quotation mark has a backslash."""
    codes = np.frombuffer(lines, np.uint8)
    ends = (codes[1:-1] == ord('"')) & (codes[2:] == ord(":")) & (codes[:-2] != ord("\\"))
    return int(np.count_nonzero(ends))


def strict(columns: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same by the types of `schema`, which say what is never null."""
    arrays = [_strict(array, field.type) for array, field in zip(columns.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _strict(array: pa.Array, kind: pa.DataType) -> pa.Array:
    nulls = array.is_null() if array.null_count else None
    if isinstance(array, pa.ListArray):
        return pa.ListArray.from_arrays(array.offsets, _strict(array.values, kind.value_type), kind, mask=nulls)
    if isinstance(array, pa.StructArray):
        fields = list(kind)
        inner = [_strict(array.field(i), field.type) for i, field in enumerate(fields)]
        return pa.StructArray.from_arrays(inner, fields=fields, mask=nulls)
    return array
