"""How far apart two posts were published, no more exactly than their times are known.

A date alone is a day of some zone between UTC+14 and UTC-12. Where not even that is known, a post was out by the
time at which it was first seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

_EAST, _WEST = timedelta(hours=14), timedelta(hours=12)  # the zones furthest from UTC
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Published:
    """Between these moments; `earliest` is None where nothing tells it."""

    earliest: datetime | None
    latest: datetime

    @classmethod
    def of(cls, created_at: datetime, precision: str) -> "Published":
        if precision == "second":
            return cls(created_at, created_at)
        if precision == "day":
            return cls(created_at - _EAST, created_at + _DAY + _WEST)
        return cls(None, created_at)

    def surely_before(self, other: "Published") -> bool:
        return other.earliest is not None and self.latest < other.earliest


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds; `exact` where both times are known to the second, and then all three are the same."""

    exact: float | None
    at_least: float | None
    at_most: float | None

    @classmethod
    def between(cls, first: Published, other: Published, after: bool = False) -> "Lag":
        """From `first` to `other`, which may have come before it unless it is known to come `after`."""
        least = _seconds(other.earliest, first.latest)
        most = _seconds(other.latest, first.earliest)
        if after:
            least = max(least or 0, 0)
            most = None if most is None else max(most, 0)
        return cls(least if least == most else None, least, most)


NO_LAG = Lag(0, 0, 0)


def _seconds(later: datetime | None, sooner: datetime | None) -> float | None:
    if later is None or sooner is None:
        return None
    seconds = (later - sooner).total_seconds()
    return int(seconds) if seconds.is_integer() else round(seconds, 3)
