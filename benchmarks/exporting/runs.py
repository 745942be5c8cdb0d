"""One contender writes one format, in a process of its own: how long, with how much memory and processor time.

Run as a program it is that process. Its peak is its own (`memory.peak`): what a parent is told of a child begins
with the peak of the parent.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from benchmarks import memory
from benchmarks.exporting import contenders
from core.errors import KleError

_ROOT = Path(__file__).parents[2]  # the package is not installed


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds on the clock and of processors, bytes of memory at most, rows by table, bytes of all files."""

    seconds: float
    cpu: float
    peak: int
    rows: Mapping[str, int]
    size: int

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def write(name: str, source: Path, out: Path, format_: str) -> tuple[float, float, int]:
    """Seconds, processor seconds, and bytes of memory at most, of a process that begins with nothing loaded."""
    command = [sys.executable, "-m", __spec__.name, name, str(source), str(out), format_]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=_ROOT)  # noqa: S603
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise KleError(f"{name} could not write {format_}: {done.stderr.strip()[-1000:]}")
    cpu, peak = orjson.loads(done.stdout)
    return seconds, cpu, peak


def _measured(name: str, source: str, out: str, format_: str) -> tuple[float, int]:
    contender = next(one for one in contenders.ALL if one.name == name)
    with redirect_stdout(sys.stderr):
        beside = contender.write(Path(source), Path(out), format_)
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent), max(memory.peak(), beside or 0)


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(_measured(*sys.argv[1:])))
