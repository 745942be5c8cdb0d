"""One run as a page of Markdown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks import report
from benchmarks.searching.posts import LATE
from benchmarks.searching.rounds import Cell, p50, p95
from benchmarks.searching.running import FEWER, Found
from benchmarks.searching.targets import OURS, SAID_FOR, Target, targets
from benchmarks.searching.writing import PACE

_NONE = "–"
_SMALL = 1 << 16  # bytes: smaller tables are left out
_INTRODUCTION = """\
# Search, measured

`python -m benchmarks.searching run --markdown docs/benchmarks.md` writes this page: an archive of invented posts,
our pages and counts, and what a user would pick instead, asked in turn in one run. How each figure is taken stands
in [benchmarks](../benchmarks/README.md). Read the shares: times belong to this machine and this hour.
"""
_IN_THE_PROCESS = """
## In the process

Milliseconds, p50 / p95, everybody asked in turn. Pages are of 50 posts. "Again" is a question that was asked
before; topics alone and deep pages are too, every other one is new. For counts the bare statement counts the
matches, of histogram and facets twice. Datasette answers over HTTP; what takes it longer than it allows as it
comes is asked with its limits raised: {refused} shapes here.
"""
_SHARES = "\nHow many times as long as we the others take (above 1 we are quicker), and our first answer of all:\n"
_WRITER = f"""
## Beside a writer

Pages of all shapes in this process while another one writes nothing, {PACE} posts a second, or as fast as it can,
in turn.
"""
_HTTP = """
## Over HTTP

`kle up --role api` on the loopback, one process. Each client is a thread with a connection that is kept, on the
same cores. Refused is what was answered with 503: it took longer than the server allows, or too many asked at once.
"""
_FILLING = f"""
## Filling

As `kle import` does, without a model; one post in {LATE} late. Beside each slice the same words go into a bare
FTS5 index, sorted.
"""
_SIZES = "\n## Sizes\n"


def markdown(found: Found, machine: dict[str, Any]) -> str:
    parts = [_INTRODUCTION, _facts(found, machine), *_targets(found), *_in_the_process(found)]
    parts += [*_beside_a_writer(found), *_over_http(found)] if found.writer else []
    parts += [*_filling(found), *_sizes(found)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts).replace("\n\n\n", "\n\n")


def _facts(found: Found, machine: dict[str, Any]) -> str:
    named = (f"{name} {version}" for name, version in found.versions.items())
    missing = f" Not here: {', '.join(found.missing)}." if found.missing else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {found.posts:,} posts of ten years, seed {found.seed}; {', '.join(named)};"
        f" {machine['system']}, {machine['cores']} cores, load {machine['load']} when it began.{missing}"
    )


def _targets(found: Found) -> Iterator[str]:
    yield "## Targets"
    if found.posts != SAID_FOR:
        yield f"They are said for {SAID_FOR:,} posts; this run has {found.posts:,}."
    yield report.lines(
        ("target", "bound", "measured", "met", "by processor time", ""), map(_target, targets(found))
    )


def _target(target: Target) -> tuple[str, ...]:
    bound = f"{'≥' if target.at_least else '≤'} {target.bound:g} {target.unit}"
    busy = "" if target.busy is None else report.number(target.busy)
    return (
        target.what,
        bound,
        report.number(target.measured),
        "yes" if target.met else "**no**",
        busy,
        target.remark,
    )


def _in_the_process(found: Found) -> Iterator[str]:
    names = list(next(iter(found.cells.values())))
    yield _IN_THE_PROCESS.format(refused=found.refused)
    rows = [(shape, *(_cell(cells[name]) for name in names)) for shape, cells in found.cells.items()]
    yield report.lines(("query", *names), rows)
    yield _SHARES
    others = [name for name in names if name != OURS]
    shares = [
        (
            shape,
            *(report.number(cells[name].times(cells[OURS])) for name in others),
            report.milliseconds(cells[OURS].first),
        )
        for shape, cells in found.cells.items()
    ]
    yield report.lines(("query", *others, "first, ms"), shares)


def _beside_a_writer(found: Found) -> Iterator[str]:
    yield _WRITER
    rows = [(mode, f"{r.written / r.seconds:,.0f}", *_quantiles(r.pages)) for mode, r in found.writer.items()]
    yield report.lines(("writer", "posts/s written", "p50, ms", "p95, ms"), rows)


def _over_http(found: Found) -> Iterator[str]:
    served = found.served
    yield _HTTP
    alone = [(name, *_quantiles(seconds), str(served.refused[name])) for name, seconds in served.alone.items()]
    yield report.lines(("query, one client", "p50, ms", "p95, ms", "refused"), alone)
    rows = [
        (str(n), f"{served.rate[n]:,.0f}", *_quantiles(seconds), str(served.refused[str(n)]))
        for n, seconds in served.clients.items()
    ]
    yield report.lines(("clients, pages of all shapes", "pages/s", "p50, ms", "p95, ms", "refused"), rows)
    held = ", ".join(f"{when} {report.size(memory['now'])}" for when, memory in served.memory.items() if memory)
    yield f"Memory of the server: {held or 'not told by this system'}."


def _filling(found: Found) -> Iterator[str]:
    spent = found.spent
    yield _FILLING
    rows = [
        ("posts taken in", f"{spent.posts / spent.ingested:,.0f}"),
        ("their words into the bare index", f"{spent.posts / spent.bare:,.0f}"),
        ("versions tagged, a decision on each of 12 topics", f"{spent.versions / spent.tagged:,.0f}"),
    ]
    yield report.lines(("what", "a second"), rows)
    first, last = (spent.slices[n][0] for n in (0, -1))
    yield f"The first slice came in at {first:,.0f} posts a second, the last at {last:,.0f}."


def _sizes(found: Found) -> Iterator[str]:
    yield _SIZES
    large = {name: size for name, size in found.tables.items() if size >= _SMALL}
    rows = [(name, report.size(size), f"{size / found.posts:,.0f}") for name, size in large.items()]
    yield report.lines(("table, with its indexes", "size", "bytes a post"), rows)
    files = ", ".join(f"{name} {report.size(size)}" for name, size in found.files.items())
    yield f"Files: {files}. The archive beside has {found.posts // FEWER:,} posts."
    yield f"The process that asked, with all but the servers in it, took {report.size(found.peak)} at most."


def _cell(cell: Cell) -> str:
    return " / ".join(_quantiles(list(cell.rounds.values())))


def _quantiles(seconds: Sequence[float]) -> tuple[str, str]:
    return (report.milliseconds(p50(seconds)), report.milliseconds(p95(seconds))) if seconds else (_NONE, _NONE)
