"""How one look at a source ended."""

from dataclasses import dataclass
from typing import Literal

Ending = Literal["ok", "empty", "not_modified", "rate_limited", "over_budget", "failed"]
GOOD: tuple[Ending, ...] = ("ok", "empty", "not_modified")  # somebody looked, whatever was there
PAUSED: tuple[Ending, ...] = ("over_budget",)  # as it was meant to be: no failure, and no look either


@dataclass(slots=True)
class Outcome:
    """`ending` as in DESIGN's word "run"; `retry_after` in seconds where the server named one.

    `error` beside a good ending is what went wrong aside: posts that could not be asked for again, say. `hint` is
    how long a server says that what it sent stays as it is, in seconds.
    """

    ending: Ending = "empty"
    posts: int = 0
    posts_new: int = 0
    posts_changed: int = 0
    problems: int = 0
    error: str | None = None
    retry_after: float | None = None
    hint: float = 0.0
