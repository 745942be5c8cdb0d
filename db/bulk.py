"""Many rows at once on SQLite: SQLAlchemy's own types and SQL, without its bookkeeping for every single row.

SQLAlchemy binds a row in about 20 microseconds, seven tables a post; that alone was a third of an import's time.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect
from sqlmodel import Session

from core import times
from db.types import UtcTime

Row = dict[str, Any]
_Convert = Callable[[Any], Any]


def execute_many(session: Session, table: Any, rows: Sequence[Row], *, ignore: bool) -> int:
    """Insert `rows`, which all have the columns of the first; `ignore` those that clash. How many went in."""
    names = tuple(rows[0])
    marks = ", ".join("?" * len(names))
    sql = f"INSERT INTO {_quoted(table.name)} ({', '.join(map(_quoted, names))}) VALUES ({marks})"
    sql += " ON CONFLICT DO NOTHING" if ignore else ""
    dialect = session.get_bind().dialect
    columns = [_written(rows, name, _converter(table, name, dialect)) for name in names]
    return int(session.connection().exec_driver_sql(sql, list(zip(*columns, strict=True))).rowcount)


def _written(rows: Sequence[Row], name: str, convert: _Convert | None) -> Iterable[Any]:
    """One column of these rows: a column at a time is quicker than a row at a time, which asks each value for its
    column's type."""
    values = map(itemgetter(name), rows)
    return map(convert, values) if convert else values


def _quoted(name: str) -> str:
    return f'"{name}"'


@lru_cache(1000)
def _converter(table: Any, name: str, dialect: Dialect) -> _Convert | None:
    """How this column's type writes a value; None where it is taken as it is."""
    kind = table.c[name].type
    return _moment if isinstance(kind, UtcTime) else kind.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(16)  # rows of one look share their times
def _moment(value: datetime | None) -> str | None:
    """As SQLAlchemy writes a `UtcTime` on SQLite, which it spells out a field at a time."""
    return None if value is None else times.utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")
