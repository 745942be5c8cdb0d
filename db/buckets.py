"""Buckets of time, all in UTC; weeks begin on Monday."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from core import times
from core.errors import BadRequest
from db.columns import HOUR

MOST = 100_000
INTERVALS = ("hour", "day", "week", "month")
_DAY, _MONDAY = 24, 4 * 24  # hours: 1 January 1970 was a Thursday, 5 January a Monday


def check(interval: str) -> None:
    """Raises BadRequest for one that is none."""
    if interval not in INTERVALS:
        raise BadRequest(f"interval={interval} is not one of {', '.join(INTERVALS)}", parameter="interval")


def starts(first: int, last: int, interval: str) -> Any:
    """The hour (since 1970) at which each bucket begins, from that of `first` to that of `last`, and one more.

    Raises BadRequest for an interval that is too fine for the range.
    """
    if interval == "month":
        months = np.array([first, last], "M8[h]").astype("M8[M]").astype(np.int64)
        numbers = np.arange(months[0], months[1] + 2)
        return _not_too_many(numbers, interval).astype("M8[M]").astype("M8[h]").astype(np.int64)
    width, begins = {"hour": (1, 0), "day": (_DAY, 0), "week": (7 * _DAY, _MONDAY)}[interval]
    numbers = np.arange((first - begins) // width, (last - begins) // width + 2)
    return _not_too_many(numbers, interval) * width + begins


def _not_too_many(numbers: Any, interval: str) -> Any:
    if len(numbers) - 2 > MOST:
        raise BadRequest(f"interval={interval} gives more than {MOST} buckets: narrow since and until, or take a "
                         "wider interval", parameter="interval")  # fmt: skip
    return numbers


def texts(hours: Any) -> list[str]:
    """As `core.times.text` writes them."""
    return [f"{text}:00:00Z" for text in np.datetime_as_string(hours.astype("M8[h]")).tolist()]


def hour(text: str) -> int:
    """Of "2025-08-18 14", as `db.then` has it."""
    return times.micros(datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC)) // HOUR
