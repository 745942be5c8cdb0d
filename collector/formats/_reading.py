"""From a slice to posts: its records by its shape, and each of them as its format reads it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

import orjson

from collector.formats import _array, _table
from collector.formats._start import Start
from core import plugins
from core.errors import ParseError
from core.post import Problem, SeenPost

PACKAGE = "collector.formats"
AUTO = "auto"
_SHOWN = 500
_FIRST_CHOICE = "post_form"
_ODDITIES = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
Read = SeenPost | Problem | None | Iterable[SeenPost | Problem]


@dataclass(frozen=True, slots=True)
class About:
    """What a file's records do not say themselves: when it was read, whose archive it is, what stood beside it."""

    seen_at: datetime
    handle: str = ""  # without @
    beside: Mapping[str, Any] = field(default_factory=dict)


class Format(Protocol):
    looks_like: Callable[[Start], bool]
    read: Callable[[Any, About], Read]


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that is none, as the sentence that goes into its problem."""

    reason: str
    item: Any


def names() -> list[str]:
    """The own form first: most files are of it, and it needs no other reader."""
    return sorted(plugins.names(PACKAGE), key=lambda name: (name != _FIRST_CHOICE, name))


def one(name: str) -> Format:
    """Raises ParseError that names the formats that there are."""
    found = plugins.one(PACKAGE, name)
    if found is None:
        raise ParseError(f"there is no format {name!r}; there are auto, {', '.join(names())}")
    return cast(Format, found)


def told(start: Start, wanted: str = AUTO) -> str:
    """The format's name, or the one that is `wanted`. Raises ParseError where none fits."""
    if wanted != AUTO and (start.shape != "table" or start.columns):
        one(wanted)
        return wanted
    if found := next((name for name in names() if one(name).looks_like(start)), None):
        return found
    if start.shape != "table" and not any(start.records):
        return _FIRST_CHOICE  # whose problems say what is wrong with each line
    if not start.columns and not start.records:
        raise ParseError(
            "there is no JSON object in this file, and it is no table; see the formats in docs/adding-a-source.md"
        )
    seen = ", ".join(start.columns or sorted({key for record in start.records for key in record}))[:300]
    raise ParseError(f"this is of no known format ({', '.join(names())}); what it holds is: {seen}")


def records(body: bytes, start: Start, first: int, last: bool) -> Iterator[tuple[str, int, Any]]:
    """What counts them ("line", "record"), the number, and a record or Broken; `last` for the end of a file."""
    if start.shape == "lines":
        return _lines(body, first)
    if start.shape == "table":
        return _rows(body, start, first)
    if start.shape == "array":
        found = _array.values(body, first=first == 1, last=last)
        return (("record", number, value) for number, value in enumerate(found, first))
    return _run(body, first) if start.shape == "run" else _object(body)


def _run(body: bytes, first: int) -> Iterator[tuple[str, int, Any]]:
    """Objects one after another; what stands between two belongs to the later one and breaks it."""
    end, number = 0, first
    for _, stop in _array.spans(body):
        piece = body[end:stop].lstrip(b" \t\r\n,")
        try:
            yield "record", number, _array.loaded(piece)
        except ValueError as error:
            yield "record", number, Broken(f"is no JSON ({error})", piece)
        end, number = stop, number + 1
    if rest := body[end:].strip():
        yield "record", number, Broken("breaks off: its end is missing", rest)


def _lines(body: bytes, first: int) -> Iterator[tuple[str, int, Any]]:
    load = _array.loaded
    for number, line in enumerate(body.split(b"\n"), first):
        if not line or line.isspace():
            continue
        try:
            yield "line", number, load(line)
        except ValueError as error:
            yield "line", number, Broken(f"is no JSON ({error})", line)


def _object(body: bytes) -> Iterator[tuple[str, int, Any]]:
    try:
        yield "record", 1, _array.loaded(body)
    except ValueError as error:
        raise ParseError(f"this JSON breaks off or is malformed: {error}") from None


def _rows(body: bytes, start: Start, first: int) -> Iterator[tuple[str, int, Any]]:
    for number, row in _table.rows(_text(body), start.columns, start.delimiter, first):
        yield "line", number, Broken(row, "") if isinstance(row, str) else row


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        from collector.reading import charset

        return charset.decode(body, "text/csv")


def posts(found: Iterator[tuple[str, int, Any]], reader: Format, about: About) -> Iterator[SeenPost | Problem]:
    """Each record as posts or a problem that says where it stood."""
    read = reader.read
    for what, number, record in found:
        if type(record) is Broken:
            yield problem(f"{what} {number}", record.reason, record.item)
            continue
        try:
            result = read(record, about)
            if type(result) is SeenPost:
                yield result
            elif result is not None:
                yield from _several(result, f"{what} {number}")
        except ParseError as error:
            yield problem(f"{what} {number}", error.message, record)
        except _ODDITIES as error:  # a field of a shape that nobody foresaw
            yield problem(f"{what} {number}", _sentence(error), record)


def _several(result: Any, where: str) -> Iterator[SeenPost | Problem]:
    for item in [result] if isinstance(result, Problem) else result:
        yield problem(where, item.error, item.item) if isinstance(item, Problem) else item


def _sentence(error: Exception) -> str:
    plain = type(error) is ValueError and str(error)
    return str(error) if plain else f"is of a form that was not foreseen ({error!r})"


def packed(record: Any) -> bytes:
    """A record as JSON again, for the reader of a whole answer."""
    try:
        return orjson.dumps(record)
    except TypeError:  # halves of surrogate pairs, and numbers beyond 64 bits
        return json.dumps(record).encode()


def problem(where: str, what: str, item: object) -> Problem:
    """`item` is the raw record or its start."""
    shown = item[: 4 * _SHOWN].decode("utf-8", "replace") if isinstance(item, bytes) else _shown(item)
    return Problem(f"{where}: {what}", shown.strip()[:_SHOWN])


def _shown(item: object) -> str:
    if isinstance(item, str):
        return item
    try:
        return packed(item)[: 4 * _SHOWN].decode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError):
        return str(item)[:_SHOWN]
