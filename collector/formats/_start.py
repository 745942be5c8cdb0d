"""How a file begins: its shape and its first records, which is all that a format is told by."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from collector.formats import _array, _table
from core.errors import ParseError

Shape = Literal["lines", "array", "object", "run", "table"]  # a run is objects over many lines, one after another
_HEAD = 400_000  # bytes that are looked at
_FIRST = 25  # records
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Start:
    """`records` are the first JSON objects or rows; `variable` is what a script sets ("YTD.tweets.part0")."""

    shape: Shape
    records: Sequence[Mapping[str, Any]] = ()
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    variable: str = ""

    def any(self, *keys: str) -> bool:
        """Whether one of the first records has all of these keys."""
        return any(all(key in record for key in keys) for record in self.records)


def sniff(body: bytes) -> Start:
    """Of any bytes. A table without columns is what is neither JSON nor a table."""
    body = body.removeprefix(_BOM)
    first = body[:100].lstrip()[:1]
    variable = _array.variable(body) if first not in {b"{", b"["} else ""
    if first == b"[" or variable:
        return Start("array", _objects(_items(body)), variable=variable)
    if first == b"{":
        return _braces(body)
    return _tabular(body)


def _items(body: bytes) -> Iterator[bytes]:
    items = _array.inside(body[:_HEAD])
    if not any(_array.spans(items, 1)):
        items = _array.inside(body)
    return (items[start:end] for start, end in _array.spans(items, _FIRST))


def _objects(pieces: Iterator[bytes]) -> list[dict[str, Any]]:
    found = (_loaded(piece) for piece in pieces)
    return [value for value in found if isinstance(value, dict)]


def _loaded(piece: bytes) -> Any:
    try:
        return _array.loaded(piece)
    except ValueError:
        return None


def _braces(body: bytes) -> Start:
    """JSON Lines, or one object over many lines. A first line that is broken does not make it an object."""
    lines = [line for line in body.split(b"\n", 200) if not line.isspace()][:200]
    whole = lines if body.endswith(b"\n") or len(lines) == 1 else lines[:-1]
    if records := _objects(iter(whole[:_FIRST])):
        return Start("lines", records)
    document = _loaded(body)
    if not isinstance(document, dict) and (several := _run(body)):
        return Start("run", several)
    if not isinstance(document, dict) and sum(line.startswith(b"{") for line in lines) > 1:
        return Start("lines")
    return Start("object", [document] if isinstance(document, dict) else [])


def _run(body: bytes) -> list[dict[str, Any]]:
    """The first objects of several, as `jq` writes them; [] where the first is broken or nothing follows it."""
    found = list(_array.spans(body, _FIRST))
    follows = found and body[found[0][1] :].lstrip().startswith(b"{")
    pieces = [body[start:end] for start, end in found] if follows and found[0][0] == 0 else []
    return _objects(iter(pieces)) if pieces and isinstance(_loaded(pieces[0]), dict) else []


def _tabular(body: bytes) -> Start:
    head = body[:_HEAD]
    if records := _objects(line for line in head.split(b"\n", 50)[:50] if line.startswith(b"{")):
        return Start("lines", records)  # JSON Lines under something that a program said
    text = head.decode("utf-8", "replace")
    names, delimiter = ((), ",") if b"\x00" in head else _table.columns(text)
    if not names:
        return Start("table")
    found = _table.rows(text, names, delimiter, 1)
    return Start("table", _mappings(found), names, delimiter)


def _mappings(found: Iterator[tuple[int, dict[str, str] | str]]) -> list[dict[str, str]]:
    kept: list[dict[str, str]] = []
    with suppress(ParseError):  # the rows before the damage tell enough
        kept.extend(row for _, row in islice(found, _FIRST) if isinstance(row, dict))
    return kept
