"""Is every time, and every yes or no, written as we write them (SQLite)?

Read back, a T and a space between day and hour are one, and so are 1 and 9 for a yes.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Boolean, Integer, func, or_, select, type_coerce
from sqlmodel import Session, SQLModel

from db.types import UtcTime
from db.upsert import is_sqlite

_DIGIT = "[0-9]"
_TIME = "-".join((_DIGIT * 4, _DIGIT * 2, _DIGIT * 2)) + " " + ":".join([_DIGIT * 2] * 3) + "." + _DIGIT * 6


def problem(session: Session) -> str | None:
    """The first table with a value that is written otherwise."""
    if not is_sqlite(session):
        return None  # has a type for times
    for table in SQLModel.metadata.sorted_tables:
        odd = [column.is_not(None) & ~func.glob(_TIME, column) for column in _of_type(table, UtcTime)]
        odd += [type_coerce(column, Integer).not_in([0, 1]) for column in _of_type(table, Boolean)]
        if odd and session.execute(select(1).select_from(table).where(or_(*odd)).limit(1)).first():
            return f"a value in the table {table.name} is not written as such values are"
    return None


def _of_type(table: Any, kind: Any) -> Iterator[Any]:
    return (column for column in table.c if isinstance(column.type, kind))
