"""What was answered lately, by name: so that asking again costs nothing while nothing has changed."""

import time
from collections import OrderedDict
from collections.abc import Hashable

_CLOCK_SECONDS = 5.0  # an answer that depends on the clock is taken as unchanged so long
_REMEMBERED = 2000  # answers


class Answered:
    """The ETags of the last answers, by question: each holds for one state of the archive."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, tuple[str, str, float]] = OrderedDict()

    def find(self, question: Hashable, state: str) -> str | None:
        of_state, etag, until = self._known.get(question, ("", "", 0.0))
        return etag if of_state == state and time.monotonic() < until else None

    def note(self, question: Hashable, state: str, etag: str, *, clocked: bool) -> None:
        until = time.monotonic() + _CLOCK_SECONDS if clocked else float("inf")
        self._known[question] = (state, etag, until)
        self._known.move_to_end(question)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def names(told: str, etag: str) -> bool:
    """Whether If-None-Match names this ETag, compared weakly as RFC 9110 has it for GET."""
    tags = [tag.strip().removeprefix("W/") for tag in told.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
