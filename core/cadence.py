"""When an alert speaks: at once, hourly, or daily at a time of a place; and the hours in which it is quiet.

Pure: everything follows from the moment at which there was something to say. Places are those of the IANA time zone
database; where clocks go forward over a time of day, it is the moment that they show after it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadRequest

Kind = Literal["at_once", "hourly", "daily"]
_FORMS = "at_once, hourly, or daily 07:00 Europe/Berlin"
_DAILY = re.compile(r"daily\s+(?P<at>\S+)(?:\s+(?P<zone>\S+))?")
_QUIET = re.compile(r"(?P<start>\S+?)\s*[-–]\s*(?P<end>\S+)(?:\s+(?P<zone>\S+))?")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOUR = timedelta(hours=1)
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Cadence:
    """`at` and `zone` are of a daily one."""

    kind: Kind
    at: time = time(0)
    zone: ZoneInfo = UTC_ZONE

    @classmethod
    def parse(cls, said: str) -> "Cadence":
        """Raises BadRequest."""
        words = said.strip()
        if words in ("at_once", "hourly"):
            return cls(words)  # type: ignore[arg-type]
        daily = _DAILY.fullmatch(words)
        if not daily:
            raise BadRequest(f"cadence {said!r} is none; write {_FORMS}", parameter="cadence")
        return cls("daily", _clock(daily["at"], "cadence"), _zone(daily["zone"], "cadence"))

    def __str__(self) -> str:
        return self.kind if self.kind != "daily" else f"daily {self.at:%H:%M} {self.zone.key}"

    def due(self, moment: datetime) -> datetime:
        """When what there is to say since `moment` is said: then, at the next full hour, or at its time of day."""
        if self.kind == "at_once":
            return moment
        if self.kind == "hourly":
            return moment.replace(minute=0, second=0, microsecond=0) + _HOUR
        today = moment.astimezone(self.zone).date()
        days = (datetime.combine(today + timedelta(days=n), self.at, self.zone) for n in range(3))
        return next(day for day in (d.astimezone(UTC) for d in days) if day > moment)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which nothing is said; over midnight where the end is before the start."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, said: str) -> "Quiet":
        """22:00-07:00 Europe/Berlin. Raises BadRequest."""
        hours = _QUIET.fullmatch(said.strip())
        if not hours:
            raise BadRequest(f"quiet {said!r} are no hours; write 22:00-07:00 Europe/Berlin", parameter="quiet")
        start, end = (_clock(hours[name], "quiet") for name in ("start", "end"))
        if start == end:
            raise BadRequest(f"quiet {said!r} begin when they end; leave them out to be told at any time",
                             parameter="quiet")  # fmt: skip
        return cls(start, end, _zone(hours["zone"], "quiet"))

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone.key}"

    def after(self, moment: datetime) -> datetime:
        """`moment`, or where it is quiet then, the end of that."""
        local = moment.astimezone(self.zone)
        clock, over_midnight = local.time().replace(fold=0), self.end < self.start
        late, early = clock >= self.start, clock < self.end
        if not ((late or early) if over_midnight else (late and early)):
            return moment
        day = local.date() + timedelta(days=1 if over_midnight and late else 0)
        return max(moment, datetime.combine(day, self.end, self.zone).astimezone(UTC))


@dataclass(frozen=True, slots=True)
class When:
    """A cadence, and the hours in which nothing is said."""

    cadence: Cadence
    quiet: Quiet | None = None

    @classmethod
    def parse(cls, cadence: str, quiet: str | None) -> "When":
        """Raises BadRequest."""
        return cls(Cadence.parse(cadence), Quiet.parse(quiet) if quiet else None)

    def due(self, moment: datetime) -> datetime:
        """When is told what there is to tell since then."""
        at = self.cadence.due(moment)
        return self.quiet.after(at) if self.quiet else at


def _clock(said: str, parameter: str) -> time:
    found = _CLOCK.fullmatch(said)
    if not found:
        raise BadRequest(f"{said!r} is no time of day; write 07:00", parameter=parameter)
    return time(int(found[1]), int(found[2]))


def _zone(said: str | None, parameter: str) -> ZoneInfo:
    try:
        return ZoneInfo(said or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRequest(f"{said!r} is no time zone; write one such as Europe/Berlin or Asia/Baghdad",
                         parameter=parameter) from None  # fmt: skip
