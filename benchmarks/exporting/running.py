"""All contenders in turn, format by format, and what they wrote held against what we wrote.

A contender whose rows are others than ours ends the run: a benchmark of wrong files is worth nothing. What was
compared is thrown away at once, since an archive of a million posts fills gigabytes in each format.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.exporting import checking, runs, streamed
from benchmarks.exporting.contenders import ALL, DUMP, FORMATS, OURS, PREPARED, Contender
from benchmarks.exporting.runs import Run
from benchmarks.searching import building
from core.errors import KleError
from exports import tables

_BLOCK = 1 << 24
Said = Callable[[str], None]
Runs = dict[str, Run]  # by contender


@dataclass(frozen=True, slots=True)
class Asked:
    """`sizes` of archives, in posts; `spot` rows of each table are compared, None: all."""

    sizes: tuple[int, ...]
    seed: int
    cache: Path
    formats: tuple[str, ...] = FORMATS
    spot: int | None = None


@dataclass(slots=True)
class Found:
    """By size, format and contender."""

    asked: Asked
    missing: list[str]
    sizes: dict[int, dict[str, Runs]] = field(default_factory=dict)


def run(asked: Asked, said: Said) -> Found:
    there = [one for one in ALL if not one.missing]
    found = Found(asked, sorted({name for one in ALL for name in one.missing}))
    for size in asked.sizes:
        archive, _ = building.cached(asked.cache, asked.seed, size, lambda done: said(f"{done:,} posts"))
        with _folder(asked.cache / "exporting") as folder:
            found.sizes[size] = _Round(asked, archive, folder, said).all(there)
    return found


@contextmanager
def _folder(place: Path) -> Iterator[Path]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place)


@dataclass(frozen=True, slots=True)
class _Round:
    asked: Asked
    archive: Path
    folder: Path
    said: Said

    def all(self, there: list[Contender]) -> dict[str, Runs]:
        """Parquet of the dump is kept until the end: somebody reads it."""
        found: dict[str, Runs] = {}
        for format_ in sorted(self.asked.formats, key=lambda name: name != "parquet"):
            _warm(self.archive)
            found[format_] = dict(self._format(format_, [one for one in there if format_ in one.formats]))
        return {name: found[name] for name in self.asked.formats}

    def _format(self, format_: str, contenders: list[Contender]) -> Iterator[tuple[str, Run]]:
        ours: Path | None = None
        for one in contenders:
            out = self.folder / f"{one.name}-{format_}"
            self.said(f"{one.name}: {format_}")
            done = self._one(one, out, format_)
            yield one.name, done
            if one is OURS:
                ours = out
            elif ours and one.whole:
                self._compare(ours, out, format_, one.tables)
            if one is not OURS and not (one is DUMP and format_ == "parquet"):
                shutil.rmtree(out)
        if ours:
            shutil.rmtree(ours)

    def _one(self, one: Contender, out: Path, format_: str) -> Run:
        source = self._source(one)
        if not one.release:
            out.mkdir()  # a release makes its own
        seconds, cpu, peak = runs.write(one.name, source, out, format_)
        self.said(f"{one.name}: {format_}, counting")
        rows = {table: checking.count(out / f"{table}.{format_}") for table in one.tables}
        size = sum(file.stat().st_size for file in out.iterdir())
        if one.reads == PREPARED:
            shutil.rmtree(source)
        return Run(seconds, cpu, peak, rows, size)

    def _source(self, one: Contender) -> Path:
        if one.reads == DUMP.name:
            made = self.folder / f"{DUMP.name}-parquet"
            if not made.exists():
                made.mkdir()
                runs.write(DUMP.name, self.archive, made, "parquet")
            return made
        if one.reads == PREPARED:
            made = self.folder / PREPARED
            made.mkdir()
            streamed.prepare(self.archive, made)
            return made
        return self.archive

    def _compare(self, ours: Path, theirs: Path, format_: str, names: tuple[str, ...]) -> None:
        known = tables.every(building.TOPICS)
        for name in names:
            files = [folder / f"{name}.{format_}" for folder in (ours, theirs)]
            self.said(f"{theirs.name}: comparing {name}")
            found = [checking.count(file) for file in files]
            if found[0] != found[1]:
                raise KleError(f"{theirs.name} has {found[1]:,} rows of {name}, and we have {found[0]:,}")
            checking.compare(files[0], files[1], known[name], self.asked.spot)


def _warm(file: Path) -> None:
    """Into the system's cache, so that whoever comes first does not pay for all."""
    with file.open("rb") as content:
        while content.read(_BLOCK):
            pass


@dataclass(frozen=True, slots=True)
class Times:
    """How many times as long as the ADBC dump: on the clock, and by processor time, the steadier one."""

    seconds: float
    cpu: float


def times(found: Mapping[str, Run], name: str) -> Times | None:
    """None where there was no dump, or not of the same rows."""
    if DUMP.name not in found or found[name].total != found[DUMP.name].total:
        return None
    one, dump = found[name], found[DUMP.name]
    return Times(one.seconds / dump.seconds, one.cpu / dump.cpu)
