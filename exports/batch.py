"""What goes from the archive to a file: some rows of one table, and the writer that takes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """`rows` in the table's shape; `lines` are their canonical JSON, each with its end of line."""

    rows: Sequence[Row]
    lines: bytes


@dataclass(frozen=True, slots=True)
class Options:
    """Of CSV: `bom` puts the mark in front by which Excel knows UTF-8, `raw` leaves formulas as they are."""

    bom: bool = False
    raw: bool = False


class Writer(Protocol):
    """One open file. `notes` counts what reading it back must know of all that was written so far, such as cells
    that were made harmless."""

    def write(self, batch: Batch) -> None: ...

    def notes(self) -> Mapping[str, int]: ...
