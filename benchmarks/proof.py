"""python -m benchmarks.proof: what versions, ledger, exhibits and captures cost a post, in time and in bytes.

Against the bare insert of the same posts; part by part, measured on the archive as it is made. How to read it
stands in benchmarks/README.md.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from benchmarks import contenders, report
from benchmarks.drafts import SEEN_AT
from benchmarks.job import Job, job
from collector.intake import Intake
from db import archive, captures, ledger, search, seen, sources
from db.database import Database
from db.models import Post
from db.proof.verify import verify
from db.upsert import table

_KIND = "mastodon"
_EDITED = 3  # every third post, for the cost of a further version
# part -> the tables it fills, and the function that does; what no part names is the post itself and its whereabouts
PARTS: dict[str, tuple[tuple[str, ...], tuple[Any, str]]] = {
    "captures": (("capture", "blob"), (captures, "store")),
    "versions": (("version",), (archive, "_add_versions")),
    "exhibits": (("exhibit",), (seen, "_exhibit")),
    "ledger": (("ledger",), (ledger, "append")),
    "full text": (("post_text", "index_entry", "moved"), (search, "add")),
}
REST = "the rest"
PROVING = ("captures", "versions", "exhibits", "ledger")
Figures = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    facts = report.machine()
    made = job(_KIND, asked.posts)
    with Console(stderr=True).status(f"{asked.posts} posts, {asked.rounds} rounds"):
        rounds = [_round(made) for _ in range(asked.rounds)]
    found = {name: median(r[name] for r in rounds) for name in rounds[0]}
    console = Console()
    for each in _tables(found):
        console.print(each)
    console.print(_verified(found))
    console.print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if asked.json:
        said = {"machine": facts, "posts": asked.posts, "median": found, "rounds": rounds}
        asked.json.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


def _round(made: Job) -> Figures:
    """Seconds and bytes a post, all in one folder and one after the other."""
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as name:
        folder = Path(name)
        found: Figures = {}
        for bare in (contenders.plain, contenders.searched):
            (key, seconds), *_ = bare(made, folder).items()
            found |= {f"seconds {key}": seconds / made.count}
            found |= {f"bytes {key}": sum(_bytes(folder / f"{key}.sqlite").values()) / made.count}
        return found | _archived(made, folder / contenders.ARCHIVE)


def _archived(made: Job, file: Path) -> Figures:
    with closing(Database(f"sqlite:///{file}")) as database:
        database.migrate()
        empty = _by_part(_bytes(file))
        source = contenders.a_source(database, _KIND)
        seconds = _taken(database, source, made)
        full = _by_part(_bytes(file))
        found = {f"seconds {part}": s / made.count for part, s in seconds.items()}
        found |= {f"bytes {part}": (full[part] - empty[part]) / made.count for part in full}
        found["seconds archive"] = sum(seconds.values()) / made.count
        found["bytes archive"] = sum(full[p] - empty[p] for p in full) / made.count
        return found | _edited(database, source, made, file) | _walked(database)


def _taken(database: Database, source: Any, made: Job) -> dict[str, float]:
    """Seconds of each part; one that calls another is counted without it."""
    with database.write() as session:
        run_id = sources.start_run(session, source.id, SEEN_AT)
    intake = Intake(database, source, run_id, clock=lambda: SEEN_AT)
    parsed = [list(made.kind.parse(page)) for page in made.pages]
    reading = _read_already(made, parsed)
    with _timing() as spent:
        begun = time.perf_counter()
        for page in made.pages:
            intake.take(page, reading)
        total = time.perf_counter() - begun
    return {**spent, REST: total - sum(spent.values())}


def _read_already(made: Job, parsed: list[list[Any]]) -> Any:
    """The kind, which has read these pages already: reading is no part of what is compared."""
    left = iter(parsed)
    return type("Read", (), {"parse": staticmethod(lambda page: iter(next(left))), "hint": made.kind.hint})


@contextmanager
def _timing() -> Iterator[dict[str, float]]:
    """Seconds spent in each part's function while this is entered."""
    spent = dict.fromkeys(PARTS, 0.0)
    inside: list[str] = []

    def timed(part: str, does: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            inside.append(part)
            try:
                return does(*arguments, **named)
            finally:
                seconds = time.perf_counter() - begun
                inside.pop()
                spent[part] += seconds
                if inside:
                    spent[inside[-1]] -= seconds

        return call

    with ExitStack() as stack:
        for part, (_, (module, name)) in PARTS.items():
            stack.enter_context(patch.object(module, name, timed(part, getattr(module, name))))
        yield spent


def _edited(database: Database, source: Any, made: Job, file: Path) -> Figures:
    """What a further version of a post costs: a text of the same length."""
    before = _bytes(file)
    edited = [replace(post, text=post.text[1:] + ".") for post in list(_all(made))[::_EDITED]]
    begun = time.perf_counter()
    for start in range(0, len(edited), archive.MOST):
        with database.write() as session:
            run_id = sources.start_run(session, source.id, SEEN_AT)
            archive.archive(session, source, run_id, edited[start : start + archive.MOST], None, SEEN_AT)
    seconds = time.perf_counter() - begun
    after = _bytes(file)
    grown = sum(after[name] - before.get(name, 0) for name in after if name in ("version", "ledger"))
    return {"seconds edit": seconds / len(edited), "bytes edit": grown / len(edited)}


def _all(made: Job) -> Iterator[Any]:
    for page in made.posts:
        yield from page


def _walked(database: Database) -> Figures:
    with database.read() as session:
        posts = session.execute(select(func.count()).select_from(table(Post))).scalar_one()
        begun = time.perf_counter()
        found = verify(session)
        seconds = time.perf_counter() - begun
    assert found["ok"], found["first_problem"]
    return {"seconds verify": seconds / posts, "lines": found["ledger_lines"] / posts}


def _bytes(file: Path) -> dict[str, int]:
    """Table -> bytes of its pages and those of its indexes; a full-text table is one."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        owners = dict(connection.execute("SELECT name, tbl_name FROM sqlite_schema"))
        virtual = [n for (n,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'")]  # fmt: skip
        found: dict[str, int] = {}
        for name, size in connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
            owner = owners.get(name, name)
            owner = next((v for v in virtual if owner.startswith(v)), owner)
            found[owner] = found.get(owner, 0) + size
        return found


def _by_part(found: Mapping[str, int]) -> dict[str, int]:
    sizes = {part: sum(found.get(name, 0) for name in tables) for part, (tables, _) in PARTS.items()}
    return {**sizes, REST: sum(found.values()) - sum(sizes.values())}


def _tables(found: Figures) -> Iterator[Table]:
    made = Table(title="A post in the archive, part by part")
    for name in ("part", "bytes", "% of the bytes", "microseconds", "% of the time"):
        made.add_column(name, justify="left" if name == "part" else "right")
    for part in (*PARTS, REST, "archive"):
        size, seconds = found[f"bytes {part}"], found[f"seconds {part}"]
        shares = size / found["bytes archive"], seconds / found["seconds archive"]
        made.add_row(part, f"{size:,.0f}", f"{shares[0]:.0%}", f"{seconds * 1e6:,.0f}", f"{shares[1]:.0%}")
    yield made
    against = Table(title="Against the bare insert")
    for name in ("", "bytes", "archive / it", "microseconds", "archive / it"):
        against.add_column(name, justify="left" if not name else "right")
    proof = {unit: sum(found[f"{unit} {part}"] for part in PROVING) for unit in ("bytes", "seconds")}
    without = {f"{unit} without": found[f"{unit} archive"] - proof[unit] for unit in proof}
    rows = {"one table": "plain", "one table with FTS5": "searched", "archive without its proof": "without"}
    for title, key in rows.items():
        size, seconds = ({**found, **without}[f"{unit} {key}"] for unit in proof)
        ratios = found["bytes archive"] / size, found["seconds archive"] / seconds
        against.add_row(title, f"{size:,.0f}", f"{ratios[0]:.1f}", f"{seconds * 1e6:,.0f}", f"{ratios[1]:.1f}")
    yield against


def _verified(found: Figures) -> str:
    slower = found["seconds archive"] / found["seconds verify"]
    return (
        f"A further version: {found['bytes edit']:,.0f} bytes with its line, {found['seconds edit'] * 1e6:,.0f}"
        f" microseconds. kle verify: {1 / found['seconds verify']:,.0f} posts a second ({found['lines']:.2f} lines"
        f" a post), {slower:.1f} times as fast as archiving them."
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.proof", description=__doc__)
    parser.add_argument("--posts", type=report.count, default=4000, help="how many (%(default)s)")
    parser.add_argument("--rounds", type=report.count, default=3, help="of which the median counts (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
