"""Tables as CSV: columns, rows with their line numbers, and where a slice of one may end."""

import csv
import io
from collections.abc import Iterator, Sequence

from core.errors import ParseError

csv.field_size_limit(1 << 27)  # a cell of JSON may be long; the file's slices bound it
_DELIMITERS = ",;\t|"
_QUOTE = b'"'


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
    """Each row with the number of its last line, by column; a row of another length as a sentence instead."""
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    heading = list(names)
    try:
        for row in reader:
            number = first + reader.line_num - 1
            if not row or [cell.strip() for cell in row] == heading:  # files put together repeat it
                continue
            if len(row) == len(names):
                yield number, dict(zip(names, row, strict=True))
            else:
                yield number, f"has {len(row)} columns where the first row names {len(names)}"
    except csv.Error as error:
        raise ParseError(f"this table breaks off or is malformed: {error}") from None


def last_end(body: bytes) -> int:
    """Where the last row ends that is surely complete: a line's end outside quotation marks; 0 where none is."""
    quotes, end = body.count(_QUOTE), len(body)
    while (at := body.rfind(b"\n", 0, end)) >= 0:
        quotes -= body.count(_QUOTE, at, end)
        end = at
        if quotes % 2 == 0:
            return at + 1
    return 0
