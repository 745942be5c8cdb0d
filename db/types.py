"""Column types that mean the same on both databases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, Text, cast, func, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from core import times

NEVER = int(np.iinfo(np.int64).max)
Key = BigInteger().with_variant(Integer(), "sqlite")  # SQLite's rowid is an INTEGER and has 64 bits
Json = JSON().with_variant(JSONB(), "postgresql")


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC in Python; TIMESTAMPTZ on PostgreSQL, text without zone on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        moment = times.utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else times.utc(value)


class _Told(TypeDecorator[str]):
    """A `UtcTime` read as the API writes it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value and times.text(value)


class _ToldBySqlite(TypeDecorator[str]):
    """What only passes through need not become a datetime on the way: of a page of posts that was a third of its
    time. In a release of a million posts a function of Python for each would be a tenth of it."""

    impl = String
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        return func.replace(func.replace(column, ".000000", ""), " ", "T").concat("Z")


_TOLD = _Told().with_variant(_ToldBySqlite(), "sqlite")


def numbered(column: Any, sqlite: bool) -> Any:
    """This column of times, to be read by `micros` many rows at a time: without a Python object for each."""
    return type_coerce(column, Text) if sqlite else cast(func.extract("epoch", column) * 1_000_000, BigInteger)


def micros(values: Sequence[Any]) -> NDArray[np.int64]:
    """Microseconds since 1970, from what `numbered` yields; NEVER for null."""
    if any(isinstance(value, str) for value in values):
        parsed = np.array([value or "NaT" for value in values], "M8[us]").astype(np.int64)
        return np.where(parsed == np.iinfo(np.int64).min, NEVER, parsed)
    return np.array([NEVER if value is None else value for value in values], np.int64)


def told(column: Any) -> Any:
    """This column of times, as texts with zone: RFC 3339, fractions only where there are some."""
    return type_coerce(column, _TOLD).label(column.name)
