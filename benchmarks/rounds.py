"""Several rounds of all contenders in turn, so that a slow minute of the machine meets each of them."""

import gc
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import ARCHIVE, CONTENDERS, Seconds
from benchmarks.job import Job

# posts a second of the first, as a share of that of the second
RATIOS = (("archived", "parsed"), ("archived", "plain"), ("archived", "searched"), ("archived", "script"))


@dataclass(frozen=True, slots=True)
class Result:
    """`rounds` holds each round's seconds; ratios are taken within a round, and their median counts."""

    job: Job
    rounds: list[Seconds]

    def speed(self, name: str) -> float:
        """Posts a second."""
        return self.job.count / median(seconds[name] for seconds in self.rounds)

    def ratio(self, ours: str, theirs: str) -> float:
        return share(self.rounds, ours, theirs)

    def as_json(self) -> dict[str, Any]:
        return {
            "posts": self.job.count,
            "pages": len(self.job.pages),
            "bytes": self.job.size,
            "posts_per_second": {name: round(self.speed(name)) for name in self.rounds[0]},
            "ratios": {f"{a}/{b}": round(self.ratio(a, b), 4) for a, b in RATIOS},
            "seconds": self.rounds,
        }


def share(rounds: Sequence[Mapping[Any, float]], ours: Any, theirs: Any) -> float:
    """The speed of `ours` as a share of that of `theirs`: taken within each round, and the median of that."""
    return median(seconds[theirs] / seconds[ours] for seconds in rounds)


def run(job: Job, rounds: int, archive: Path) -> Result:
    """`archive` is an empty one."""
    return Result(job, [_round(job, archive) for _ in range(rounds)])


def _round(job: Job, archive: Path) -> Seconds:
    """`script` is what has to be written instead: parse, insert, full text."""
    found: Seconds = {}
    with tempfile.TemporaryDirectory(prefix="kle-bench-") as name:
        shutil.copy(archive, Path(name) / ARCHIVE)
        gc.collect()  # of what the round before left
        for contender in CONTENDERS:
            found |= contender(job, Path(name))
    return {**found, "script": found["parsed"] + found["searched"]}
