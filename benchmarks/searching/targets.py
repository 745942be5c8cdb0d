"""What the search is held to, each target against what one run measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from statistics import median

from benchmarks.searching.bare import Bare
from benchmarks.searching.plain import Plain
from benchmarks.searching.rounds import Cell, Cells, p95
from benchmarks.searching.running import Found
from benchmarks.searching.shapes import BOTH
from benchmarks.searching.writing import FULL, IDLE, PACED

OURS = "kle"
SAID_FOR = 1_000_000  # posts
FIRST, DEEP, RARE = "word in 30 %", "deep page", "rare word"


@dataclass(frozen=True, slots=True)
class Target:
    """`bound` is the most that may be measured, or with `at_least` the least. `busy` is the same by processor time,
    where both sides ran in this process."""

    what: str
    bound: float
    measured: float
    remark: str = ""
    busy: float | None = None
    at_least: bool = False
    unit: str = "times"

    @property
    def met(self) -> bool:
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def targets(found: Found) -> Iterator[Target]:
    pages = {name: cells for name, cells in found.cells.items() if _is_page(name)}
    yield _against("a page, against the bare statement", 5, pages, Bare.name)
    worst, shape = _worst({name: cells[OURS].p95 * 1000 for name, cells in pages.items()})
    yield Target("a page in the process, p95", 10, worst, shape, unit="ms")
    if found.served.alone:
        worst, shape = _worst({name: _p95_or_never(found.served.alone[name]) * 1000 for name in pages})
        yield Target("a page over HTTP, one client, p95", 25, worst, shape, unit="ms")
    yield _quicker("a common word, quicker than the plain join", 100, pages[FIRST])
    yield _quicker("a rare word, quicker than the plain join", 1, pages[RARE])
    yield _against("a page, against one of a fifth of the posts", 1.3, pages, found.smaller)
    deep, first = pages[DEEP][OURS], pages[FIRST][OURS]
    yield Target("a deep page, against the first", 2, deep.times(first), busy=deep.busy_times(first))
    yield _counts(found)
    if found.writer:
        yield _beside_a_writer(found)
    share = median(ours / bare for ours, bare in found.spent.slices)
    yield Target("ingestion, against a sorted insert into the bare index", 0.4, share, at_least=True)


def _against(what: str, bound: float, pages: Cells, other: str) -> Target:
    worst, shape = _worst({name: cells[OURS].times(cells[other]) for name, cells in pages.items()})
    busy, _ = _worst({name: cells[OURS].busy_times(cells[other]) for name, cells in pages.items()})
    return Target(what, bound, worst, shape, busy)


def _quicker(what: str, bound: float, cells: dict[str, Cell]) -> Target:
    ours, plain = cells[OURS], cells[Plain.name]
    return Target(what, bound, plain.times(ours), busy=plain.busy_times(ours), at_least=True)


def _p95_or_never(seconds: list[float]) -> float:
    """Infinite where the server refused every time."""
    return p95(seconds) if seconds else inf


def _is_page(name: str) -> bool:
    return not any(name.startswith(counted) for counted in ("total", "histogram", "facets"))


def _worst(found: dict[str, float]) -> tuple[float, str]:
    shape = max(found, key=lambda name: found[name])
    return found[shape], f"worst: {shape}; in the middle {median(found.values()):.3g}"


def _counts(found: Found) -> Target:
    """Both of one question, each time a new one; the bare count is made once for each, and once is enough."""
    ours, bare = found.cells[BOTH][OURS], found.cells[BOTH][Bare.name]
    shares = 2 * ours.times(bare), 2 * ours.busy_times(bare)
    return Target("all facets and the histogram, against the bare count", 5, shares[0], busy=shares[1])


def _beside_a_writer(found: Found) -> Target:
    paced, full = _rate(found, PACED), _rate(found, FULL)
    remark = f"at {paced:,.0f} posts/s; at full speed, {full:,.0f} posts/s, {_share(found, FULL):.2g}"
    return Target("readers' p95 beside a paced writer, against idle", 1.5, _share(found, PACED), remark)


def _rate(found: Found, mode: str) -> float:
    return found.writer[mode].written / found.writer[mode].seconds


def _share(found: Found, mode: str) -> float:
    return p95(found.writer[mode].pages) / p95(found.writer[IDLE].pages)
