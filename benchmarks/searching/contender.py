"""What everybody who is measured offers, and the form in which answers are compared."""

from collections.abc import Iterable
from typing import Any, Protocol

from benchmarks.searching.shapes import Question

Counts = dict[str, int]


class Contender(Protocol):
    """`ask` is what is timed; `told` brings its answer into a form in which all of them can be compared:

    of a page the ids in their order, of a total a number (or the least that it is), of a histogram counts by day,
    of facets counts by field and value. What is done instead of a task that one cannot do (`can`) is not compared.
    """

    name: str

    def ask(self, task: str, question: Question) -> Any: ...
    def told(self, task: str, answer: Any) -> Any: ...
    def can(self, task: str) -> bool: ...
    def close(self) -> None: ...


_NAMED = 50  # values of a facet that ours names
FACETS = ("topic", "account", "actor", "platform", "lang", "kind")


def agree(task: str, ours: Any, theirs: Any) -> bool:
    """Ours names the most frequent values of a facet, and of a large total the least that it is."""
    match task:
        case "total":
            return bool(ours["at_least"] <= theirs if isinstance(ours, dict) else ours == theirs)
        case "facets":
            return all(_agree(ours[field], theirs[field]) for field in FACETS if field in theirs)
    return bool(ours == theirs)


def _agree(ours: Counts, theirs: Counts) -> bool:
    least = min(ours.values(), default=0)
    named = all(value in ours for value, count in theirs.items() if count > least)
    enough = len(ours) >= min(len(theirs), _NAMED)
    return named and enough and all(theirs.get(value) == count for value, count in ours.items())


def days(rows: Iterable[tuple[str, int]]) -> Counts:
    """Without empty ones, by the date."""
    return {start[:10]: count for start, count in rows if count}
