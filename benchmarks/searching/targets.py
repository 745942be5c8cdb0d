"""What the search is held to, each target against what one run measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.searching.bare import Bare
from benchmarks.searching.plain import Plain
from benchmarks.searching.rounds import p95
from benchmarks.searching.running import Found
from benchmarks.searching.writing import FULL, IDLE, PACED

OURS = "kle"
SAID_FOR = 1_000_000  # posts
FIRST, DEEP, RARE = "word in 30 %", "deep page", "rare word"


@dataclass(frozen=True, slots=True)
class Target:
    """`bound` is the most that may be measured, or with `at_least` the least."""

    what: str
    bound: float
    measured: float
    remark: str = ""
    at_least: bool = False
    unit: str = "times"

    @property
    def met(self) -> bool:
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def targets(found: Found) -> Iterator[Target]:
    pages = {name: cells for name, cells in found.cells.items() if _is_page(name)}
    worst, shape = _worst({name: cells[OURS].times(cells[Bare.name]) for name, cells in pages.items()})
    yield Target("a page, against the bare statement", 5, worst, shape)
    worst, shape = _worst({name: cells[OURS].p95 * 1000 for name, cells in pages.items()})
    yield Target("a page in the process, p95", 10, worst, shape, unit="ms")
    if found.served.alone:
        worst, shape = _worst({name: p95(found.served.alone[name]) * 1000 for name in pages})
        yield Target("a page over HTTP, one client, p95", 25, worst, shape, unit="ms")
    plainly = pages[FIRST]
    yield Target("a common word, quicker than the plain join", 100, plainly[Plain.name].times(plainly[OURS]),
                 at_least=True)  # fmt: skip
    rare = pages[RARE]
    yield Target("a rare word, quicker than the plain join", 1, rare[Plain.name].times(rare[OURS]), at_least=True)
    worst, shape = _worst({name: cells[OURS].times(cells[found.smaller]) for name, cells in pages.items()})
    yield Target("a page, against one of a fifth of the posts", 1.3, worst, shape)
    yield Target("a deep page, against the first", 2, pages[DEEP][OURS].times(pages[FIRST][OURS]))
    yield Target("all facets and the histogram, against the bare count", 5, _counts(found))
    if found.writer:
        yield _beside_a_writer(found)
    share = median(ours / bare for ours, bare in found.spent.slices)
    yield Target("ingestion, against a sorted insert into the bare index", 0.4, share, at_least=True)


def _is_page(name: str) -> bool:
    return not any(name.startswith(counted) for counted in ("total", "histogram", "facets"))


def _worst(found: dict[str, float]) -> tuple[float, str]:
    shape = max(found, key=lambda name: found[name])
    return found[shape], f"worst: {shape}; in the middle {median(found.values()):.3g}"


def _counts(found: Found) -> float:
    """Both together, each time a new question, within a round."""
    shapes = [found.cells["histogram"], found.cells["facets"]]
    ours = [cells[OURS].rounds for cells in shapes]
    bare = [cells[Bare.name].rounds for cells in shapes]
    both = set.intersection(*(set(some) for some in (*ours, *bare)))
    return median(2 * sum(o[n] for o in ours) / sum(b[n] for b in bare) for n in both)


def _beside_a_writer(found: Found) -> Target:
    paced, full = _rate(found, PACED), _rate(found, FULL)
    paced, full = _rate(found, PACED), _rate(found, FULL)
    remark = f"at {paced:,.0f} posts/s; at full speed, {full:,.0f} posts/s, {_share(found, FULL):.2g}"
    return Target("readers' p95 beside a paced writer, against idle", 1.5, _share(found, PACED), remark)


def _rate(found: Found, mode: str) -> float:
    return found.writer[mode].written / found.writer[mode].seconds


def _share(found: Found, mode: str) -> float:
    return p95(found.writer[mode].pages) / p95(found.writer[IDLE].pages)
