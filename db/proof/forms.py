"""Is every time written as we write times (SQLite)? Read back, a T or a space between day and hour are one."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, SQLModel

from db.types import UtcTime
from db.upsert import is_sqlite

_DIGIT = "[0-9]"
_TIME = "-".join((_DIGIT * 4, _DIGIT * 2, _DIGIT * 2)) + " " + ":".join([_DIGIT * 2] * 3) + "." + _DIGIT * 6


def problem(session: Session) -> str | None:
    """The first table with a time that is written otherwise."""
    if not is_sqlite(session):
        return None  # has a type for times
    for table in SQLModel.metadata.sorted_tables:
        odd = [column.is_not(None) & ~func.glob(_TIME, column) for column in _times(table)]
        if odd and session.execute(select(1).select_from(table).where(or_(*odd)).limit(1)).first():
            return f"a time in the table {table.name} is not written as times are"
    return None


def _times(table: Any) -> Iterator[Any]:
    return (column for column in table.c if isinstance(column.type, UtcTime))
