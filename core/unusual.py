"""What is usual in a day, told from the days before it: robustly, and cautiously where little is known.

Counts are taken as twice the root of the count (Anscombe's transform): there chance alone spreads them by one,
however many there are. The spread is that one at least, so that a quiet query does not cry at two posts; else what
the days themselves show: their median deviation, or the distance of their ninth decile, which also sees bursts on
one day in ten of a query that mostly has none. What is usual on this day of the week counts beside what is usual on
all. And what several of the days reached is not unusual: of days that are like each other, whatever they are like,
at most 7 in 100 lie above the upper bound by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LEAST_DAYS = 14  # looked at, below which nobody can say what is usual
_WIDTH = 4.0  # spreads from the middle that are still usual
_SIGMA = 1.4826  # times the median deviation is a standard deviation, and
_DECILE = 1.2816  # so many of these from the middle lies the ninth decile
_WEEK = 7
_TOLD_BY_WEEKDAY = 42  # days, from which the spread is that around what each day of the week has
_OF_DAYS = 28  # one more day may lie beyond the bounds for each so many


@dataclass(frozen=True, slots=True)
class Usual:
    """A day's posts: in the middle, in the middle of this day of the week (None: it was never looked at), and the
    bounds of what is usual; told from so many days."""

    usual: float
    of_weekday: float | None
    least: float
    most: float
    days: int


def usual(past: Sequence[int | None]) -> Usual | None:
    """`past` are posts by 24 hours, the newest first, None where nobody looked; None if these are too many."""
    days = sorted(count for count in past if count is not None)
    if len(days) < LEAST_DAYS:
        return None
    middle = float(median(days))
    levels = _levels([None if count is None else _scaled(count) for count in past], _scaled(middle))
    below, above = _spreads(past, levels if len(days) >= _TOLD_BY_WEEKDAY else [_scaled(middle)] * _WEEK)
    level, reached = levels[-1], len(days) // _OF_DAYS
    least, most = _count(min(level, _scaled(middle)) - _WIDTH * below), _count(level + _WIDTH * above)
    same = [count for count in past[_WEEK - 1 :: _WEEK] if count is not None]
    of_weekday = float(median(same)) if same else None
    return Usual(middle, of_weekday, min(least, days[reached]), max(most, days[-1 - reached]), len(days))


def _levels(past: Sequence[float | None], middle: float) -> list[float]:
    """What is usual on each day of the week, that of `past[0]` first: on all, or on it alone if that is more."""
    weekdays = ([count for count in past[n::_WEEK] if count is not None] for n in range(_WEEK))
    return [max(middle, median(counts)) if counts else middle for counts in weekdays]


def _spreads(past: Sequence[int | None], levels: Sequence[float]) -> tuple[float, float]:
    """Downwards and upwards, around the level of each day of the week."""
    far = sorted(_scaled(count) - levels[n % _WEEK] for n, count in enumerate(past) if count is not None)
    around = max(1.0, _SIGMA * median(map(abs, far)))
    decile = -(-len(far) // 10)
    return max(around, -far[decile - 1] / _DECILE), max(around, far[-decile] / _DECILE)


def _scaled(count: float) -> float:
    return float(2 * (count + 0.375) ** 0.5)


def _count(scaled: float) -> float:
    return max(0.0, max(scaled, 0.0) ** 2 / 4 - 0.375)
