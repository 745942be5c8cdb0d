"""Was anybody looking while a query had no posts? The looks at the sources that show its posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlmodel import Session

from core import times
from db import following, hits, looks
from db.columns import HOUR
from db.looks import GOOD_LOOK, History, Numbers, Span
from db.models import IMPORT, Source
from db.query import PostQuery
from db.upsert import table

_ASKED = 50  # newest posts that are asked which source saw them
_MOST_GAPS = 1000
_source = table(Source)


@dataclass(frozen=True, slots=True)
class Watched:
    """Times in microseconds since 1970. `looks` are the beginnings of each source's good looks, in order; `gaps`
    are the spans in which one of them was looked at too rarely, from its first look on, the oldest first."""

    looks: tuple[Numbers, ...]
    gaps: tuple[Span, ...]

    @property
    def since(self) -> int | None:
        """The first look."""
        return min((int(one[0]) for one in self.looks if len(one)), default=None)

    def at(self, moment: int) -> "Watched":
        """As far as it had come then."""
        cut = tuple(one[: np.searchsorted(one, moment, "right")] for one in self.looks)
        return Watched(cut, tuple((a, min(b, moment)) for a, b in self.gaps if a < moment))

    def times(self, after: int) -> int:
        """How many looks there were after it."""
        return sum(len(one) - int(np.searchsorted(one, after, "right")) for one in self.looks)

    @property
    def last(self) -> int | None:
        """Until when all sources were looked at; None where one never was."""
        return min((int(one[-1]) if len(one) else None for one in self.looks), key=lambda at: at or 0, default=None)

    def days(self, now: datetime, count: int) -> list[bool]:
        """Whether there was a look, by 24 hours back from `now`, the newest first."""
        end = times.micros(now)
        edges = [end - n * 24 * HOUR for n in range(count + 1)]
        seen = [-np.diff(np.searchsorted(one, edges, "right")) for one in self.looks]
        return [bool(day) for day in np.sum(seen, axis=0)] if seen else [False] * count


def watched(session: Session, query: PostQuery, now: datetime) -> Watched:
    """By the sources that saw its newest posts; where none did, by all that could show them."""
    keys = hits.newest(session, hits.between(query, None, now), _ASKED)
    showing = following.showing(session, query, keys)
    rows = session.execute(select(_source).where(_source.c.name != IMPORT).order_by(_source.c.id))
    every = looks.histories(session)
    chosen = [(row, every.get(row.id, History())) for row in rows if _counts(row, every, showing)]
    gaps = [gap for row, history in chosen for gap in _gaps(history, row.every_seconds, times.micros(now))]
    return Watched(tuple(_good(history) for _, history in chosen), tuple(sorted(gaps))).at(times.micros(now))


def _counts(source: Any, every: dict[int, History], showing: set[int] | None) -> bool:
    """Where nobody can say which sources show it, those that are looked at."""
    return source.id in showing if showing is not None else source.enabled and source.id in every


def _good(history: History) -> Numbers:
    return history.only(history.state == GOOD_LOOK).start


def _gaps(history: History, every_seconds: int, until: int) -> Sequence[Span]:
    good = _good(history)
    begin = int(good[0]) if len(good) else 0
    return looks.gaps(history, begin, until, every_seconds, _MOST_GAPS)
