"""One run as JSON: every figure that the page shows, and those that it is made of."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.searching.loading import Reading, Served
from benchmarks.searching.rounds import Cell, p50, p95
from benchmarks.searching.running import Found
from benchmarks.searching.targets import targets


def as_json(found: Found, machine: dict[str, Any]) -> dict[str, Any]:
    """Seconds and bytes."""
    return {
        "machine": machine,
        "versions": found.versions,
        "posts": found.posts,
        "seed": found.seed,
        "missing": found.missing,
        "targets": [{**asdict(target), "met": target.met} for target in targets(found)],
        "shapes": {
            shape: {name: _cell(cell) for name, cell in cells.items()} for shape, cells in found.cells.items()
        },
        "beside_a_writer": {mode: _reading(reading) for mode, reading in found.writer.items()},
        "served": _served(found.served),
        "tables": found.tables,
        "files": found.files,
        "peak": found.peak,
        "filling": found.spent.as_json(),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    busy = p50(list(cell.busy.values()))
    return {"first": cell.first, **_quantiles(list(cell.rounds.values())), "busy": busy, "rounds": len(cell.rounds)}


def _reading(reading: Reading) -> dict[str, float]:
    return {**_quantiles(reading.pages), "posts_per_second": reading.written / reading.seconds}


def _served(served: Served) -> dict[str, Any]:
    return {
        "alone": {name: _quantiles(seconds) for name, seconds in served.alone.items()},
        "clients": {str(number): _quantiles(seconds) for number, seconds in served.clients.items()},
        "pages_per_second": {str(number): rate for number, rate in served.rate.items()},
        "memory": served.memory,
        "refused": served.refused,
    }


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    return {"p50": p50(seconds), "p95": p95(seconds)} if seconds else {}
