"""Does a source publish as it usually does? Its last 24 hours against its own last 28 days.

Robust on purpose (`core.unusual`), so that one busy day, or the first look at an old account, does not make every
day after it look quiet.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Integer, cast, func, select
from sqlmodel import Session

from core import times
from core.outcome import GOOD
from core.unusual import usual
from db.models import Post, Run, Sighting
from db.upsert import is_sqlite, table

DAYS = 28
_run, _post, _sighting = table(Run), table(Post), table(Sighting)


@dataclass(frozen=True, slots=True)
class Volume:
    """`least` and `most` bound what is usual in a day; `silent_days` without a new post, counted back from now."""

    alarm: Literal["quiet", "loud"] | None
    last_day: int
    usual: float | None
    least: float | None
    most: float | None
    silent_days: int


def judged(days: Sequence[int | None]) -> Volume:
    """`days` are new posts by 24 hours, the newest first; None where nobody looked well."""
    last = days[0] or 0
    past = usual(days[1:])
    silent = next((n for n, count in enumerate(days) if count), len(days))
    if days[0] is None or past is None:
        return Volume(None, last, None, None, None, min(silent, DAYS))
    alarm: Literal["quiet", "loud"] | None = None
    if last > past.most:
        alarm = "loud"
    elif last < past.least or _silent_for_long(days, silent):
        alarm = "quiet"
    return Volume(alarm, last, past.usual, round(past.least, 1), round(past.most, 1), min(silent, DAYS))


def _silent_for_long(days: Sequence[int | None], silent: int) -> bool:
    """Twice as long as it ever was before, for sources that publish too little for one day to tell anything."""
    longest = run = 0
    for count in days[silent:]:
        run = 0 if count else run + 1
        longest = max(longest, run)
    return silent < len(days) and silent >= max(3, 2 * longest + 2)


def volumes(session: Session, now: datetime) -> dict[int, dict[str, Any]]:
    """Source id -> its volume, of those that were looked at in the last 29 days."""
    since = now - timedelta(days=DAYS + 1)
    age = _age(session, now).label("age")
    statement = (
        select(_run.c.source_id, age, func.sum(_run.c.posts_new), func.count().filter(_run.c.outcome.in_(GOOD)))
        .where(_run.c.started_at > since, _run.c.started_at <= now)
        .group_by(_run.c.source_id, age)
    )
    found: dict[int, list[int | None]] = {}
    for source_id, day, new, good in session.execute(statement):
        days = found.setdefault(source_id, [None] * (DAYS + 1))
        if good and 0 <= day <= DAYS:
            days[day] = int(new)
    return {source_id: asdict(judged(days)) for source_id, days in found.items()}


def published(session: Session, source_id: int, now: datetime) -> tuple[int, float | None]:
    """How many posts of this source are asked for again, and how many it publishes a day (None: nobody knows)."""
    mine = select(_sighting.c.post_id).where(_sighting.c.source_id == source_id, _sighting.c.first_hand)
    followed = _post.c.id.in_(mine)
    known = select(func.count()).where(followed, _post.c.recheck_at.is_not(None))
    since = now - timedelta(days=DAYS)
    recent = select(func.count(), func.min(_post.c.created_at)).where(followed, _post.c.created_at >= since)
    count, first = session.execute(recent).one()
    days = max((now - first) / timedelta(days=1), 1.0) if first else None
    return int(session.execute(known).scalar_one()), count / days if days else None


NOTHING = asdict(judged([None]))


def _age(session: Session, now: datetime) -> Any:
    """Whole days of 24 hours before `now`."""
    if is_sqlite(session):
        seconds = func.unixepoch(times.text(now)) - func.unixepoch(_run.c.started_at)
    else:
        seconds = func.extract("epoch", now - _run.c.started_at)
    return cast(func.floor(seconds / 86400) if not is_sqlite(session) else seconds / 86400, Integer)
