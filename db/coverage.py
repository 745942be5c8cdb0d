"""Was anybody looking? Per source the runs of a range and the gaps between good ones."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session

from core import times
from core.outcome import GOOD
from db.models import Run, Source
from db.query import PostQuery
from db.sources import IMPORT
from db.upsert import table

_MISSED = 2  # looks in a row that make a gap
_SLACK = timedelta(minutes=1)
_MOST_GAPS = 20
_run, _source = table(Run), table(Source)


def coverage(session: Session, query: PostQuery, now: datetime) -> dict[str, Any]:
    """Over the query's range: who looked when, where nobody did, and a sentence that says so.

    A look covers what its source still showed then; how far back that reaches only the platform knows. So time
    before a source's first good run is a gap of the archive, though posts of that time may have been found.
    """
    until = min(query.until or now, now)
    rows = session.execute(select(_source).where(_source.c.name != IMPORT).order_by(_source.c.name)).all()
    found = [_source_coverage(session, row, query.since, until) for row in rows]
    watched = [s for s in found if s["runs"]]
    complete = bool(watched) and all(s["ok"] and not s["gaps"] for s in watched)
    return {
        "from": times.text(query.since) if query.since else None,
        "until": times.text(until),
        "complete": complete,
        "note": _note(watched, complete),
        "sources": watched,
    }


def _source_coverage(session: Session, source: Any, since: datetime | None, until: datetime) -> dict[str, Any]:
    good = _run.c.outcome.in_(GOOD)
    mine = and_(_run.c.source_id == source.id, _run.c.started_at <= until)
    inside = and_(mine, _run.c.started_at >= since) if since else mine
    counts = session.execute(
        select(
            func.count(),
            func.count().filter(good),
            func.count().filter(_run.c.outcome.is_not(None), ~good),
        ).where(inside)
    ).one()
    ever = select(func.min(_run.c.started_at), func.max(_run.c.finished_at).filter(good)).where(mine)
    first, last = session.execute(ever).one()
    return {
        "source": source.name,
        "runs": counts[0] or (1 if first and since and first < since else 0),
        "ok": counts[1],
        "failed": counts[2],
        "first_run_at": times.text(first) if first else None,
        "last_ok_at": times.text(last) if last else None,
        "gaps": _gaps(session, source, inside, since, until) if first else [],
    }


def _gaps(
    session: Session, source: Any, inside: Any, since: datetime | None, until: datetime
) -> list[dict[str, Any]]:
    """Spans longer than two looks without a good one, longest first of the newest; the edges count."""
    allowed = timedelta(seconds=source.every_seconds) * _MISSED + _SLACK
    at = _run.c.started_at
    before = func.lag(at).over(order_by=at).label("before")
    good = select(at.label("at"), before).where(inside, _run.c.outcome.in_(GOOD)).subquery()
    edges = select(func.min(good.c.at), func.max(good.c.at))
    first, last = session.execute(edges).one()
    wide = select(good.c.before, good.c.at).where(good.c.before.is_not(None)).order_by(good.c.at.desc())
    spans = [(a, b) for a, b in session.execute(wide) if b - a > allowed]
    if first is None:
        spans = [(since, until)] if since else []
    else:
        spans += [(since, first)] if since and first - since > allowed else []
        spans = ([(last, until)] if until - last > allowed and source.enabled else []) + spans
    return [_gap(session, source, a, b) for a, b in spans[:_MOST_GAPS]]


def _gap(session: Session, source: Any, start: datetime, end: datetime) -> dict[str, Any]:
    mine = and_(_run.c.source_id == source.id, _run.c.started_at > start, _run.c.started_at < end)
    last = session.execute(
        select(_run.c.error, _run.c.outcome).where(mine).order_by(_run.c.id.desc()).limit(1)
    ).first()
    before = select(_run.c.id).where(_run.c.source_id == source.id, _run.c.started_at <= start).limit(1)
    if last:
        reason = last.error or str(last.outcome or "interrupted")
    elif session.execute(before).first() is None:
        reason = "not followed yet"
    else:
        reason = "nobody looked"
    return {"from": times.text(start), "until": times.text(end), "reason": reason}


def _note(watched: list[dict[str, Any]], complete: bool) -> str:
    if not watched:
        return "No source has been looked at in this range: no posts here means that nobody looked."
    looks = sum(s["ok"] for s in watched)
    if complete:
        return f"{len(watched)} sources, {looks} good looks, no gaps."
    gaps = sum(len(s["gaps"]) for s in watched)
    failed = sum(s["failed"] for s in watched)
    return f"{len(watched)} sources, {looks} good looks, {failed} failed, {gaps} gaps: posts may be missing."
