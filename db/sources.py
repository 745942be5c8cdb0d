"""Sources, their runs and what they could not read."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlmodel import Session

from core import cursor, times
from core.errors import KleError, NotFound
from core.outcome import GOOD, PAUSED, Outcome
from core.post import Problem
from core.secrecy import masked
from core.text import storable
from db import clock, follows, media, volume, work
from db.erasing import retention
from db.models import IMPORT, Actor, Claimable, Quarantine, Run, Source
from db.upsert import insert_all, insert_quietly, table

_LONGEST_ITEM = 2000  # characters of an unreadable item that are kept
_source, _run, _actor = table(Source), table(Run), table(Actor)


def claim_due(session: Session, worker: str, now: datetime, besides: Sequence[int] = ()) -> Source | None:
    """The longest due source that is enabled and free, and none of `besides`."""
    waiting = _source.c.enabled & _is_due(now) & _source.c.id.not_in(besides)
    taken = work.claim(session, Source, waiting, [_source.c.next_due_at, _source.c.id], worker, now)
    return session.get(Source, taken[0], populate_existing=True) if taken else None


def _is_due(now: datetime) -> ColumnElement[bool]:
    """By its schedule; or that was made by a clock which has been set back since."""
    return or_(_source.c.next_due_at <= now, _source.c.scheduled_at > now + work.SKEW)


def claim_named(session: Session, name: str, worker: str, now: datetime) -> Source:
    """This source now, due or not."""
    source_id = by_name(session, name).id
    taken = work.claim(session, Source, _source.c.id == source_id, [_source.c.id], worker, now)
    if not taken:
        raise KleError(f"source {name} is being collected by another process; try again when that is done")
    return session.get_one(Source, taken[0], populate_existing=True)


def find(session: Session, name: str) -> Source | None:
    """None where the archive has not met it yet."""
    number = session.execute(select(_source.c.id).where(_source.c.name == name)).scalar()
    return session.get(Source, number) if number else None


def by_name(session: Session, name: str) -> Source:
    known = {r.name: r.id for r in session.execute(select(_source.c.name, _source.c.id).order_by(_source.c.name))}
    if name not in known:
        listed = ", ".join(known) or "none yet: `kle init` writes a kle.toml with some"
        raise NotFound(f"there is no source {name!r}; there are {listed}")
    return session.get_one(Source, known[name])


def start_run(session: Session, source_id: int, now: datetime, *, alone: bool = True) -> int:
    """`alone`: who holds the source starts it, so that a run without an end is one whose process died."""
    if alone:
        _end_cut(session, _run.c.source_id == source_id, now)
    counts = {"posts": 0, "posts_new": 0, "posts_changed": 0, "problems": 0}
    return insert_all(session, Run, [{"source_id": source_id, "started_at": now, **counts}])[0]


def keep_state(session: Session, source_id: int, state: dict[str, Any]) -> None:
    """What the next fetch needs, in the transaction that archived what this one brought."""
    session.execute(update(_source).where(_source.c.id == source_id).values(state=state))


def finish_run(
    session: Session,
    source_id: int,
    run_id: int,
    worker: str,
    outcome: Outcome,
    state: dict[str, Any],
    next_due: datetime,
    now: datetime,
) -> None:
    """Write how the run ended; schedule and let go of the source unless another process took it over."""
    said = {
        "finished_at": clock.not_before(_run.c.started_at, now), "outcome": outcome.ending,
        "posts": outcome.posts, "posts_new": outcome.posts_new,
        "posts_changed": outcome.posts_changed, "problems": outcome.problems,
        "error": storable(outcome.error) if outcome.error else None,
    }  # fmt: skip
    session.execute(update(_run).where(_run.c.id == run_id).values(said))
    if not work.still_mine(session, Source, [source_id], worker):
        return
    failures = 0 if outcome.ending in GOOD else _source.c.failures + int(outcome.ending not in PAUSED)
    due = {"next_due_at": next_due, "scheduled_at": now}
    work.finish(session, Source, [source_id], state=state, failures=failures, attempts=0, **due)


def import_source(session: Session, now: datetime) -> Source:
    """The source under which `kle import` archives; it is never due."""
    row = {
        "name": IMPORT, "kind": "file", "options": {}, "every_seconds": 86400, "enabled": False, "verified": True,
        "synthetic": False, "next_due_at": now, "state": {}, "failures": 0, "attempts": 0,
    }  # fmt: skip
    insert_quietly(session, Source, [row])
    return by_name(session, IMPORT)


def quarantine(session: Session, run_id: int, problems: Sequence[Problem], now: datetime, file: str = "") -> None:
    """What could not be taken, with the reason and the `file` that it stood in, where it is from one."""
    place = f"{file}: " if file else ""
    rows = [
        {"run_id": run_id, "at": now, "error": storable(place + p.error), "item": storable(p.item[:_LONGEST_ITEM])}
        for p in problems
    ]
    insert_quietly(session, Quarantine, rows)


def release_dead_claims(session: Session, host: str, alive: Callable[[int], bool], now: datetime) -> int:
    """At start: what processes of this host held when they died is free again, and their runs end as failed."""
    released = sum(work.release_dead(session, model, host, alive, now) for model in Claimable.__subclasses__())
    free = select(_source.c.id).where(_source.c.claimed_by.is_(None))
    _end_cut(session, _run.c.source_id.in_(free), now)
    return released


def _end_cut(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    """Runs that their process did not end."""
    ended = {
        "outcome": "failed",
        "finished_at": clock.not_before(_run.c.started_at, now),
        "error": "interrupted: the process ended in the middle",
    }
    session.execute(update(_run).where(_run.c.outcome.is_(None), which).values(ended))


# -- what the API and the terminal show ---------------------------------------------------------------------


def list_sources(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Every source with its health, by name."""
    newest = select(func.max(_run.c.id)).where(_run.c.finished_at.is_not(None)).group_by(_run.c.source_id)
    last = {r.source_id: _run_form(r, None) for r in session.execute(select(_run).where(_run.c.id.in_(newest)))}
    good = select(_run.c.source_id, func.max(_run.c.finished_at).label("at")).where(_run.c.outcome.in_(GOOD))
    last_ok = {r.source_id: r.at for r in session.execute(good.group_by(_run.c.source_id))}
    statement = select(_source, _actor.c.slug).join_from(_source, _actor, isouter=True).order_by(_source.c.name)
    published, pages, files = volume.volumes(session, now), follows.standing(session), media.standing(session)
    kept = {row.pop("source"): row for row in retention.standing(session, now)}
    return [
        {
            **_source_form(r, last.get(r.id), last_ok.get(r.id)),
            "volume": published.get(r.id, volume.NOTHING),
            "pages": pages.get(r.id),
            "media": files.get(r.id),
            "keep": kept.get(r.name),
            "erase_deleted": r.erase_deleted,
        }
        for r in session.execute(statement)
    ]


def _source_form(row: Any, last_run: dict[str, Any] | None, last_ok: datetime | None) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "url": masked(row.options.get("url") or row.options.get("path") or "") or None,
        "actor": row.slug,
        "enabled": row.enabled,
        "verified": row.verified,
        "synthetic": row.synthetic,
        "every_seconds": row.every_seconds,
        "next_due_at": times.text(row.next_due_at) if row.enabled else None,
        "failures": row.failures,
        "last_run": last_run,
        "last_ok_at": times.text(last_ok) if last_ok else None,
    }


def list_runs(
    session: Session, source: str | None, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Newest first, with the cursor of the next page."""
    statement = select(_run, _source.c.name).join_from(_run, _source).order_by(_run.c.id.desc()).limit(limit + 1)
    if source:
        statement = statement.where(_run.c.source_id == by_name(session, source).id)
    if after:
        statement = statement.where(_run.c.id < cursor.decode(after, "runs")[0])
    rows = session.execute(statement).all()
    following = cursor.encode("runs", rows[limit - 1].id) if len(rows) > limit else None
    return [_run_form(r, r.name) for r in rows[:limit]], following


def _run_form(row: Any, source: str | None) -> dict[str, Any]:
    form = {
        "id": row.id,
        "source": source,
        "started_at": times.text(row.started_at),
        "finished_at": times.text(row.finished_at) if row.finished_at else None,
        "outcome": row.outcome,
        "posts": row.posts,
        "posts_new": row.posts_new,
        "posts_changed": row.posts_changed,
        "problems": row.problems,
        "error": row.error,
    }
    return form if source else {k: v for k, v in form.items() if k != "source"}


def every(source: Source) -> timedelta:
    return timedelta(seconds=source.every_seconds)
