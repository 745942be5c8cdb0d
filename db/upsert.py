"""INSERT ... ON CONFLICT, which both databases know and SQLAlchemy spells per dialect."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Row = dict[str, Any]


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
    """Insert all; their ids in the order of `rows`."""
    if not rows:
        return []
    statement = insert(session, model).returning(table(model).c.id, sort_by_parameter_order=True)
    return list(session.execute(statement, list(rows)).scalars())


def insert_quietly(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert those that clash with nothing; fastest, says nothing."""
    if rows:
        session.execute(insert(session, model).on_conflict_do_nothing(), list(rows))


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
