"""INSERT ... ON CONFLICT, which both databases know and SQLAlchemy spells per dialect."""

from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, String, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from db import bulk

Row = bulk.Row


def table(model: type[SQLModel]) -> Any:
    return model.__table__  # type: ignore[attr-defined]


def insert(session: Session, model: type[SQLModel]) -> Any:
    """The dialect's own insert on `model`'s table."""
    sqlite_bound = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(table(model)) if sqlite_bound else postgresql.insert(table(model))


def insert_new(session: Session, model: type[SQLModel], rows: Sequence[Row], returning: Sequence[Any]) -> list[Any]:
    """Insert those that clash with nothing; the `returning` columns of what went in, in no order."""
    if not rows:
        return []
    statement = insert(session, model).on_conflict_do_nothing().returning(*returning)
    return list(session.execute(statement, list(rows)).all())


def insert_all(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> list[int]:
    """Insert all; their ids in the order of `rows`.

    The ids are taken before: asking for them row by row (RETURNING in order) is what makes bulk inserts slow.
    """
    if not rows:
        return []
    numbers = _next_ids(session, model, len(rows))
    insert_keyed(session, model, [{**row, "id": n} for row, n in zip(rows, numbers, strict=True)])
    return numbers


def insert_keyed(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert all, which bring their own keys; a clash is an error."""
    if is_sqlite(session):
        bulk.execute_many(session, table(model), rows, ignore=False)
    else:
        session.execute(table(model).insert(), list(rows))


def _next_ids(session: Session, model: type[SQLModel], count: int) -> list[int]:
    """SQLite has one writer at a time, who may count on; PostgreSQL hands out a sequence's numbers."""
    ids = table(model).c.id
    if is_sqlite(session):
        last = int(session.execute(select(func.coalesce(func.max(ids), 0))).scalar_one())
        return list(range(last + 1, last + 1 + count))
    following = func.nextval(func.pg_get_serial_sequence(table(model).name, "id"))
    return list(session.execute(select(following).select_from(func.generate_series(1, count))).scalars())


def insert_quietly(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> int:
    """Insert those that clash with nothing, the fastest way; how many those were."""
    if not rows:
        return 0
    if is_sqlite(session):
        return bulk.execute_many(session, table(model), rows, ignore=True)
    done = session.execute(insert(session, model).on_conflict_do_nothing(), list(rows))
    return int(done.rowcount)  # type: ignore[attr-defined]


def among(session: Session, column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`column IN values` with all of them in one parameter: a list of any length is one statement, which is
    compiled once and takes no time to spell out."""
    sqlite_bound = is_sqlite(session)
    return in_packed(column, None, sqlite_bound, packed(values, sqlite_bound))


def in_packed(column: Any, name: str | None, sqlite_bound: bool, value: Any = None) -> ColumnElement[bool]:
    """As `among`, for a statement that is built once; the parameter `name` takes what `packed` makes."""
    kind = String() if sqlite_bound else postgresql.ARRAY(column.type)
    given: Any = bindparam(name, value, kind, unique=name is None, required=False)
    if not sqlite_bound:
        return column == any_(given)  # type: ignore[no-any-return]
    listed = func.json_each(given).table_valued("value", name="listed")  # unnamed, SQLAlchemy asks for chance
    return column.in_(select(listed.c.value))  # type: ignore[no-any-return]


def packed(values: Collection[Any], sqlite_bound: bool) -> Any:
    return orjson.dumps(list(values)).decode() if sqlite_bound else list(values)


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
