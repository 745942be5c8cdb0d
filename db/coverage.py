"""Was anybody looking? Per source the looks of a range and the gaps between good ones."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select, true
from sqlmodel import Session

from core import times
from core.outcome import GOOD
from db import following, follows, room
from db.models import Run, Source
from db.query import PostQuery
from db.sources import IMPORT
from db.upsert import table

_MISSED = 2  # looks in a row that make a gap
_SLACK = timedelta(minutes=1)
_MOST_GAPS = 20
_UNFOLLOWED = "No source follows this: no posts may only mean that nobody looked."
_run, _source = table(Run), table(Source)
_good = _run.c.outcome.in_(GOOD)
Span = tuple[datetime, datetime]


def coverage(session: Session, query: PostQuery, now: datetime) -> dict[str, Any]:
    """Over the query's range: who looked when, where nobody did, and a sentence that says so.

    The range begins at the first look where the query names no since. Where it names an account, actor, platform or
    source, only those sources count that could have shown it.

    With `as_of` it is what was known then: looks that had ended, and no gap is closed by a look that came later.

    How far back one look reaches only its platform knows. So the time before a source's first good look is a gap,
    though posts of that time may have been found; between two good looks nothing was missed unless they lie further
    apart than twice the source's schedule.
    """
    known = query.as_of
    until = min(t for t in (query.until, known, now) if t)
    rows = session.execute(select(_source).where(_source.c.name != IMPORT).order_by(_source.c.name))
    asked = following.followers(session, query)
    followed = [row for row in rows if asked is None or row.id in asked]
    found = [(row.enabled, _of_source(session, row, query.since, until, known)) for row in followed]
    watched = [s for enabled, s in found if s["first_run_at"] or (enabled and not known)]
    complete = bool(watched) and all(s["last_ok_at"] and not s["gaps"] and not s["missed_pages"] for s in watched)
    began = min((s["first_run_at"] for s in watched if s["first_run_at"]), default=None)
    return {
        "from": times.text(query.since) if query.since else began,
        "until": times.text(until),
        "complete": complete,
        "note": _note(watched, complete) if watched or asked is None else _UNFOLLOWED,
        "sources": watched,
    }


def _of_source(
    session: Session, source: Any, since: datetime | None, until: datetime, known: datetime | None
) -> dict[str, Any]:
    mine, ended = _run.c.source_id == source.id, _ended(known)
    inside = and_(mine, _run.c.started_at <= until, _run.c.started_at >= (since or times.EARLIEST))
    good, failed = and_(_good, ended), and_(_run.c.outcome.is_not(None), ~_good, ended)
    counted = select(func.count(), func.count().filter(good), func.count().filter(failed)).where(inside)
    runs, ok, not_ok = session.execute(counted).one()
    ever = select(func.min(_run.c.started_at), func.max(_run.c.started_at).filter(good))
    first, last = session.execute(ever.where(mine, _run.c.started_at <= until)).one()
    return {
        "source": source.name,
        "runs": runs,
        "ok": ok,
        "failed": not_ok,
        "first_run_at": times.text(first) if first else None,
        "last_ok_at": times.text(last) if last else None,
        "gaps": _gaps(session, source, since or first, until, known) if since or first else [],
        "missed_pages": follows.missed(session, source.id, since or times.EARLIEST, until),
    }


def _gaps(
    session: Session, source: Any, since: datetime, until: datetime, known: datetime | None
) -> list[dict[str, Any]]:
    """Spans without a good look, clipped to the range; at most twenty, the newest first."""
    allowed = timedelta(seconds=source.every_seconds) * _MISSED + _SLACK
    at, good = _run.c.started_at, and_(_run.c.source_id == source.id, _good, _ended(known))
    before = session.execute(select(func.max(at)).where(good, at <= since)).scalar()
    after = session.execute(select(func.min(at)).where(good, at >= until)).scalar()
    inside = and_(good, at >= (before or since), at <= (after or until))
    previous = func.lag(at, type_=at.type).over(order_by=at)
    looks = select(previous.label("previous"), at.label("at")).where(inside).order_by(at.desc())
    spans: list[Span] = []
    first, last = None, None
    for row in session.execute(looks):
        last, first = last or row.at, row.at
        if row.previous and row.at - row.previous > allowed:
            spans.append((row.previous, row.at))
    if after is None and last and until - last > allowed:
        spans.insert(0, (last, until))
    if before is None:
        spans.append((since, first or until))
    clipped = [(max(a, since), min(b, until)) for a, b in spans]
    return [_gap(session, source, a, b, known) for a, b in clipped[:_MOST_GAPS] if a < b]


def _gap(session: Session, source: Any, start: datetime, end: datetime, known: datetime | None) -> dict[str, Any]:
    """With the last thing that went wrong inside it; "nobody looked" where nothing was even tried."""
    mine = and_(_run.c.source_id == source.id, _run.c.started_at >= start, _run.c.started_at < end)
    tried = (
        select(_run.c.error, _run.c.outcome).where(mine, ~_good, _ended(known)).order_by(_run.c.id.desc()).limit(1)
    )
    wrong = session.execute(tried).first()
    earlier = select(_run.c.id).where(_run.c.source_id == source.id, _run.c.started_at <= start).limit(1)
    stopped = room.since(session)
    if stopped and stopped < end:
        reason = room.NO_ROOM
    elif wrong:
        reason = wrong.error or str(wrong.outcome)
    else:
        reason = "nobody looked" if session.execute(earlier).first() else "not followed yet"
    return {"from": times.text(start), "until": times.text(end), "reason": reason}


def _ended(known: datetime | None) -> Any:
    """Of runs: what one found is known once it has ended."""
    return true() if known is None else _run.c.finished_at <= known


def _note(watched: list[dict[str, Any]], complete: bool) -> str:
    if not any(s["first_run_at"] for s in watched):
        return "In this range nobody looked: what posts it has were found later, and others may be missing."
    looks = sum(s["ok"] for s in watched)
    sources = f"{len(watched)} source{'s' * (len(watched) != 1)}, {looks} good look{'s' * (looks != 1)}"
    if complete:
        return f"{sources}, no gaps."
    gaps = sum(len(s["gaps"]) for s in watched)
    failed = sum(s["failed"] for s in watched)
    missed = sum(s["missed_pages"] for s in watched)
    pages = f", {missed} page{'s' * (missed != 1)} not read" if missed else ""
    return f"{sources}, {failed} failed, {gaps} gap{'s' * (gaps != 1)}{pages}: posts may be missing."
