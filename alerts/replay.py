"""What a rule would have said in the days before: judged at each moment at which it could have changed its mind.

Told from the archive as it is now. What was found late counts from when it was published, what was deleted or
erased since counts as it does today, and looks are those that are known.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlmodel import Session

from alerts import judging
from alerts.judging import Judged
from core import times
from core.alert import Rule
from db import hits, watched
from db.looks import Numbers
from db.query import PostQuery
from db.watched import Watched

NOTE = (
    "By the archive as it is now: posts count from when they were published, though some were found later; what "
    "was deleted or erased since counts as it does today."
)
_HOUR = timedelta(hours=1)
Moment = tuple[datetime, Judged]


def spoken(session: Session, rule: Rule, query: PostQuery, first: datetime, now: datetime) -> list[Moment]:
    """When this rule would have spoken from `first` on, and what it would have said. Raises QueryError."""
    looked = None if rule.kind == "more_than" else watched.watched(session, query, now)
    at = hits.moments(session, hits.between(query, first - _before(rule), now))
    return [(moment, found) for moment, found in _replayed(rule, at, looked, first, now) if found.explained]


def _before(rule: Rule) -> timedelta:
    """How far back from a moment the rule looks."""
    if rule.within:
        return rule.within
    return judging.YEAR if rule.kind == "silence" else judging.DAY * (judging.PAST_DAYS + 1)


def _replayed(rule: Rule, at: Numbers, looked: Watched | None, first: datetime, now: datetime) -> Iterator[Moment]:
    if rule.within is not None and rule.count is not None:
        return _more_than(rule.count, rule.within, at, first)
    assert looked is not None
    return _unusual(at, looked, first, now) if rule.kind == "unusual" else _silence(at, looked, first, now)


def _more_than(most: int, within: timedelta, at: Numbers, first: datetime) -> Iterator[Moment]:
    """It gets above with a post, if those before it that are still in the span were not."""
    span = times.micros(first + within) - times.micros(first)
    moments, behind = np.unique(at), np.searchsorted(at, np.unique(at), "right")
    starts = np.searchsorted(at, moments - span, "right")
    still = np.searchsorted(at, moments) - np.searchsorted(at, moments - span)  # the moment before
    crossing = (behind - starts > most) & (still <= most) & (moments >= times.micros(first))
    for n in np.flatnonzero(crossing):
        moment = times.of_micros(int(moments[n]))
        yield moment, judging.more_than({}, at[starts[n] : behind[n]], most, within, moment)


def _unusual(at: Numbers, looked: Watched, first: datetime, now: datetime) -> Iterator[Moment]:
    """Hour by hour."""
    state: dict[str, Any] = {}
    for n in range((now - first) // _HOUR + 1):
        moment = first + n * _HOUR
        found = judging.unusual(state, at, looked.at(times.micros(moment)), moment)
        state = state if found.state is None else found.state
        yield moment, found


def _silence(at: Numbers, looked: Watched, first: datetime, now: datetime) -> Iterator[Moment]:
    """Only in pauses that are longer than the ones before them: when its sources were looked at for so long."""
    year = judging.YEAR // timedelta(microseconds=1)
    ends = np.append(at[1:], times.micros(now))
    for n in _longer(at, ends, looked):
        last, end = int(at[n]), int(ends[n])
        past = at[np.searchsorted(at, last - year) : n + 1]
        known = judging.pauses(past, looked.at(last).gaps)
        if known and end > times.micros(first) and end - last > known.bound:
            yield from _first_silent(past, looked, known.bound, end, first)


def _longer(at: Numbers, ends: Numbers, looked: Watched) -> list[int]:
    """After which posts it took longer than in each of the pauses before that would be asked for at least."""
    kept = np.flatnonzero(judging.watched_pauses(at, looked.gaps))
    before = np.searchsorted(kept, np.arange(len(at))) - judging.LEAST_PAUSES
    if len(kept) < judging.LEAST_PAUSES:
        return []
    longest = np.lib.stride_tricks.sliding_window_view(np.diff(at)[kept], judging.LEAST_PAUSES).max(axis=1)
    longer = ends - at > longest[np.maximum(before, 0)]
    return [int(n) for n in np.flatnonzero((before >= 0) & longer)]


def _first_silent(at: Numbers, looked: Watched, bound: int, end: int, first: datetime) -> Iterator[Moment]:
    last = int(at[-1])
    begins = sorted({last, *(close for _, close in looked.gaps if last < close < end)})
    for begin in begins:
        seen = [one[np.searchsorted(one, begin + bound, "right") :] for one in looked.looks]
        if not seen or not all(len(one) for one in seen):
            return
        moment = max(int(one[0]) for one in seen)
        if moment >= end:
            return
        found = judging.silence({}, at, looked.at(moment), times.of_micros(moment))
        if found.explained:
            if times.of_micros(moment) >= first:
                yield times.of_micros(moment), found
            return
