"""Looks at sources up to a moment, a slice at a time: whether anybody was looking."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import Session

from db.models import Run, Source
from db.slices import slices
from db.types import told
from db.upsert import table

_run, _source = table(Run), table(Source)
_RESULT = ("outcome", "posts", "posts_new", "posts_changed", "problems")


def until(session: Session, since: datetime | None, moment: datetime) -> Iterator[list[dict[str, Any]]]:
    """Those that had begun by then and had not ended before `since`, as they were known: of one that was under way
    nobody knew how it would end."""
    ended = and_(_run.c.finished_at.is_not(None), _run.c.finished_at <= moment).label("ended")
    statement = (
        select(_run.c.id, _source.c.name, _source.c.kind, told(_run.c.started_at), told(_run.c.finished_at), ended,
               *(_run.c[name] for name in _RESULT))
        .join_from(_run, _source)
        .where(_run.c.started_at <= moment)
    )  # fmt: skip
    if since:
        statement = statement.where(or_(_run.c.finished_at.is_(None), _run.c.finished_at >= since))
    for rows in slices(session, statement, _run.c.id):
        yield [_form(row) for row in rows]


def _form(row: Any) -> dict[str, Any]:
    known = row["ended"]
    return {
        "source": row["name"],
        "kind": row["kind"],
        "started_at": row["started_at"],
        "finished_at": row["finished_at"] if known else None,
        **{name: row[name] if known else None for name in _RESULT},
    }
