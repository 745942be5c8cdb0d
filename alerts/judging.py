"""Whether a rule speaks, and what it says: pure, from the times of a query's posts and of the looks at its sources.

A judgement is the state that the rule has to remember from now on and, where it speaks, the figures and sentences
that say why. Times are in microseconds since 1970, in order.

Silence: with n pauses in the past that are like each other, whatever they are like, the next one is the longest by
chance in one of n + 1 cases; with posts that come independently of each other, it is half as long again as the
longest in 1.3 of n^1.5. So a query with n pauses a year is called silent by mere chance once a year at most; if its
posts come independently, 0.3 times with the twenty pauses that are asked for, 0.07 times with one post a day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from core import times
from core.unusual import LEAST_DAYS, Usual, usual
from db import hits
from db.looks import Numbers, Span
from db.watched import Watched

DAY = timedelta(days=1)
WEEKS = 8  # against which a day is held
PAST_DAYS = 7 * WEEKS
YEAR = timedelta(days=366)  # in which pauses are held against each other
LEAST_PAUSES = 20  # below which nobody can say how long is long
_MARGIN = 1.5  # longer than the longest
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """`explained` where the rule speaks, of the posts published after `after`; `state` is None where it stays as it
    was. `again_at`: before that, time alone changes nothing; `room`: nor do fewer new posts than this."""

    state: dict[str, Any] | None = None
    explained: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)
    after: datetime | None = None
    again_at: datetime | None = None
    room: int = 0


# -- more than N within T ------------------------------------------------------------------------------------


def more_than(state: State, at: Numbers, most: int, within: timedelta, now: datetime) -> Judged:
    """`at` are the posts within the span; it speaks when they get more than `most`, and again after
    they were not."""
    count, above = len(at), bool(state.get("above"))
    if count <= most:
        return Judged({} if above else None, room=most + 1 - count)
    falls_at = times.of_micros(int(at[count - most - 1])) + within
    if above:
        return Judged(again_at=falls_at)
    explained = (
        f"{_posts(count)} in {_span(within)}, more than {most}. "
        f"The first is of {_moment(int(at[0]))}, the last of {_moment(int(at[-1]))}."
    )
    figures = {"posts": count, "more_than": most, "within": times.every(within)}
    return Judged({"above": True}, explained, figures, now - within, falls_at)


# -- unusual -------------------------------------------------------------------------------------------------


def unusual(state: State, at: Numbers, watched: Watched, now: datetime) -> Judged:
    """`at` are the posts of the last 24 hours and of the weeks before them. It speaks when their number is unusual,
    and again after it was usual for a day."""
    looked = watched.days(now, PAST_DAYS + 1)
    last, *past = (n if seen else None for n, seen in zip(hits.daily(at, now, len(looked)), looked, strict=True))
    known = usual(past)
    if last is None or known is None:
        return Judged()
    usual_since = state.get("usual_since")
    speaking = bool(state.get("speaking"))
    if last <= known.most:
        over = speaking and usual_since is not None and now - times.parse(usual_since) >= DAY
        if over or not speaking:
            return Judged({} if over else None)
        return Judged(None if usual_since else {"speaking": True, "usual_since": times.text(now)})
    if speaking:
        return Judged({"speaking": True} if usual_since else None)
    figures = {"posts": last, "usual": known.usual, "usual_on_weekday": known.of_weekday,
               "least": int(known.least), "most": int(known.most), "days": known.days}  # fmt: skip
    return Judged({"speaking": True}, _why_unusual(last, known, watched, now), figures, now - DAY)


def _why_unusual(last: int, known: Usual, watched: Watched, now: datetime) -> str:
    weekday = known.of_weekday
    of_weekday = "" if weekday in (None, known.usual) else f", {weekday:g} at this time of the week"
    said = (
        f"{_posts(last)} in 24 hours; usually {known.usual:g} ({int(-(-known.least // 1))} to {int(known.most)})"
        f"{of_weekday}, told from {known.days} days of the last {WEEKS} weeks."
    )
    begun = times.micros(now - PAST_DAYS * DAY)
    young = sum(len(one) > 0 and int(one[0]) > begun for one in watched.looks)
    if young:
        among = "The" if len(watched.looks) == 1 else f"{young} of the"
        said += (
            f" {among} {_sources(watched)} such posts {'was' if young == 1 else 'were'} first looked at in these "
            "weeks: more posts may also mean that more is followed."
        )
    return said


# -- silence -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long a query had no post: `longest` of so many pauses, and what is longer than usual (`bound`)."""

    count: int
    longest: int
    bound: int


def pauses(at: Numbers, gaps: Sequence[Span]) -> Pauses | None:
    """Those in which somebody looked all the time; None where they are too few."""
    kept = np.diff(at)[watched_pauses(at, gaps)]
    if len(kept) < LEAST_PAUSES:
        return None
    longest = int(kept.max())
    return Pauses(len(kept), longest, int(longest * _MARGIN))


def watched_pauses(at: Numbers, gaps: Sequence[Span]) -> Any:
    """Which of the pauses between two posts touch none of these spans."""
    kept = np.ones(max(len(at) - 1, 0), bool)
    for begin, end in gaps:
        kept &= (at[1:] <= begin) | (at[:-1] >= end)
    return kept


def silence(state: State, at: Numbers, watched: Watched, now: datetime) -> Judged:
    """`at` are the posts of a year. It speaks once when there was none for longer than ever between two, counted
    from the last post or from when its sources were all looked at again."""
    since, last_look = watched.since, watched.last
    if since is None or last_look is None or not len(at) or since > times.micros(now - LEAST_DAYS * DAY):
        return Judged()
    known, last = pauses(at, watched.gaps), int(at[-1])
    told = state.get("told")
    if known is None or (told is not None and times.micros(times.parse(told)) >= last):
        return Judged()
    begun = max([last, *(end for _, end in watched.gaps)])
    if last_look - begun <= known.bound:
        return Judged()
    figures = {
        "last_post": times.text(times.of_micros(last)),
        "silent_seconds": (times.micros(now) - last) // 1_000_000,
        "longest_seconds": known.longest // 1_000_000,
        "pauses": known.count,
        "looks": watched.times(last),
        "last_look": times.text(times.of_micros(last_look)),
    }
    said = _why_silent(known, last, begun, watched, now)
    after = times.of_micros(last) - timedelta(microseconds=1)
    return Judged({"told": figures["last_post"]}, said, figures, after)


def _why_silent(known: Pauses, last: int, begun: int, watched: Watched, now: datetime) -> str:
    assert watched.last is not None
    unseen = ""
    if begun > last:
        unseen = f" Until {_moment(begun)} not all was looked at as it should be; what is counted began then."
    one = len(watched.looks) == 1
    return (
        f"No post for {_span(now - times.of_micros(last))}: the last one was published {_moment(last)}. "
        f"Of {known.count} pauses between two posts within a year, the longest was "
        f"{_span(timedelta(microseconds=known.longest))}. "
        f"The {_sources(watched)} such posts {'was' if one else 'were'} looked at {_times(watched.times(last))} "
        f"since, {'last at' if one else 'all of them until'} {_moment(watched.last)}.{unseen}"
    )


# -- words ---------------------------------------------------------------------------------------------------

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def _span(span: timedelta) -> str:
    """Its two largest units; up to two days in hours."""
    rest, said = int(span.total_seconds()), []
    for size, name in _UNITS:
        if rest >= size and (name != "day" or rest > 2 * size):
            said.append(_some(rest // size, name))
            rest %= size
    return " ".join(said[:2]) or "0 seconds"


def _some(count: int, name: str) -> str:
    return f"{count} {name}{'s' * (count != 1)}"


def _posts(count: int) -> str:
    return _some(count, "post")


def _times(count: int) -> str:
    return _some(count, "time")


def _sources(watched: Watched) -> str:
    return "source that shows" if len(watched.looks) == 1 else f"{len(watched.looks)} sources that show"


def _moment(at: int) -> str:
    return f"{times.of_micros(at):%Y-%m-%d %H:%M} UTC"
