"""Batches cut anew, at places that do not depend on how they came: so the bytes of a file do not either."""

from collections.abc import Iterator

from exports.batch import Batch, Row


class Chunks:
    """A chunk ends with the row that fills `size` bytes of canonical lines."""

    def __init__(self, size: int = 1 << 19) -> None:
        self._size = size
        self._rows: list[Row] = []
        self._lines = bytearray()

    def add(self, batch: Batch) -> Iterator[Batch]:
        """The chunks that are full now."""
        if batch.lines.count(b"\n") != len(batch.rows):
            raise ValueError("a batch has one line a row")
        searched = max(len(self._lines), self._size) - 1
        self._rows += batch.rows
        self._lines += batch.lines
        while end := self._lines.find(b"\n", searched) + 1:
            yield self._cut(end)
            searched = self._size - 1

    def rest(self) -> Iterator[Batch]:
        if self._rows:
            yield self._cut(len(self._lines))

    def _cut(self, end: int) -> Batch:
        lines = bytes(memoryview(self._lines)[:end])
        count = lines.count(b"\n")
        rows = self._rows[:count]
        del self._lines[:end], self._rows[:count]
        return Batch(rows, lines)
