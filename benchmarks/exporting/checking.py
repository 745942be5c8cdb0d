"""Whether two contenders wrote the same: how many rows, under which columns, and what stands in them.

Forms that say the same are made one: nested records and flat columns, times with T and Z or without, true and 1,
lists as JSON and in any order, null and nothing.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from core.errors import KleError
from core.harmless import as_it_was
from exports.tables import Field, Table

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)?$")
_FLAGS = {"true": "1", "false": "0", "True": "1", "False": "0"}
_BLOCK = 1 << 24
_NEAR = 4  # the rows sought for stand this many times further down at most: all write in the order of posts
_OWN = {"rowid"}  # what Datasette adds
csv.field_size_limit(1 << 30)
Row = tuple[str, ...]


def count(file: Path) -> int:
    """Rows, without reading what stands in them where that can be had."""
    match file.suffix:
        case ".parquet":
            from pyarrow.parquet import ParquetFile

            with ParquetFile(file) as found:
                return int(found.metadata.num_rows)
        case ".jsonl":
            with file.open("rb") as lines:
                return sum(block.count(b"\n") for block in iter(lambda: lines.read(_BLOCK), b""))
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for _ in csv.reader(text)) - 1


def compare(ours: Path, theirs: Path, table: Table, most: int | None = None) -> None:
    """Our first `most` rows, or all of them, have to be among theirs. Raises KleError."""
    wanted = Counter(islice(rows(ours, table, ours=True), most))
    near = most and _NEAR * most
    lacking = wanted - Counter(islice(rows(theirs, table), near))
    if lacking:
        there = f"{theirs.parent.name}/{theirs.name} lacks {lacking.total()} of our {wanted.total()} rows"
        raise KleError(f"{there}: {_difference(min(lacking), list(islice(rows(theirs, table), near)), table)}")


def _difference(missing: Row, there: Sequence[Row], table: Table) -> str:
    """(ours, theirs) by column, against the row of the same post that differs least."""
    names = list(table.columns())
    same = [row for row in there if row[0] == missing[0]]
    differing = [
        {n: (a, b) for n, a, b in zip(names, missing, row, strict=True) if a != b} for row in same or there
    ]
    return f"{missing[0]}: {min(differing, key=len, default={})}"[:600]


def rows(file: Path, table: Table, *, ours: bool = False) -> Iterator[Row]:
    """Texts in the order of the table's columns. In `ours` what a spreadsheet would run was made harmless."""
    quoted = ours and file.suffix == ".csv"
    columns = table.columns()
    known = {*columns, *(field.name for field in table.fields), *_OWN}
    for row in _READERS[file.suffix[1:]](file):
        if more := set(row) - known:
            raise KleError(f"{file} has columns that a release has not: {', '.join(sorted(more))}")
        yield tuple(_same(_plainly(row, name, path, quoted), field) for name, (path, field) in columns.items())


def _plainly(row: dict[str, Any], name: str, path: Sequence[str], quoted: bool) -> Any:
    value = row[name] if name in row else _at(row, path)
    return as_it_was(value) if quoted else value


def _at(row: Any, path: Sequence[str]) -> Any:
    """Of a record that is null its fields are null."""
    for name in path:
        if row is None:
            return None
        if name not in row:
            raise KleError(f"there is no column {'_'.join(path)}")
        row = row[name]
    return row


def _same(value: Any, field: Field) -> str:
    if value in (None, ""):
        return ""
    if field.type == "number":
        return f"{float(value):g}"
    if field.many and isinstance(value, str):
        value = orjson.loads(value)
    if isinstance(value, list):
        return ",".join(sorted(orjson.dumps(_plain(item), option=orjson.OPT_SORT_KEYS).decode() for item in value))
    return _text(str(value))


def _text(text: str) -> str:
    time = _TIME.match(text)
    return f"{time[1]} {time[2]}.{(time[3] or '').ljust(6, '0')}" if time else _FLAGS.get(text, text)


def _plain(item: Any) -> Any:
    """Within a list; a record without its nulls."""
    if isinstance(item, dict):
        return {name: _plain(value) for name, value in item.items() if value is not None}
    return f"{float(item):g}" if isinstance(item, int | float) else _text(str(item))


def _csv(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        yield from csv.DictReader(text)


def _jsonl(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        yield from map(orjson.loads, lines)


def _parquet(file: Path) -> Iterator[dict[str, Any]]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(file) as found:
        for batch in found.iter_batches(1000):
            yield from batch.to_pylist()


_READERS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}
