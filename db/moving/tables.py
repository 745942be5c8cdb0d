"""Every table, in an order that references allow; its rows a slice at a time, and their digest.

A table's digest is the sum of the digests of its rows: it does not depend on their order, and is the same on both
databases, since a row is written in one form: times in UTC, JSON with sorted keys and with whole numbers as such,
bytes by their own digest. Left out is what a copy makes anew: claims, and the full-text index.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import JSON, LargeBinary, func, select
from sqlmodel import Session, SQLModel

from db import ledger
from db.models import Audit, Blob, IndexEntry, Ledger, Meta, Moved
from db.slices import SLICE
from db.upsert import table

CLAIMS = ("claimed_by", "claimed_until")
FOLDED = "fold_version"  # in Meta: how the index was made, which the copy makes itself
_DERIVED = {str(table(model).name) for model in (IndexEntry, Moved)}
_BLOBS = 20  # bodies may be large
_MODULUS = 1 << 256
_WHOLE = (-(1 << 63), 1 << 64)  # what JSON's readers take for a whole number
Rows = Sequence[tuple[Any, ...]]
Said = dict[str, dict[str, Any]]


def ordered() -> list[Any]:
    """All tables whose rows are carried over, those that others refer to first."""
    return [found for found in SQLModel.metadata.sorted_tables if found.name not in _DERIVED]


@dataclass(slots=True)
class Tally:
    """How many rows a table has, and the sum of their digests."""

    table: Any
    rows: int = 0
    sum: int = 0
    _forms: list[tuple[int, Callable[[Any], Any] | None]] = field(init=False)

    def __post_init__(self) -> None:
        columns = list(self.table.columns)
        self._forms = [(n, _form(c)) for n, c in enumerate(columns) if c.name not in CLAIMS]

    def add(self, rows: Rows) -> None:
        for row in rows:
            said = [form(row[n]) if form else row[n] for n, form in self._forms]
            digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()
            self.sum = (self.sum + int.from_bytes(digest)) % _MODULUS
        self.rows += len(rows)

    def said(self) -> dict[str, Any]:
        return {"rows": self.rows, "digest": f"{self.sum:064x}"}


def _form(column: Any) -> Callable[[Any], Any] | None:
    if isinstance(column.type, JSON):
        return _numbers
    return _hashed if isinstance(column.type, LargeBinary) else None


def _hashed(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _numbers(value: Any) -> Any:
    """1.0 is 1: PostgreSQL keeps numbers, not how they were written."""
    if isinstance(value, dict):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and _WHOLE[0] <= value < _WHOLE[1]:
        return int(value)
    return value


def rows_of(session: Session, of: Any, *conditions: Any) -> Iterator[Rows]:
    """All rows in key order, a slice at a time and from one statement: memory does not grow with them."""
    size = _BLOBS if of is table(Blob) else SLICE
    if of is table(Meta):
        conditions = (*conditions, of.c.name != FOLDED)
    statement = select(of).where(*conditions).order_by(*of.primary_key.columns)
    found = session.execute(statement.execution_options(yield_per=size))
    for part in found.partitions():
        yield [tuple(row) for row in part]


def tallies(session: Session, progress: Callable[[int], None] | None = None, lines: int | None = None) -> Said:
    """Table -> {"rows", "digest"}; of the ledger its first `lines` only, where that is given."""
    found = {}
    for of in ordered():
        tally = Tally(of)
        first = [of.c.seq <= lines] if of is table(Ledger) and lines is not None else []
        for rows in rows_of(session, of, *first):
            tally.add(rows)
            if progress:
                progress(len(rows))
        found[str(of.name)] = tally.said()
    return found


def heads(session: Session) -> Said:
    """The last line of both chains: {"ledger": {"lines", "digest"}, "audit": ...}."""
    return {
        str(of.name): dict(zip(("lines", "digest"), _head(session, of), strict=True))
        for of in (table(Ledger), table(Audit))
    }


def _head(session: Session, of: Any) -> tuple[int, str]:
    last = session.execute(select(of.c.seq, of.c.digest).order_by(of.c.seq.desc()).limit(1)).first()
    return (last.seq, last.digest) if last else (0, ledger.START)


def difference(here: Said, there: Said) -> list[str]:
    """The tables that are not the same, each with what differs."""
    found = []
    for name, one in here.items():
        other = there[name]
        if one["rows"] != other["rows"]:
            found.append(f"{name} has {one['rows']} rows in one and {other['rows']} in the other")
        elif one["digest"] != other["digest"]:
            found.append(f"the {one['rows']} rows of {name} are not the same")
    return found


def count(session: Session, model: type[SQLModel]) -> int:
    return int(session.execute(select(func.count()).select_from(table(model))).scalar_one())
