"""Is there room to write? What a full disk looks like on each database, and what is noted of it.

That there was none is a row of `meta` as long as it lasts, where it can still be written: so another process, and
the coverage of the time, can tell it from "nobody looked".
"""

import shutil
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlmodel import Session

from core import times
from db.models import Meta, Run, Source
from db.upsert import insert, insert_all, table

NO_ROOM = "no room"  # how what is said of it begins, in runs and gaps too
_SINCE, _PROBE = "no_room_since", "room_probe"
_PROBED = 256 << 10  # characters: more than fits between the frames of a log that is there already
_DISK_FULL = "53100"  # PostgreSQL
_CODES = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_meta, _run, _source = table(Meta), table(Run), table(Source)


def is_lacking(error: BaseException | None) -> bool:
    """Whether a statement failed because nothing more could be written."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _CODES
    return getattr(error, "sqlstate", None) == _DISK_FULL


def free(file: Path | None) -> int | None:
    """Bytes that are free where this file lies; None where nobody can tell."""
    try:
        return shutil.disk_usage(file.parent).free if file else None
    except OSError:
        return None


def try_to_write(session: Session) -> None:
    """Some pages, which fail where there is no room."""
    for value in ("." * _PROBED, ""):
        row = {"name": _PROBE, "value": value}
        statement = insert(session, Meta).values(row)
        session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
        session.flush()
    session.execute(delete(_meta).where(_meta.c.name == _PROBE))


def note(session: Session, now: datetime) -> None:
    """From now on nobody looks, for want of room."""
    row = {"name": _SINCE, "value": times.text(now)}
    session.execute(insert(session, Meta).values(row).on_conflict_do_nothing())


def since(session: Session) -> datetime | None:
    """Since when there has been no room, as far as it could be noted."""
    value = session.execute(select(_meta.c.value).where(_meta.c.name == _SINCE)).scalar()
    return times.parse(value) if value else None


def go_on(session: Session, began: datetime, said: str, worker: str, running: list[int], now: datetime) -> int:
    """There is room again: the looks that could not be are written down as failed ones, and are due now.

    A run whose end could not be written ends here; `running` are the sources whose rounds go on. Returns how many
    sources there are that missed a look.
    """
    failed = {"outcome": "failed", "error": said}
    mine = select(_source.c.id).where(_source.c.claimed_by == worker, _source.c.id.not_in(running))
    cut = _run.c.outcome.is_(None) & _run.c.source_id.in_(mine)
    session.execute(update(_run).where(cut).values(finished_at=now, **failed))
    told = exists().where(
        _run.c.source_id == _source.c.id, _run.c.started_at >= began, _run.c.error.startswith(NO_ROOM)
    )
    late = _source.c.enabled & _source.c.id.not_in(running) & ((_source.c.next_due_at <= now) | told)
    missed = session.execute(select(_source.c.id, told.label("told")).where(late)).all()
    counts = {"posts": 0, "posts_new": 0, "posts_changed": 0, "problems": 0}
    rows = [
        {"source_id": r.id, "started_at": began, "finished_at": now, **failed, **counts}
        for r in missed
        if not r.told
    ]
    insert_all(session, Run, rows)
    free_again: dict[str, Any] = {"claimed_by": None, "claimed_until": None}
    session.execute(update(_source).where(_source.c.id.in_(mine)).values(free_again))
    due = {"next_due_at": now, "scheduled_at": now}
    session.execute(update(_source).where(_source.c.id.in_([r.id for r in missed])).values(due))
    session.execute(delete(_meta).where(_meta.c.name == _SINCE))
    return len(missed)
