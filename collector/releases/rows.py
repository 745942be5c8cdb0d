"""The rows of a release's table, whichever format it has: as JSON has them, in the order of the file.

Of each table only the fields that an import needs; a field that the release left out is missing.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from collector.formats import _cells
from collector.formats._release_tables import FIELDS
from collector.releases.opened import Release
from core.errors import ParseError, Refused

Row = dict[str, Any]
_BATCH = 500


def of(release: Release, table: str) -> Iterator[Row]:
    """Raises Refused for a file that cannot be read, ParseError for a line or row of it that makes no sense."""
    if release.format == "parquet":
        with release.seekable(table) as file:
            yield from parquet(file, FIELDS[table], f"{table}.parquet")
        return
    with release.opened(table) as file:
        yield from (_csv(file, table, release.raw) if release.format == "csv" else _lines(file, FIELDS[table]))


@dataclass(frozen=True, slots=True)
class Schema:
    columns: tuple[str, ...]
    rows: int


def schema(file: BinaryIO, name: str) -> Schema:
    """Of a Parquet file. Raises Refused."""
    source = _parquet(file, name)
    return Schema(tuple(source.schema_arrow.names), source.metadata.num_rows)


def _parquet(file: BinaryIO, name: str) -> Any:
    import pyarrow as pa  # here: no other file needs it
    from pyarrow import parquet as pq

    try:
        return pq.ParquetFile(file, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"{name} is damaged, or of another kind of Parquet: {error}") from None


def parquet(file: BinaryIO, wanted: tuple[str, ...], name: str) -> Iterator[Row]:
    """Batch by batch, so that memory stays as it is whatever the file's size."""
    import pyarrow as pa

    source = _parquet(file, name)
    try:
        columns = [column for column in source.schema_arrow.names if column in wanted]
        for batch in source.iter_batches(_BATCH, columns=columns, use_threads=False):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"{name} is damaged, or of another kind of Parquet: {error}") from None


def _lines(file: BinaryIO, wanted: tuple[str, ...]) -> Iterator[Row]:
    for number, line in enumerate(file, 1):
        try:
            row = orjson.loads(line)
            found = {name: row[name] for name in wanted if name in row}
            found["id"] = row["id"]  # by which tables are joined
            yield found
        except (orjson.JSONDecodeError, TypeError, KeyError):
            raise ParseError(f"line {number} of a table is no JSON object") from None


def _csv(file: BinaryIO, table: str, raw: bool) -> Iterator[Row]:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        reader = csv.reader(text, strict=True)
        names = next(reader, [])
        read = _cells.reader(names, FIELDS[table], raw=raw)
        for cells in reader:
            if len(cells) != len(names):
                raise ParseError(
                    f"line {reader.line_num} has {len(cells)} columns where the first has {len(names)}"
                )
            yield read(cells)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ParseError(f"a table of this release is no CSV in UTF-8: {error}") from None
    finally:
        text.detach()
