"""One run as a section of docs/benchmarks.md, and as JSON."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks import report
from benchmarks.alerting import arriving, matching
from benchmarks.alerting.contenders import Ours
from benchmarks.alerting.queries import MIX
from benchmarks.searching.rounds import Cell, p50, p95

_WIDTH = 116
MATCHED_WITHIN, SENT_WITHIN, GATHERED_WITHIN = 0.1, 5.0, 30.0  # seconds: what alerts are held to
_INTRODUCTION = """\
# Alerts, measured

`python -m benchmarks.alerting --markdown docs/benchmarks.md` writes this section. How each figure is taken stands
in [benchmarks](../benchmarks/README.md). Read the shares: times belong to this machine and this hour.
"""
_MATCHING = """
## Many alerts against new posts

{alerts:,} alerts, batches of {batch} new posts, {pairs:,.0f} matches a batch; an archive of {posts:,} posts lies
below. All found the same matches in each round. Milliseconds a batch, everybody asked in turn; how many times as
long as we it took (above 1 we are quicker), on the clock and by processor time.
"""
_START = """
Until they stand in a process that has just begun, milliseconds; its memory grew by {grown} meanwhile.
"""
_ARRIVING = """
## From archived to delivered

{alerts:,} alerts, each with a receiver of its own at the loopback; `kle up` in one process, {rate:g} posts a second
for {seconds} seconds, then {burst} at once. Seconds from the commit of the archive to the receiver's clock.
Gathered is what came in a message of a flood: behind three messages within a minute the next waits for 20 seconds.
With a model a post is told when it was read, so the last one of a burst waits until the model has read them all.
"""
_COUNTED = """
Of {told:,} posts told to a subscriber, {twice} came twice, {never} never, {wrong} to one who should not have heard;
{again} messages came again under their key ({model}; the process took {memory} at most).
"""


@dataclass(frozen=True, slots=True)
class Found:
    """`grown` in bytes; arrivals by the name of the model."""

    matched: matching.Found
    grown: int
    arrived: Mapping[str, arriving.Found]


def markdown(found: Found, machine: dict[str, Any]) -> str:
    parts = [_INTRODUCTION, _facts(machine), *_targets(found), *_matching(found), *_arriving(found)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts).replace("\n\n\n", "\n\n")


def _facts(machine: dict[str, Any]) -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: Python {machine['python']}, SQLite {machine['sqlite']};"
        f" {machine['system']}, {machine['cores']} cores, load {machine['load']} when it began."
    )


def targets(found: Found) -> Iterator[tuple[str, float, float]]:
    """What, within how many seconds, and in how many it was."""
    cell = found.matched.cells[Ours.name]
    yield "a batch matched, on one core", MATCHED_WITHIN, p50(list(cell.busy.values()))
    for model, one in found.arrived.items():
        if one.pace.usual:
            yield (
                f"at a pace, from archived to delivered, those not gathered, p95, {_called(model)}",
                SENT_WITHIN,
                p95(one.pace.usual),
            )
        if one.burst.all:
            yield f"a burst, the last post delivered, {_called(model)}", GATHERED_WITHIN, max(one.burst.all)


def _targets(found: Found) -> Iterator[str]:
    yield "\n## Targets of alerts\n"
    rows = [
        (what, f"≤ {bound:g} s", f"{took:.3g} s", "yes" if took <= bound else "**no**")
        for what, bound, took in targets(found)
    ]
    yield report.lines(("target", "bound", "measured", "met"), rows)


def _matching(found: Found) -> Iterator[str]:
    one = found.matched
    asked = one.asked
    yield _MATCHING.format(alerts=asked.alerts, batch=asked.batch, posts=asked.posts, pairs=median(one.pairs))
    ours = one.cells[Ours.name]
    rows = [(name, *_row(cell, ours)) for name, cell in one.cells.items()]
    yield report.lines(("who", "p50", "p95", "processor", "clock", "processor, times", "rounds"), rows)
    if one.missing:
        yield f"Not installed, and so not asked: {', '.join(one.missing)}."
    yield _START.format(grown=report.size(found.grown))
    yield report.lines(("start", "ms"), [(what, report.milliseconds(took)) for what, took in one.starts.items()])
    mix = "; ".join(f"{weight} {what}" for weight, what, _ in MIX)
    yield "\n" + textwrap.fill(f"Of 100 alerts ask for: {mix}.", _WIDTH) + "\n"


def _called(model: str) -> str:
    return "no model" if model == "none" else f"{model} model"


def _row(cell: Cell, ours: Cell) -> tuple[str, ...]:
    busy = p50(list(cell.busy.values()))
    return (
        report.milliseconds(cell.p50), report.milliseconds(cell.p95), report.milliseconds(busy),
        report.number(cell.times(ours)), report.number(cell.busy_times(ours)), f"{len(cell.rounds)}",
    )  # fmt: skip


def _arriving(found: Found) -> Iterator[str]:
    if not found.arrived:
        return
    asked = next(iter(found.arrived.values())).asked
    yield _ARRIVING.format(alerts=asked.alerts, rate=asked.rate, seconds=asked.seconds, burst=asked.burst)
    rows = [
        (f"{what}, {_called(model)}", f"{len(waits):,}", *(f"{of(waits):.2f}" for of in (p50, p95, max)))
        for model, one in found.arrived.items()
        for what, waits in _waits(one)
        if waits
    ]
    yield report.lines(("posts told", "how many", "p50", "p95", "longest"), rows)
    for model, one in found.arrived.items():
        said = {name: getattr(one, name) for name in ("told", "twice", "never", "wrong", "again")}
        yield _COUNTED.format(**said, model=_called(model), memory=report.size(one.memory.get("most", 0)))


def _waits(one: arriving.Found) -> Iterator[tuple[str, list[float]]]:
    yield "at a pace", one.pace.usual
    yield "at a pace, gathered", one.pace.gathered
    yield "in a burst", one.burst.usual
    yield "in a burst, gathered", one.burst.gathered


def as_json(found: Found, machine: dict[str, Any]) -> dict[str, Any]:
    """Seconds and bytes."""
    one = found.matched
    return {
        "machine": machine,
        "targets": [{"what": what, "bound": bound, "measured": took} for what, bound, took in targets(found)],
        "matching": {name: {"p50": c.p50, "p95": c.p95, "busy": p50(list(c.busy.values())), "rounds": len(c.rounds)}
                     for name, c in one.cells.items()},
        "pairs": one.pairs,
        "missing": one.missing,
        "starts": one.starts,
        "grown": found.grown,
        "arriving": {model: _told(told) for model, told in found.arrived.items()},
    }  # fmt: skip


def _told(one: arriving.Found) -> dict[str, Any]:
    waits = {what: {"count": len(w), "p50": p50(w), "p95": p95(w), "most": max(w)} for what, w in _waits(one) if w}
    counts = {name: getattr(one, name) for name in ("messages", "told", "twice", "never", "wrong", "again")}
    return {**counts, "waits": waits, "memory": one.memory}
