"""Tables as CSV: columns, rows with their line numbers, and where a slice of one may end."""

import csv
import io
from collections.abc import Iterator, Sequence

from core.errors import ParseError

csv.field_size_limit(1 << 27)  # a cell of JSON may be long; the file's slices bound it
_DELIMITERS = ",;\t|"
_QUOTE = b'"'
_FRESH_STARTS = 200  # after rows that were given up; more of them are no table


def columns(head: str) -> tuple[tuple[str, ...], str]:
    """The names in the first row and what parts them; () where this is no table of more than two columns."""
    first = next(iter(head.lstrip("\ufeff\r\n").splitlines()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    if first.count(delimiter) < 2:
        return (), ","
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    sound = len(names) > 2 and all(name.isprintable() and len(name) < 100 for name in names)
    return (tuple(names), delimiter) if sound else ((), ",")


def rows(text: str, names: Sequence[str], delimiter: str, first: int) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Each row with the number of its last line, by column; a row of another length as a sentence instead.

    A quotation mark that is never closed would swallow all that follows: such a row is given up with its first
    line, and reading goes on with the next one.
    """
    lines = io.StringIO(text, newline=None).readlines()
    heading, start = list(names), 0
    for _ in range(_FRESH_STARTS):
        read = start
        for number, row in _rows(lines, start, delimiter):
            if row is not None and (not row or [cell.strip() for cell in row] == heading):
                pass  # files put together repeat the heading
            elif row is not None and len(row) == len(names):
                yield first + number - 1, dict(zip(names, row, strict=True))
            elif row is not None and number - read == 1:
                yield first + read, f"has {len(row)} columns where the first row names {len(names)}"
            else:
                yield first + read, "opens a quotation that is not closed, or has other columns than the first row"
                start = read + 1
                break
            read = number
        else:
            return
    raise ParseError(f"this table is malformed from line {first + start} on: its quotation marks do not fit")


def _rows(lines: Sequence[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """The number of lines read with each row; None for one that cannot be read."""
    reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield start + reader.line_num, row
    except csv.Error:
        yield start + reader.line_num, None


def last_end(body: bytes) -> int:
    """Where the last row ends that is surely complete: a line's end outside quotation marks; 0 where none is."""
    quotes, end = body.count(_QUOTE), len(body)
    while (at := body.rfind(b"\n", 0, end)) >= 0:
        quotes -= body.count(_QUOTE, at, end)
        end = at
        if quotes % 2 == 0:
            return at + 1
    return 0
