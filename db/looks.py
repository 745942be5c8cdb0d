"""The looks of every source in memory, some 30 bytes each: what coverage is told from.

A source that is read every quarter of an hour has 35,000 looks a year, and every answer to a search says whether
anybody looked: read from the rows each time, that took longer than any search.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, or_, select
from sqlmodel import Session

from core import times
from core.outcome import GOOD
from db.models import Run
from db.types import micros, numbered
from db.upsert import among, is_sqlite, table

LOOKS = "looks"  # under this name sessions that read have their process's `Looks`
OPEN, GOOD_LOOK, NO_LOOK = 0, 1, 2  # still under way or cut off; good; anything else
_MISSED = 2  # looks in a row that make a gap
_SLACK = 60_000_000  # microseconds
_LATE = 200  # numbers of runs that PostgreSQL may show later than higher ones: writers commit in any order
_run = table(Run)
Numbers = NDArray[np.int64]
Span = tuple[int, int]  # microseconds since 1970


@dataclass(frozen=True, slots=True)
class History:
    """The looks of one source in the order of their beginning; times in microseconds since 1970."""

    id: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    start: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    end: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    state: Numbers = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.id)

    def only(self, chosen: Any) -> "History":
        return History(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def known(self, moment: datetime | None) -> "History":
        """As it was at that moment: what had not ended was under way."""
        if moment is None:
            return self
        state = np.where(self.end <= times.micros(moment), self.state, OPEN)
        return History(self.id, self.start, self.end, state)

    def merged(self, newer: "History") -> "History":
        """With these looks, which count where both have one."""
        kept = self.only(~np.isin(self.id, newer.id))
        joined = History(*(np.concatenate([getattr(kept, f.name), getattr(newer, f.name)]) for f in fields(self)))
        return joined.only(np.lexsort((joined.id, joined.start)))


class Looks:
    """Follows the rows of runs: new ones, and those that were under way. Histories are never written to."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_source: dict[int, History] = {}
        self._open: set[int] = set()
        self._last = 0

    def of(self, session: Session) -> dict[int, History]:
        """By source, as this session sees them."""
        with self._lock:
            self._follow(session)
            return dict(self._by_source)

    def _follow(self, session: Session) -> None:
        late = 0 if is_sqlite(session) else _LATE
        new = _run.c.id > self._last - late
        for source_id, read in _read(session, or_(new, among(session, _run.c.id, self._open))):
            self._by_source[source_id] = self._by_source.get(source_id, History()).merged(read)
            self._open -= set(read.id.tolist())
            self._open |= set(read.id[read.state == OPEN].tolist())
            self._last = max(self._last, int(read.id.max()))


def histories(session: Session) -> dict[int, History]:
    """By source. A session without its process's `Looks` reads all of them."""
    looks: Looks = session.info.get(LOOKS) or Looks()
    return looks.of(session)


def gaps(history: History, since: int, until: int, every_seconds: int, most: int) -> list[Span]:
    """Spans without a good look, clipped to the range; at most so many, the newest first."""
    allowed = every_seconds * _MISSED * 1_000_000 + _SLACK
    good = history.start[history.state == GOOD_LOOK]
    # from the last look before the range to the first one behind it
    before, after = np.searchsorted(good, since, "right") - 1, np.searchsorted(good, until)
    between = good[max(before, 0) : after + 1]
    wide = np.flatnonzero(np.diff(between) > allowed)[::-1]
    spans = [(int(between[i]), int(between[i + 1])) for i in wide[: most + 1]]
    if after == len(good) and len(between) and until - between[-1] > allowed:
        spans.insert(0, (int(between[-1]), until))
    if before < 0:
        spans.append((since, int(between[0]) if len(between) else until))
    clipped = [(max(a, since), min(b, until)) for a, b in spans]
    return [(a, b) for a, b in clipped[:most] if a < b]


def errors(session: Session, run_ids: Sequence[int]) -> dict[int, str]:
    """What went wrong in these runs."""
    columns = _run.c.id, func.coalesce(_run.c.error, _run.c.outcome)
    rows = session.execute(select(*columns).where(among(session, _run.c.id, run_ids))) if run_ids else ()
    return {row[0]: row[1] for row in rows}


def _read(session: Session, which: Any) -> list[tuple[int, History]]:
    state = case((_run.c.outcome.is_(None), OPEN), (_run.c.outcome.in_(GOOD), GOOD_LOOK), else_=NO_LOOK)
    sqlite = is_sqlite(session)
    moments = numbered(_run.c.started_at, sqlite), numbered(_run.c.finished_at, sqlite)
    columns = _run.c.source_id, _run.c.id, *moments, state
    rows = session.execute(select(*columns).where(which)).all()
    if not rows:
        return []
    source, *said = zip(*rows, strict=True)
    owner, number = np.array(source, np.int64), np.array(said[0], np.int64)
    whole = History(number, micros(said[1]), micros(said[2]), np.array(said[3], np.int64))
    return [(int(one), whole.only(owner == one)) for one in np.unique(owner)]
