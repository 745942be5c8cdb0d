"""One run, told in order: archives, contenders, questions in turn, a writer beside, HTTP, sizes."""

import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks import memory
from benchmarks.searching import building, datasettes, loading, plain, rounds, shapes, sizes, tantivies
from benchmarks.searching.bare import Bare
from benchmarks.searching.building import Spent
from benchmarks.searching.loading import Reading, Served
from benchmarks.searching.ours import Ours
from benchmarks.searching.plain import Plain
from benchmarks.searching.rounds import Cells, Runner
from benchmarks.searching.tantivies import Tantivy
from core.errors import KleError

_FEWEST = 1000  # posts
FEWER = 5  # times as many posts as in the archive beside, for how a page's time grows
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Screen:
    """`now` is told what is being done, `line` what stays on the screen."""

    now: Told
    line: Told


@dataclass(frozen=True, slots=True)
class Asked:
    """`budget`: seconds of one contender on one shape; `pages`: of each shape, in each block beside a writer;
    `requests`: of each shape over HTTP. `alone`: neither of these two, which need a copy of the archive."""

    posts: int
    seed: int
    folder: Path
    rounds: int
    budget: float
    pages: int
    requests: int
    alone: bool = False


@dataclass(slots=True)
class Found:
    posts: int
    seed: int
    spent: Spent
    cells: Cells = field(default_factory=dict)
    writer: dict[str, Reading] = field(default_factory=dict)
    served: Served = field(default_factory=Served)
    tables: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    peak: int = 0  # bytes of this process after all questions, contenders within it included
    versions: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    refused: int = 0  # shapes that Datasette answers only with longer limits

    @property
    def smaller(self) -> str:
        return beside(self.posts)


def beside(posts: int) -> str:
    """The name of the archive beside."""
    return f"kle at {posts // FEWER:,}"


def run(asked: Asked, screen: Screen) -> Found:
    """Raises KleError for so few posts that no page is full, and where two answers differ."""
    if asked.posts < _FEWEST:
        raise KleError(f"{asked.posts} posts fill no page of each query: ask for {_FEWEST:,} or more")
    archive, spent = building.cached(asked.folder, asked.seed, asked.posts, _progress(screen.now, asked.posts))
    fewer = asked.posts // FEWER
    smaller, _ = building.cached(asked.folder, asked.seed, fewer, _progress(screen.now, fewer))
    found = Found(asked.posts, asked.seed, spent)
    found.versions = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as logs:
        _ask_everybody(asked, archive, smaller, Path(logs), screen, found)
    if not asked.alone:
        _read_in_company(asked, archive, screen, found)
    screen.now("sizes")
    found.tables = sizes.by_table(archive)
    found.files |= {"kle": sizes.of(archive)}
    return found


def _progress(told: Told, posts: int) -> building.Told:
    return lambda done: told(f"an archive of {posts:,} posts, {done:,} are in")


def _ask_everybody(asked: Asked, archive: Path, smaller: Path, logs: Path, screen: Screen, found: Found) -> None:
    with ExitStack() as stack:
        bare, less = (stack.enter_context(closing(Bare(file))) for file in (archive, smaller))
        ours = shapes.shapes(bare.connection, asked.posts)
        theirs = shapes.shapes(less.connection, asked.posts // FEWER)
        runners = [
            Runner(stack.enter_context(closing(Ours(archive))), ours),
            Runner(stack.enter_context(closing(Ours(smaller, found.smaller))), theirs, compared=False),
            Runner(bare, ours),
        ]
        others = list(_others(archive, logs, screen, found))
        runners += [Runner(stack.enter_context(closing(other)), ours) for other in others]
        found.cells = rounds.measured(runners, asked.rounds, asked.budget, screen.now, screen.line)
        found.peak = memory.peak()
        found.refused = sum(len(other.refused) for other in others if isinstance(other, datasettes.Datasette))


def _others(
    archive: Path, logs: Path, screen: Screen, found: Found
) -> Iterator[Plain | Tantivy | datasettes.Datasette]:
    """Those that are installed; what they need is made where it is not there yet."""
    screen.now("the plain table")
    table = plain.fill(archive, archive.with_suffix(".plain.sqlite"))
    found.files[Plain.name] = sizes.of(table)
    yield Plain(table)
    for module, name in ((tantivies, "tantivy"), (datasettes, "Datasette")):
        if not module.is_there():
            found.missing.append(name)
        else:
            found.versions[name] = version(module.NEEDS)
    if tantivies.is_there():
        screen.now("tantivy's index")
        index = tantivies.fill(table, archive.with_suffix(".tantivy"))
        found.files[Tantivy.name] = sizes.of(index)
        yield Tantivy(index)
    if datasettes.is_there():
        screen.now("Datasette starts")
        yield datasettes.Datasette(table, logs)


def _read_in_company(asked: Asked, archive: Path, screen: Screen, found: Found) -> None:
    """On a copy, which writers may change and the server may open."""
    with _copy(archive, screen.now) as file:
        with closing(Bare(file)) as bare:
            all_shapes = shapes.shapes(bare.connection, asked.posts)
        screen.now("HTTP")
        found.served = loading.over_http(file, file.parent, all_shapes, asked.requests)
        screen.now("beside a writer")
        found.writer = loading.beside_a_writer(file, _pages(all_shapes), asked.pages)


def _pages(all_shapes: Sequence[shapes.Shape]) -> list[shapes.Shape]:
    return [shape for shape in all_shapes if shape.tasks == shapes.PAGE]


@contextmanager
def _copy(archive: Path, told: Told) -> Iterator[Path]:
    told("a copy for the writer")
    with tempfile.TemporaryDirectory(prefix="copy-", dir=archive.parent) as folder:
        copy = Path(folder) / "kle.sqlite"
        shutil.copyfile(archive, copy)
        os.sync()  # what was copied is not still being written while others are timed
        yield copy
