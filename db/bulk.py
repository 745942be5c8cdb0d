"""Many rows at once on SQLite: SQLAlchemy's own types and SQL, without its bookkeeping for every single row.

SQLAlchemy binds a row in about 20 microseconds, seven tables a post; that alone was a third of an import's time.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect
from sqlmodel import Session

from db.types import UtcTime

Row = dict[str, Any]
_Convert = Callable[[Any], Any]


def execute_many(session: Session, table: Any, rows: Sequence[Row], *, ignore: bool) -> int:
    """Insert `rows`, which all have the columns of the first; `ignore` those that clash. How many went in."""
    names = tuple(rows[0])
    marks = ", ".join("?" * len(names))
    sql = f"INSERT INTO {_quoted(table.name)} ({', '.join(map(_quoted, names))}) VALUES ({marks})"
    sql += " ON CONFLICT DO NOTHING" if ignore else ""
    converters = [(name, _converter(table, name, session.get_bind().dialect)) for name in names]
    values = [tuple([convert(row[name]) if convert else row[name] for name, convert in converters]) for row in rows]
    return int(session.connection().exec_driver_sql(sql, values).rowcount)


def _quoted(name: str) -> str:
    return f'"{name}"'


@lru_cache(1000)
def _converter(table: Any, name: str, dialect: Dialect) -> _Convert | None:
    """How this column's type writes a value; None where it is taken as it is."""
    kind = table.c[name].type
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(16)(convert) if isinstance(kind, UtcTime) else convert  # rows of one look share their times
