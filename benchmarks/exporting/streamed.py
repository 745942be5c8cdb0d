"""Datasette's streamed CSV, at the loopback, of a table that holds what the posts' statement selects.

A table and not a view: a view has no key, so Datasette pages it by OFFSET and its stream takes the square of the
rows. Making the table is not timed.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from benchmarks.exporting.statements import TOPICS, statements
from benchmarks.searching.servers import Server, client

_NAME = "dump"


def prepare(archive: Path, folder: Path) -> None:
    with closing(sqlite3.connect(f"file:{folder / _NAME}.sqlite", uri=True)) as made:
        made.execute("ATTACH ? AS kle", (f"file:{archive}?mode=ro",))
        topics = dict(made.execute(TOPICS).fetchall())
        made.execute(f"CREATE TABLE posts AS {statements(topics)['posts']}")
        made.commit()


def fetch(folder: Path, out: Path, format_: str) -> int:
    """Bytes of memory that the server took at most."""
    command = [sys.executable, "-m", "datasette", "serve", str(folder / f"{_NAME}.sqlite"), "--port", "{port}",
               "--setting", "max_csv_mb", "0", "--setting", "sql_time_limit_ms", "60000"]  # fmt: skip
    server = Server(command, "/-/versions.json", folder / "datasette.log")
    try:
        asked = {"_stream": "1", "_size": "max"}
        with client(server) as web, web.stream("GET", f"/{_NAME}/posts.csv", params=asked) as answer:
            answer.raise_for_status()
            with (out / f"posts.{format_}").open("wb") as file:
                for part in answer.iter_bytes():
                    file.write(part)
        return server.memory().get("most", 0)
    finally:
        server.close()
