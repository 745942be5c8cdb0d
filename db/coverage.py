"""Was anybody looking? Per source the looks of a range and the gaps between good ones."""

from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlmodel import Session

from core import times
from db import following, follows, looks, room
from db.looks import GOOD_LOOK, NO_LOOK, History, Span
from db.models import IMPORT, Source
from db.query import PostQuery
from db.upsert import table

_MOST_GAPS = 20
_UNFOLLOWED = "No source follows this: no posts may only mean that nobody looked."
_source = table(Source)
Looked = dict[str, Any]


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
    missed = follows.missed(session, query.since or times.EARLIEST, until)
    every = looks.histories(session)
    looked = [
        (_of_source(row, history, missed.get(row.id, 0), query.since, until), history, row.enabled)
        for row in followed
        for history in [every.get(row.id, History()).known(known)]
    ]
    chosen = [(s, history) for s, history, enabled in looked if s["first_run_at"] or (enabled and not known)]
    _with_reasons(session, chosen)
    watched = [s for s, _ in chosen]
    complete = bool(watched) and all(s["last_ok_at"] and not s["gaps"] and not s["missed_pages"] for s in watched)
    began = min((s["first_run_at"] for s in watched if s["first_run_at"]), default=None)
    return {
        "from": times.text(query.since) if query.since else began,
        "until": times.text(until),
        "complete": complete,
        "note": _note(watched, complete) if watched or asked is None else _UNFOLLOWED,
        "sources": watched,
    }


def _of_source(source: Any, history: History, missed: int, since: datetime | None, until: datetime) -> Looked:
    """With `gaps` as spans in microseconds, the newest first; their reasons are looked up together."""
    end = int(np.searchsorted(history.start, times.micros(until), "right"))
    inside, before_end = history.only(slice(_first(history, since), end)), history.only(slice(0, end))
    good = before_end.start[before_end.state == GOOD_LOOK]
    first = times.of_micros(before_end.start[0]) if len(before_end) else None
    begin = since or first
    return {
        "source": source.name,
        "runs": len(inside),
        "ok": int((inside.state == GOOD_LOOK).sum()),
        "failed": int((inside.state == NO_LOOK).sum()),
        "first_run_at": times.text(first) if first else None,
        "last_ok_at": times.text(times.of_micros(good[-1])) if len(good) else None,
        "gaps": _gaps(history, begin, until, source.every_seconds) if begin else [],
        "missed_pages": missed,
    }


def _gaps(history: History, since: datetime, until: datetime, every_seconds: int) -> list[Span]:
    """The newest twenty."""
    return looks.gaps(history, times.micros(since), times.micros(until), every_seconds, _MOST_GAPS)


def _first(history: History, since: datetime | None) -> int:
    return int(np.searchsorted(history.start, times.micros(since or times.EARLIEST)))


def _with_reasons(session: Session, looked: list[tuple[Looked, History]]) -> None:
    """The last thing that went wrong inside each gap; "nobody looked" where nothing was even tried."""
    spans = [(history, span) for found, history in looked for span in found["gaps"]]
    wrong = [_last_wrong(history, span) for history, span in spans]
    said = looks.errors(session, [number for number in wrong if number is not None])
    stopped = room.since(session) if spans else None
    reasons = iter([
        _reason(history, span, said.get(number) if number is not None else None, stopped)
        for (history, span), number in zip(spans, wrong, strict=True)
    ])  # fmt: skip
    for found, _ in looked:
        found["gaps"] = [{**_span(start, end), "reason": next(reasons)} for start, end in found["gaps"]]


def _last_wrong(history: History, span: Span) -> int | None:
    """The run with the highest number."""
    inside = history.only(slice(*np.searchsorted(history.start, span)))
    wrong = inside.id[inside.state == NO_LOOK]
    return int(wrong.max()) if len(wrong) else None


def _reason(history: History, span: Span, wrong: str | None, stopped: datetime | None) -> str:
    if stopped and times.micros(stopped) < span[1]:
        return room.NO_ROOM
    if wrong:
        return wrong
    return "nobody looked" if len(history) and history.start[0] <= span[0] else "not followed yet"


def _span(start: int, end: int) -> dict[str, str]:
    return {"from": times.text(times.of_micros(start)), "until": times.text(times.of_micros(end))}


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
