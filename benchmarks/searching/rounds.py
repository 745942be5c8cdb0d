"""All contenders asked in turn, question by question, so that a slow minute of the machine meets each of them.

The first answer of each shape is kept apart: it warms what can be warmed. Who is slow is asked less often. Answers
are compared as they come: where two disagree the run ends, for a benchmark of wrong answers is worth nothing.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from benchmarks.searching.contender import Contender, agree
from benchmarks.searching.shapes import Shape
from core.errors import KleError

LEAST = 5  # rounds in which everybody is asked, however slow


@dataclass(slots=True)
class Cell:
    """Seconds of one contender with one shape, by round; in `busy` those in which its thread had a processor, which
    are the steadier ones on a busy machine. `first` is before the rounds."""

    first: float = 0
    rounds: dict[int, float] = field(default_factory=dict)
    busy: dict[int, float] = field(default_factory=dict)

    @property
    def p50(self) -> float:
        return p50(list(self.rounds.values()))

    @property
    def p95(self) -> float:
        return p95(list(self.rounds.values()))

    def times(self, other: "Cell") -> float:
        """How many times as long as the other: within each round, and the median of that."""
        return times(self.rounds, other.rounds)

    def busy_times(self, other: "Cell") -> float:
        """The same of the processor's time."""
        return times(self.busy, other.busy)


def times(ours: Mapping[int, float], theirs: Mapping[int, float]) -> float:
    return median(ours[n] / theirs[n] for n in ours.keys() & theirs.keys())


def p50(seconds: Sequence[float]) -> float:
    return median(seconds)


def p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20, method="inclusive")[18] if len(seconds) > 1 else seconds[0]


@dataclass(frozen=True, slots=True)
class Runner:
    """A contender with the shapes of the archive that it has; if `compared`, its answers have to be the first's."""

    contender: Contender
    shapes: tuple[Shape, ...]
    compared: bool = True


Cells = dict[str, dict[str, Cell]]  # by shape, by contender


def measured(
    runners: Sequence[Runner],
    rounds: int,
    budget: float,
    begun: Callable[[str], None] = lambda name: None,
    done: Callable[[str], None] = lambda line: None,
) -> Cells:
    """`budget`: seconds of a contender on a shape, after which it is asked no more. The first runner is ours.

    `begun` is called with each shape's name, `done` with what was measured of it.
    """
    found: Cells = {}
    for place, shape in enumerate(runners[0].shapes):
        begun(shape.name)
        cells = {runner.contender.name: Cell() for runner in runners}
        gc.collect()
        for number in range(rounds + 1):
            _round(runners, place, number, cells, budget)
        found[shape.name] = cells
        done(f"{shape.name}: " + ", ".join(f"{name} {1000 * cell.p50:,.2f} ms" for name, cell in cells.items()))
    return found


def _round(runners: Sequence[Runner], place: int, number: int, cells: dict[str, Cell], budget: float) -> None:
    answers = []
    for runner in runners:
        shape, cell = runner.shapes[place], cells[runner.contender.name]
        if number > LEAST and sum(cell.rounds.values()) > budget:
            continue
        question = shape.question(number)
        begun, busy = time.perf_counter(), time.thread_time()
        answer = [runner.contender.ask(task, question) for task in shape.tasks]
        seconds, busy = time.perf_counter() - begun, time.thread_time() - busy
        if number:
            cell.rounds[number], cell.busy[number] = seconds, busy
        else:
            cell.first = seconds
        if runner.compared:
            answers.append((runner, answer))
    if answers and answers[0][0] is runners[0] and number <= len(runners[0].shapes[place].questions):
        _compare(answers, runners[0].shapes[place], number)


def _compare(answers: Sequence[tuple[Runner, list[Any]]], shape: Shape, number: int) -> None:
    (first, ours), *others = answers
    for place, task in enumerate(shape.tasks):
        said = first.contender.told(task, ours[place])
        for runner, answer in others:
            if not runner.contender.can(task):
                continue
            theirs = runner.contender.told(task, answer[place])
            if not agree(task, said, theirs):
                raise KleError(
                    f"{shape.name}: {first.contender.name} and {runner.contender.name} disagree on"
                    f" {shape.question(number)}: {str(said)[:300]} against {str(theirs)[:300]}"
                )
