"""What a filter that is no token of the index asks of posts that are still to come, as alerts wait for them. Of
posts that are there SQL tells the same (`db.then`)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Test = Callable[[Any, float], Any]  # (probability, bound), of columns and of numbers alike


@dataclass(frozen=True, slots=True)
class Scored:
    """A tag in force on this topic whose probability passes; `rising`: all above a bound do."""

    topic: str
    test: Test
    bound: float
    rising: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """So many likes and so on at least; of a post that nobody counted it is not known."""

    name: str
    least: int


@dataclass(frozen=True, slots=True)
class Published:
    """At `moment` or later, or before it."""

    moment: datetime
    before: bool
