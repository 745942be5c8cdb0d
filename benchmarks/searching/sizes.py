"""How many bytes each table of an archive takes, with its indexes, and what the contenders take."""

import sqlite3
from contextlib import closing
from pathlib import Path

from db.search import is_index_table

INDEX = "full text"
_PAGES = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE"
_OWNERS = "SELECT name, tbl_name FROM sqlite_schema"


def by_table(file: Path) -> dict[str, int]:
    """The largest first; the two full-text indexes as one."""
    with closing(sqlite3.connect(file)) as connection:
        owners = dict(connection.execute(_OWNERS))
        found: dict[str, int] = {}
        for name, size in connection.execute(_PAGES):
            owner = INDEX if is_index_table(name) else owners.get(name, name)
            found[owner] = found.get(owner, 0) + size
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size
