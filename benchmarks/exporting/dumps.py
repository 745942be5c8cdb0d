"""Plain dumps of an archive's SQLite file: statements.py streamed into a file a table.

ADBC brings a copy of the SQLite library of its own. Two copies in one process that have one database open drop each
other's POSIX locks, so nothing here may run where Python's sqlite3 has the archive open, nor while anybody writes
to it: each dump has a process of its own (runs.py), and opens the file for reading alone.
"""

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.exporting.statements import TOPICS, statements

_BATCH = "50000"  # rows of a record batch
Write = Callable[[Any], object]


def by_adbc(archive: Path, out: Path, format_: str) -> None:
    from adbc_driver_sqlite import dbapi

    with dbapi.connect(f"file:{archive}?mode=ro") as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _BATCH})
        cursor.execute(TOPICS)
        for table, statement in statements(dict(cursor.fetchall())).items():
            cursor.execute(statement)
            batches = cursor.fetch_record_batch()
            with _WRITERS[format_](out / f"{table}.{format_}", batches.schema) as write:
                for batch in batches:
                    write(batch)


@contextmanager
def _csv(file: Path, schema: Any) -> Iterator[Write]:
    from pyarrow.csv import CSVWriter

    with CSVWriter(file, schema) as writer:
        yield writer.write_batch


@contextmanager
def _parquet(file: Path, schema: Any) -> Iterator[Write]:
    from pyarrow.parquet import ParquetWriter

    with ParquetWriter(file, schema) as writer:
        yield writer.write_batch


@contextmanager
def _jsonl(file: Path, schema: Any) -> Iterator[Write]:
    import polars

    with file.open("wb") as out:
        yield lambda batch: polars.DataFrame(polars.from_arrow(batch)).write_ndjson(out)


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


def by_standard_library(archive: Path, out: Path, format_: str) -> None:
    """As one does it without any package: sqlite3 into csv."""
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        topics = dict(connection.execute(TOPICS).fetchall())
        for table, statement in statements(topics).items():
            rows = connection.execute(statement)
            with (out / f"{table}.{format_}").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(column[0] for column in rows.description)
                writer.writerows(rows)


def by_duckdb(parquet: Path, out: Path, format_: str) -> None:
    """From the Parquet files of the plain dump: what its writers cost alone, with nothing to read from SQLite."""
    import duckdb

    how = {"csv": "FORMAT csv, HEADER", "jsonl": "FORMAT json", "parquet": "FORMAT parquet"}[format_]
    with duckdb.connect() as connection:
        for file in sorted(parquet.glob("*.parquet")):
            target = out / f"{file.stem}.{format_}"
            connection.execute(f"COPY (FROM read_parquet('{file}')) TO '{target}' ({how})")
