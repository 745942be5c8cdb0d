"""CSV (RFC 4180, UTF-8, header): nested names joined by `_`, lists as JSON, an empty cell for null, "" for no text.

A spreadsheet runs a cell that begins with = + - @ (or a tab or a carriage return before one) as a formula. Such a
text gets a ' in front, and so does one that begins with any number of ' and then one of these: reading takes
exactly one off again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from core.errors import BadRequest
from core.harmless import FORMULA
from exports.batch import Batch, Options, Row, Writer
from exports.formats import _arrow, _file, _rows
from exports.formats._behind import Behind, behind
from exports.formats._chunks import Chunks
from exports.tables import Field, Table

SUFFIX = "csv"
_MARK = "\ufeff".encode()
_FORMULA = rf"\A({FORMULA})"
_DEFUSED = rf"\A'({FORMULA})"
_BLOCK = 1 << 20  # bytes that are read at once; more where one row is longer
_LONGEST = 1 << 30


@contextmanager
def table(path: Path, table: Table, options: Options) -> Iterator[Writer]:
    with _file.new(path) as file:
        file.write((_MARK if options.bom else b"") + ",".join(table.columns()).encode() + b"\n")
        cells = _Cells(file, table, options.raw)
        with behind(cells.take) as thread:
            writer = _Csv(thread, cells)
            yield writer
            writer.notes()


class _Csv:
    def __init__(self, thread: Behind, cells: "_Cells") -> None:
        self._thread, self._cells, self._chunks = thread, cells, Chunks()

    def write(self, batch: Batch) -> None:
        for chunk in self._chunks.add(batch):
            self._thread.take(chunk)

    def notes(self) -> Mapping[str, int]:
        """`defused`: the cells that got a ' in front. Everything that was handed over is written by then."""
        for chunk in self._chunks.rest():
            self._thread.take(chunk)
        self._thread.wait()
        return {"defused": self._cells.defused}


class _Cells:
    """Chunks -> lines of the file."""

    def __init__(self, file: BinaryIO, table: Table, raw: bool) -> None:
        self.defused = 0
        self._file, self._raw, self._lines = file, raw, _arrow.Lines(table)
        self._fields, self._leaves = table.fields, [field for _, field in table.leaves()]
        self._names = list(table.columns())

    def take(self, chunk: Batch) -> None:
        read = self._lines.plain(chunk)
        cells = [
            cell
            for array, field in zip(read.columns, self._fields, strict=True)
            for cell in _columns(array, field, chunk.rows, (field.name,))
        ]
        flat = pa.RecordBatch.from_arrays(cells if self._raw else self._harmless(cells), names=self._names)
        csv.write_csv(flat, self._file, csv.WriteOptions(include_header=False, batch_size=len(flat)))

    def _harmless(self, cells: list[pa.Array]) -> list[pa.Array]:
        """All texts are looked at in one go: making the expression ready takes longer than a column does."""
        length = len(cells[0])
        places = [i for i, leaf in enumerate(self._leaves) if _is_text(leaf)]
        if not places:
            return cells
        risky = pc.match_substring_regex(pa.concat_arrays([cells[i] for i in places]), _FORMULA)
        self.defused += risky.true_count
        if not risky.true_count:
            return cells
        made = list(cells)
        for number, i in enumerate(places):
            if risky.slice(number * length, length).true_count:
                made[i] = pc.replace_substring_regex(cells[i], _FORMULA, r"'\1")
        return made


def _is_text(field: Field) -> bool:
    return field.type == "string" and not field.many


def _columns(array: pa.Array, field: Field, rows: Sequence[Any], path: tuple[str, ...]) -> Iterator[pa.Array]:
    if field.many:
        yield _lists(array, rows, path)
    elif field.type == "record":
        for i, inner in enumerate(field.fields):
            yield from _columns(array.field(i), inner, rows, (*path, inner.name))
    else:
        yield array


def _lists(array: pa.ListArray, rows: Sequence[Any], path: Sequence[str]) -> pa.StringArray:
    """Their JSON; null where the list is."""
    for name in path:
        rows = [row and row[name] for row in rows]
    cells = [orjson.dumps(value, None, orjson.OPT_SORT_KEYS) if value else b"[]" for value in rows]
    ends = pa.py_buffer(np.cumsum([0, *map(len, cells)], dtype=np.int32))
    return pa.StringArray.from_buffers(len(cells), ends, pa.py_buffer(b"".join(cells)), array.buffers()[0])


def read(
    path: Path, table: Table | None = None, size: int = 1000, options: Options | None = None
) -> Iterator[list[Row]]:
    """`table` says which columns there are and of which type; others are left out. A record of nulls alone is null,
    where it may be."""
    if table is None:
        raise BadRequest(f"{path.name} does not say of which types its columns are: read it with its table")
    raw = options is not None and options.raw
    for columns in _batches(path, table):
        texts = columns if raw else _undone(columns, table)
        for start in range(0, len(texts), size):
            yield _shaped(texts.slice(start, size), table)


def _batches(path: Path, table: Table) -> Iterator[pa.RecordBatch]:
    """A row longer than a block is met by longer blocks, from where reading stood."""
    block, done = _BLOCK, 0
    while True:
        try:
            for columns in _opened(path, table, block, done):
                yield columns
                done += len(columns)
            return
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            if "straddling" not in str(error) or block >= _LONGEST:
                raise BadRequest(f"{path.name} cannot be read as the CSV of {table.name}: {error}") from None
            block *= 8


def _opened(path: Path, table: Table, block: int, skipped: int) -> csv.CSVStreamingReader:
    types = {name: pa.string() if field.many or field.type == "datetime" else _arrow.leaf(field)
             for name, (_, field) in table.columns().items()}  # fmt: skip
    return csv.open_csv(
        path,
        csv.ReadOptions(use_threads=False, block_size=block, skip_rows_after_names=skipped),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=[""], true_values=["true"],
            false_values=["false"], strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip


def _undone(columns: pa.RecordBatch, table: Table) -> pa.RecordBatch:
    arrays = [
        pc.replace_substring_regex(array, _DEFUSED, r"\1") if _is_text(field) else array
        for array, (_, field) in zip(columns.columns, table.leaves(), strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=columns.schema.names)


def _shaped(columns: pa.RecordBatch, table: Table) -> list[Row]:
    found = {path: _rows.values(array) for (path, _), array
             in zip(table.leaves(), columns.columns, strict=True)}  # fmt: skip
    parts = [_field(found, field, (field.name,), len(columns)) for field in table.fields]
    return _rows.records([field.name for field in table.fields], parts, len(columns))


def _field(
    found: Mapping[tuple[str, ...], list[Any]], field: Field, path: tuple[str, ...], count: int
) -> list[Any]:
    if field.many:
        return [value if value is None else orjson.loads(value) for value in found[path]]
    if field.type != "record":
        return found[path]
    parts = [_field(found, inner, (*path, inner.name), count) for inner in field.fields]
    made = _rows.records([inner.name for inner in field.fields], parts, count)
    return made if field.required else [row if _says(row) else None for row in made]


def _says(record: Row) -> bool:
    return any(_says(value) if isinstance(value, dict) else value is not None for value in record.values())
