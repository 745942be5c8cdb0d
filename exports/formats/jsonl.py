"""JSON Lines: the canonical lines as they are, so that the file's digest is that of the table's content."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from core.errors import BadRequest
from exports.batch import Batch, Options, Row, Writer
from exports.formats import _file
from exports.formats._misfit import misfit
from exports.tables import Table

SUFFIX = "jsonl"


@contextmanager
def table(path: Path, table: Table, options: Options) -> Iterator[Writer]:
    with _file.new(path) as file:
        yield _Lines(file, table)


class _Lines:
    def __init__(self, file: BinaryIO, table: Table) -> None:
        self._file, self._table, self._fields = file, table, len(table.fields)

    def write(self, batch: Batch) -> None:
        """Rows pass as they are: of each only the number of fields is looked at."""
        if any(len(row) != self._fields for row in batch.rows):
            raise misfit(self._table, batch.rows, "a field is missing")
        self._file.write(batch.lines)

    def notes(self) -> Mapping[str, int]:
        return {}


def read(
    path: Path, table: Table | None = None, size: int = 1000, options: Options | None = None
) -> Iterator[list[Row]]:
    with path.open("rb") as file:
        lines = enumerate(file, 1)
        while batch := [_row(path, number, line) for number, line in islice(lines, size)]:
            yield batch


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{path.name}, line {number}, is no JSON: {error}") from None
    if not isinstance(row, dict):
        raise BadRequest(f"{path.name}, line {number}, is no row: each line is one JSON object")
    return row
