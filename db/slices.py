"""Whole tables a slice at a time, so that memory does not grow with them."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlmodel import Session

SLICE = 1000
_T = TypeVar("_T")


def slices(session: Session, source: Any, key: Any, size: int = SLICE) -> Iterator[Sequence[Any]]:
    """All rows in key order, a slice at a time, so that memory does not grow."""
    statement = (source if isinstance(source, Select) else select(source)).order_by(key).limit(size)
    last = None
    while True:
        rows = session.execute(statement if last is None else statement.where(key > last)).mappings().all()
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = rows[-1][key.name]


def chunks(items: Sequence[_T], size: int = SLICE) -> Iterator[Sequence[_T]]:
    """`items` in pieces that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
