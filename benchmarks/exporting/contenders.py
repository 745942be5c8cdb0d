"""Who writes an archive into files, and what each of them writes.

Each is a function of what it reads, a folder and a format. `runs.py` calls it in a process of its own.
"""

import importlib.util
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.exporting import dumps, streamed
from exports import tables

FORMATS = ("csv", "jsonl", "parquet")
TABLES = tuple(tables.every(()))
POSTS = TABLES[:1]
Write = Callable[
    [Path, Path, str], int | None
]  # answers with the bytes that a process beside it took, if there is one


@dataclass(frozen=True, slots=True)
class Contender:
    """`reads`: nothing for the archive, or what was made of it before. `release`: it makes its folder itself.
    `whole`: its rows have to be those of our whole release."""

    name: str
    what: str
    write: Write
    formats: tuple[str, ...] = FORMATS
    tables: tuple[str, ...] = TABLES
    needs: tuple[str, ...] = ()
    reads: str = ""
    release: bool = False
    whole: bool = True

    @property
    def missing(self) -> list[str]:
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


def release(query: str, audience: str, archive: Path, out: Path, format_: str) -> None:
    """`kle export`, the whole command."""
    from kle.cli import main

    os.environ |= {"KLE_DATABASE_URL": f"sqlite:///{archive}", "KLE_DATA_DIR": str(out.parent), "KLE_MODEL": "none",
                   "KLE_MIN_FREE": "0"}  # fmt: skip
    sys.argv = ["kle", "export", query, "--format", format_, "--out", str(out), "--audience", audience, "--force"]
    with suppress(SystemExit):
        main()


def _internal(archive: Path, out: Path, format_: str) -> None:
    release("", "internal", archive, out, format_)


def _public(archive: Path, out: Path, format_: str) -> None:
    release("", "public", archive, out, format_)


def _narrow(archive: Path, out: Path, format_: str) -> None:
    release(NARROW, "internal", archive, out, format_)


NARROW = "topic:reform since:2024-01-01"
PREPARED = "prepared"
_DUMP = "ADBC"
_ADBC = ("adbc_driver_sqlite", "pyarrow", "polars")
OURS = Contender("kle", "the whole release: six tables, terms, digests, papers", _internal, release=True)
PUBLIC = Contender("kle, public", "the same for outsiders: texts of X withheld", _public, ("parquet",),
                   release=True, whole=False)  # fmt: skip
NARROW_ONE = Contender("kle, narrow", f"the release of {NARROW}", _narrow, ("csv",), release=True,
                       whole=False)  # fmt: skip
DUMP = Contender(_DUMP, "six statements, streamed by adbc-driver-sqlite into pyarrow or polars", dumps.by_adbc,
                 needs=_ADBC)  # fmt: skip
DUCKDB = Contender("DuckDB", "COPY from the Parquet files of the ADBC dump", dumps.by_duckdb,
                   needs=("duckdb", *_ADBC), reads=_DUMP)  # fmt: skip
PLAIN = Contender("sqlite3 and csv", "the same statements by the standard library", dumps.by_standard_library,
                  ("csv",))  # fmt: skip
DATASETTE = Contender("Datasette", "posts alone, as streamed CSV", streamed.fetch, ("csv",), POSTS, ("datasette",),
                      reads=PREPARED)  # fmt: skip
ALL = (OURS, DUMP, DUCKDB, PLAIN, DATASETTE, PUBLIC, NARROW_ONE)
