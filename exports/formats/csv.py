"""CSV (RFC 4180, UTF-8, header): nested names joined by `_`, lists as JSON, nothing for null."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson


@contextmanager
def table(path: Path, columns: Sequence[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    """`columns` are dotted paths into a row, in the order of the file."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(name.replace(".", "_") for name in columns)
        yield lambda row: writer.writerow([_cell(row, name.split(".")) for name in columns]) and None


def _cell(row: Any, path: Sequence[str]) -> str | int | float | None:
    value = row
    for name in path:
        value = None if value is None else value[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, list) else value
