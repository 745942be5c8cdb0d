"""What somebody asked for at the server, checked at once, and turned into the order that a process builds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from core import plugins, times
from core.errors import BadRequest
from core.export import ExportForm
from db import ledger
from db.entries import topic_slugs
from db.query import PostQuery, selection
from exports import tables


def checked(session: Session, form: ExportForm) -> PostQuery:
    """Which posts, as of when. Raises BadRequest, and QueryError with the place in the query."""
    formats = plugins.load("exports.formats")
    if form.format not in formats:
        raise BadRequest(f"there is no format {form.format!r}; there are {', '.join(formats)}", parameter="format")
    _check_columns(form.tables, form.columns, topic_slugs(session))
    query = PostQuery.build(form.query, as_of=form.as_of)
    selection(session, query)
    return query


def moment(session: Session, query: PostQuery, now: datetime) -> datetime:
    """What it is as of: where nobody says so, the time of the ledger's last line, as the archive is now."""
    last = ledger.line(session, ledger.head(session)[0])
    return query.as_of or (last.at if last else now)


def _check_columns(
    names: Sequence[str] | None, columns: Mapping[str, Sequence[str]], topics: Sequence[str]
) -> None:
    every = tables.every(topics)
    for name in [*(names or ()), *columns]:
        if name not in every:
            raise BadRequest(f"there is no table {name!r}; there are {', '.join(every)}", parameter="tables")
    for name, paths in columns.items():
        known = _paths(every[name].fields, ())
        for path in paths:
            if path not in known:
                raise BadRequest(
                    f"{name} has no column {path!r}; it has {', '.join(known)}", parameter="columns"
                )


def _paths(fields: Sequence[tables.Field], before: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for field in fields:
        path = (*before, field.name)
        found.append(".".join(path))
        if field.nested:
            found += _paths(field.fields, path)
    return found


def form_of(row: Any) -> ExportForm:
    """What was asked for, its moment fixed."""
    return ExportForm.model_validate(
        {
            "query": row.query,
            "format": row.format,
            "as_of": times.text(row.as_of),
            "audience": row.audience,
            **row.options,
        }
    )
