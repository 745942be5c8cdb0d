"""Two sets of posts held against each other in a SQLite file of their own: memory does not grow with them.

Nothing of the archive is in it, it is thrown away at the end, and so it is SQLite beside PostgreSQL too.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Literal, NamedTuple

Side = Literal["a", "b"]
_PRAGMAS = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -32000",
    "PRAGMA temp_store = FILE",
)


class State(NamedTuple):
    """One post as one side shows it. `topics` and `rest` are the caller's own code for what it holds, the same
    bytes for the same content."""

    id: str
    at: str | None
    handle: str | None
    words: str | None
    text: str | None
    withheld: int | None
    deleted: str | None
    topics: bytes
    rest: bytes


class Erased(NamedTuple):
    """What is left of a post of which `versions` were erased."""

    id: str
    at: str | None
    cause: str | None


_NAMES = ", ".join(State._fields)
_COMPARED = ("text", "withheld", "deleted", "topics", "rest")


class Comparing:
    """First each side is `put`, then `filled` says that all is there, then it is asked."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for side in ("a", "b"):
            self._run(f"CREATE TABLE {side} ({_NAMES})")
            self._run(f"CREATE TABLE erased_{side} (id PRIMARY KEY, at, cause, versions) WITHOUT ROWID")
        self._run("CREATE TABLE noted (kind, detail)")
        self._run("CREATE TABLE line (name, id, mark, here)")

    def put(self, side: Side, posts: Iterable[State]) -> None:
        marks = ", ".join("?" * len(State._fields))
        self._connection.executemany(f"INSERT INTO {side} VALUES ({marks})", posts)

    def put_erased(self, side: Side, versions: Iterable[Erased]) -> None:
        """One for each erased version; of a post with several the last one speaks."""
        self._connection.executemany(
            f"INSERT INTO erased_{side} VALUES (?, ?, ?, 1) ON CONFLICT (id) DO UPDATE"
            " SET at = excluded.at, cause = excluded.cause, versions = versions + 1",
            versions,
        )

    def filled(self) -> None:
        for side in ("a", "b"):
            self._run(f"CREATE INDEX of_{side} ON {side} (id)")

    def twice(self, side: Side) -> str | None:
        """An id that this side has more than once."""
        found = self._run(f"SELECT id FROM {side} GROUP BY id HAVING count(*) > 1 LIMIT 1").fetchone()
        return str(found[0]) if found else None

    def alone(self, here: Side, there: Side) -> Iterator[State]:
        """What is on this side and not on that one, in this side's order."""
        statement = f"SELECT {_NAMES} FROM {here} h WHERE NOT EXISTS (SELECT 1 FROM {there} t WHERE t.id = h.id)"
        return map(State._make, self._run(f"{statement} ORDER BY h.rowid"))

    def newly_erased(self) -> Iterator[tuple[State, Erased, bool]]:
        """Posts of a of which b holds more versions erased than a does; and whether b still shows the post."""
        names = ", ".join(f"a.{name}" for name in State._fields)
        rows = self._run(
            f"SELECT {names}, n.id, n.at, n.cause, EXISTS (SELECT 1 FROM b WHERE b.id = n.id)"
            " FROM a CROSS JOIN erased_b n ON n.id = a.id LEFT JOIN erased_a o ON o.id = a.id"
            " WHERE n.versions > coalesce(o.versions, 0) ORDER BY a.rowid"
        )
        size = len(State._fields)
        for row in rows:
            yield State._make(row[:size]), Erased._make(row[size:-1]), bool(row[-1])

    def erased(self, side: Side, public_id: str) -> Erased | None:
        found = self._run(f"SELECT id, at, cause FROM erased_{side} WHERE id = ?", public_id).fetchone()
        return Erased._make(found) if found else None

    def differing(self) -> Iterator[tuple[State, State]]:
        """Posts of both sides that are not the same on both, in the order of b."""
        names = ", ".join(f"{side}.{name}" for side in ("a", "b") for name in State._fields)
        unlike = " OR ".join(f"a.{name} IS NOT b.{name}" for name in _COMPARED)
        rows = self._run(f"SELECT {names} FROM b CROSS JOIN a ON a.id = b.id WHERE {unlike} ORDER BY b.rowid")
        size = len(State._fields)
        for row in rows:
            yield State._make(row[:size]), State._make(row[size:])

    def put_lines(self, name: str, side: Side, lines: Iterable[tuple[str, bytes]]) -> None:
        """Rows of the table `name`: of which post, and what tells the row from others."""
        here = 1 if side == "a" else -1
        self._connection.executemany(
            "INSERT INTO line VALUES (?, ?, ?, ?)", ((name, public_id, mark, here) for public_id, mark in lines)
        )

    def unlike(self, name: str, most: int) -> tuple[int, int, list[str]]:
        """How many rows of that table are on one side alone: a's, b's, and of which posts (the first `most`)."""
        self._run("DROP TABLE IF EXISTS unlike")
        self._run(
            "CREATE TABLE unlike AS SELECT id, sum(here) AS balance FROM line WHERE name = ?"
            " GROUP BY id, mark HAVING sum(here) <> 0",
            name,
        )
        sums = "SELECT coalesce(sum(max(balance, 0)), 0), coalesce(sum(max(-balance, 0)), 0) FROM unlike"
        in_a, in_b = self._run(sums).fetchone()
        ids = self._run("SELECT DISTINCT id FROM unlike ORDER BY id LIMIT ?", most).fetchall()
        return in_a, in_b, [public_id for (public_id,) in ids]

    def note(self, kind: str, detail: bytes) -> None:
        """Keep what was found out, as the caller wrote it, to be told later."""
        self._run("INSERT INTO noted VALUES (?, ?)", kind, detail)

    def noted(self, kind: str, most: int = -1) -> Iterator[bytes]:
        for (detail,) in self._run("SELECT detail FROM noted WHERE kind = ? ORDER BY rowid LIMIT ?", kind, most):
            yield detail

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)


@contextmanager
def comparing() -> Iterator[Comparing]:
    """A room to compare in: a file without a name, which goes with the process however that ends."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.execute("BEGIN")
        yield Comparing(connection)
