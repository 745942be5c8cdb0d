"""One run as a section of docs/benchmarks.md, and as JSON."""

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks import report
from benchmarks.exporting.contenders import ALL, DUMP, NARROW, OURS
from benchmarks.exporting.running import Found, Runs, times
from benchmarks.exporting.runs import Run

_WIDTH = 116
TIMES, PEAK = 3.0, 300e6  # what a release is held to: of the time of the dump, and bytes
_INTRODUCTION = """\
# Releases, measured

`python -m benchmarks.exporting --markdown docs/benchmarks.md` writes this section. How each figure is taken stands
in [benchmarks](../benchmarks/README.md). Read the shares: times belong to this machine and this hour.
"""
_FORMAT = """
## {posts:,} posts as {format}

{rows:,} rows in six tables. Rows are those of all tables that a contender writes; times are those of the ADBC dump
that it took, on the clock and by processor time (above 1: longer). Memory is the peak of its process.
"""
_WHO = """
Who writes what: {who}. Everybody's rows were counted, and the first ones compared cell by cell with ours.
"""


def markdown(found: Found, machine: dict[str, Any]) -> str:
    parts = [_INTRODUCTION, _facts(found, machine), *_targets(found), *_sizes(found), _who(found)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts).replace("\n\n\n", "\n\n")


def _facts(found: Found, machine: dict[str, Any]) -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: seed {found.asked.seed}; Python {machine['python']}, SQLite"
        f" {machine['sqlite']};\n{machine['system']}, {machine['cores']} cores, load {machine['load']} at first"
    )


def targets(found: Found) -> Iterator[tuple[str, float, float]]:
    """What, its bound and what was measured: times of the dump by processor time, or bytes."""
    for size, formats in found.sizes.items():
        for format_, runs in formats.items():
            if (took := times(runs, OURS.name)) is not None:
                yield f"{size:,} posts as {format_}, times of the ADBC dump", TIMES, took.cpu
            yield f"{size:,} posts as {format_}, bytes of memory", PEAK, runs[OURS.name].peak


def _targets(found: Found) -> Iterator[str]:
    yield "\n## Targets of releases\n"
    rows = [
        (what, f"≤ {_figure(bound, bound)}", _figure(got, bound), "yes" if got <= bound else "**no**")
        for what, bound, got in targets(found)
    ]
    yield report.lines(("target", "bound", "measured", "met"), rows)


def _figure(value: float, bound: float) -> str:
    return report.size(value) if bound == PEAK else f"{value:.3g}"


def _sizes(found: Found) -> Iterator[str]:
    for size, formats in found.sizes.items():
        for format_, runs in formats.items():
            yield _FORMAT.format(posts=size, format=format_, rows=runs[OURS.name].total)
            yield _table(runs)
    if found.missing:
        yield f"\nNot installed, and so not asked: {', '.join(found.missing)}.\n"


def _table(runs: Runs) -> str:
    head = (
        "who",
        "seconds",
        "processor, s",
        "rows",
        "rows a second",
        "times",
        "processor, times",
        "memory",
        "files",
    )
    return report.lines(head, [(name, *_row(run), *_times(runs, name), *_bytes(run)) for name, run in runs.items()])


def _row(run: Run) -> tuple[str, ...]:
    return f"{run.seconds:,.1f}", f"{run.cpu:,.1f}", f"{run.total:,}", f"{run.total / run.seconds:,.0f}"


def _times(runs: Runs, name: str) -> tuple[str, str]:
    took = times(runs, name)
    return (f"{took.seconds:.2f}", f"{took.cpu:.2f}") if took else ("", "")


def _bytes(run: Run) -> tuple[str, str]:
    return report.size(run.peak), report.size(run.size)


def _who(found: Found) -> str:
    there = {name for formats in found.sizes.values() for runs in formats.values() for name in runs}
    said = "; ".join(f"{one.name}: {one.what}" for one in ALL if one.name in there)
    return textwrap.fill(_WHO.format(who=said).strip(), _WIDTH)


def as_json(found: Found, machine: dict[str, Any]) -> dict[str, Any]:
    """Seconds and bytes; by size, format and contender."""
    return {
        "machine": machine,
        "seed": found.asked.seed,
        "narrow": NARROW,
        "against": DUMP.name,
        "missing": found.missing,
        "targets": [{"what": what, "bound": bound, "measured": got} for what, bound, got in targets(found)],
        "sizes": {
            str(size): {name: {who: run.as_json() for who, run in runs.items()} for name, runs in formats.items()}
            for size, formats in found.sizes.items()
        },
    }
