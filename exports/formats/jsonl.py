"""JSON Lines: a row as the API shows it, one object a line."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson


@contextmanager
def table(path: Path, columns: Sequence[str]) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A row is written whole: `columns` are for formats that need to know them beforehand."""
    with path.open("wb") as file:
        yield lambda row: _write(file.write, row)


def _write(write: Callable[[bytes], int], row: dict[str, Any]) -> None:
    write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
