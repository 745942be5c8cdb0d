"""Rows from one archive into another as they are, table by table, with the tally of what was read."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import orjson
from sqlalchemy import JSON, delete, func, select, text, update
from sqlmodel import Session, SQLModel

from db import bulk, search
from db.models import Claimable, Meta
from db.moving.tables import CLAIMS, FOLDED, Rows, Said, Tally, ordered, rows_of
from db.upsert import is_sqlite, table
from db.work import FREE

Progress = Callable[[int], None] | None


def copy(source: Session, write: Callable[[], AbstractContextManager[Session]], progress: Progress = None) -> Said:
    """Fill empty tables, each slice in a session that `write` gives; the tallies of `source`."""
    found = {}
    for of in ordered():
        tally = Tally(of)
        freed = [n for n, column in enumerate(of.columns) if column.name in CLAIMS]
        for rows in rows_of(source, of):
            tally.add(rows)
            with write() as target:
                put = _execute_many if is_sqlite(target) else _stream
                put(target, of, [_freed(row, freed) for row in rows] if freed else rows)
            if progress:
                progress(len(rows))
        found[str(of.name)] = tally.said()
    return found


def _freed(row: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        values[place] = None
    return tuple(values)


def _execute_many(session: Session, of: Any, rows: Rows) -> None:
    names = [column.name for column in of.columns]
    bulk.execute_many(session, of, [dict(zip(names, row, strict=True)) for row in rows], ignore=False)


def _stream(session: Session, of: Any, rows: Rows) -> None:
    """PostgreSQL's COPY: several times faster than INSERT."""
    names = ", ".join(f'"{column.name}"' for column in of.columns)
    documents = {n for n, column in enumerate(of.columns) if isinstance(column.type, JSON)}
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f'COPY "{of.name}" ({names}) FROM STDIN') as stream:
        for row in rows:
            stream.write_row(
                [orjson.dumps(value).decode() if n in documents else value for n, value in enumerate(row)]
                if documents
                else row
            )


def empty(session: Session) -> None:
    """Take out the rows that a new archive has before anything is put in."""
    if is_sqlite(session):
        session.execute(delete(table(Meta)).where(table(Meta).c.name != FOLDED))
        return
    session.execute(text("SET LOCAL lock_timeout = '10s'"))
    names = ", ".join(f'"{of.name}"' for of in SQLModel.metadata.sorted_tables)
    session.execute(text(f"TRUNCATE {names}"))


def complete(session: Session) -> None:
    """What a copy of rows needs to be an archive: its sequences behind the highest keys, its index filled."""
    if not is_sqlite(session):
        for of in ordered():
            key = next(iter(of.primary_key.columns))
            sequence = session.execute(select(func.pg_get_serial_sequence(of.name, key.name))).scalar()
            if sequence:
                last = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
                session.execute(select(func.setval(sequence, last, False)))
    search.rebuild(session)


def free_claims(session: Session) -> None:
    """Nobody who works here holds anything in the copy."""
    for model in Claimable.__subclasses__():
        rows = table(model)
        session.execute(update(rows).where(rows.c.claimed_by.is_not(None)).values(FREE))
