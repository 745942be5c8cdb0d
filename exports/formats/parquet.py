"""Parquet: nested fields as lists and structs, times as timestamps in UTC, packed with zstd."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from core.errors import BadRequest
from exports.batch import Batch, Options, Row, Writer
from exports.formats import _arrow, _file, _rows
from exports.formats._behind import Behind, behind
from exports.formats._chunks import Chunks
from exports.tables import Field, Table

SUFFIX = "parquet"
_GROUP = 8 << 20  # bytes in memory from which on rows are written out as one row group
_GROWS, _TIMES = 64, 1  # after so many groups they are twice as large, so many times


@contextmanager
def table(path: Path, table: Table, options: Options) -> Iterator[Writer]:
    schema = _arrow.schema(table)
    words = list(_words(table.fields))
    with (
        _file.new(path) as file,
        parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=words) as opened,
    ):
        groups = _Groups(opened, schema, table)
        with behind(groups.take) as thread:
            writer = _Parquet(thread)
            yield writer
            writer.end()
        groups.end()


def _words(fields: Sequence[Field], before: str = "") -> Iterator[str]:
    """Columns that hold one of a few words, by their paths; others are as small and faster written as they are."""
    for field in fields:
        path = f"{before}{field.name}" + (".list.element" if field.many else "")
        if field.type == "record":
            yield from _words(field.fields, f"{path}.")
        elif field.values:
            yield path


class _Parquet:
    def __init__(self, thread: Behind) -> None:
        self._thread, self._chunks = thread, Chunks()

    def write(self, batch: Batch) -> None:
        for chunk in self._chunks.add(batch):
            self._thread.take(chunk)

    def end(self) -> None:
        for chunk in self._chunks.rest():
            self._thread.take(chunk)

    def notes(self) -> Mapping[str, int]:
        return {}


class _Groups:
    """Chunks -> row groups, bounded by their bytes. Of each the footer is told, about 1 KB a column that stays in
    memory until the end: so the groups of a large file are larger, and fewer."""

    def __init__(self, opened: parquet.ParquetWriter, schema: pa.Schema, table: Table) -> None:
        self._opened, self._schema, self._lines = opened, schema, _arrow.Lines(table)
        self._group: list[pa.RecordBatch] = []
        self._bytes, self._written = 0, 0

    def take(self, chunk: Batch) -> None:
        columns = self._lines.typed(chunk, self._schema)
        self._group.append(columns)
        self._bytes += columns.nbytes
        if self._bytes >= _GROUP << min(self._written // _GROWS, _TIMES):
            self.end()

    def end(self) -> None:
        if self._group:
            whole = pa.Table.from_batches(self._group)
            self._opened.write_table(whole, row_group_size=len(whole))
            self._written += 1
        self._group, self._bytes = [], 0


def read(
    path: Path, table: Table | None = None, size: int = 1000, options: Options | None = None
) -> Iterator[list[Row]]:
    """The columns of `table`, or all that the file has."""
    with path.open("rb") as content:
        try:
            with parquet.ParquetFile(content) as file:
                names = _chosen(file, table) if table else None
                for columns in file.iter_batches(size, columns=names, use_threads=False):
                    yield _rows.rows(columns)
        except (pa.ArrowInvalid, OSError) as error:
            raise BadRequest(f"{path.name} cannot be read as Parquet: {error}") from None


def _chosen(file: parquet.ParquetFile, table: Table) -> list[str]:
    names = [field.name for field in table.fields]
    if lacking := [name for name in names if name not in file.schema_arrow.names]:
        raise BadRequest(f"the file of {table.name} has no column {lacking[0]!r}")
    return names
