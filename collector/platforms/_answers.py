"""What the readers of JSON answers share: decoding, fields that may be anything, and an item's problem."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import orjson

from collector.reading import charset
from core import times
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

_SHOWN = 500
_MOST = 1 << 63  # counts that no database column holds
_ODDITIES = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
T = TypeVar("T")


def document(page: Page) -> Any:
    """The JSON of a page; JSON Lines are a list. Raises ParseError for what is neither."""
    text = charset.decode(page.body, page.headers.get("content-type", "")).strip()
    if not text:
        raise ParseError("this answer is empty: not one character came")
    if text[0] == "<":
        raise ParseError("this is a web page, not the JSON of this platform; is the address that of its server?")
    try:
        return loads(text)
    except ValueError as error:
        if text[0] == "{" and "\n{" in text:
            return _by_line(text)
        raise ParseError(f"this JSON breaks off or is malformed: {error}") from None


def _by_line(text: str) -> list[Any]:
    """A line that cannot be read is None: an item of no known form."""
    found: list[Any] = []
    for line in filter(str.strip, text.split("\n")):
        try:
            found.append(loads(line))
        except ValueError:
            found.append(None)
    if not any(isinstance(item, dict) for item in found):
        raise ParseError("this JSON breaks off or is malformed, and it is not JSON Lines either")
    return found


def loads(text: str) -> Any:
    """One JSON value. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as strict:  # escaped halves of surrogate pairs: valid to many servers
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise strict from None


def every(
    items: Iterable[Any],
    read: Callable[[Any], SeenPost | Problem | None],
    show: Callable[[Any], str] | None = None,
) -> Iterator[SeenPost | Problem]:
    """Each post once, unless it changed; an item of an unforeseen shape is a problem and the others go on."""
    seen: dict[str, SeenPost] = {}
    for item in items:
        found = sound(item, read)
        if isinstance(found, SeenPost):
            if seen.get(found.id) == found:
                continue
            seen[found.id] = found
        if found is not None:
            yield replace(found, item=show(item)) if show and isinstance(found, Problem) else found


def sound(item: Any, read: Callable[[Any], T]) -> T | Problem:
    """What `read` makes of `item`, or the problem that it had."""
    try:
        return read(item)
    except _ODDITIES as error:
        reason = str(error) if type(error) is ValueError else f"an item of a form that was not foreseen ({error!r})"
        return problem(reason, item)


def problem(reason: str, item: Any) -> Problem:
    return Problem(reason, shown(item))


def shown(item: Any) -> str:
    try:
        return charset.clean(json.dumps(item, ensure_ascii=False, default=str)[:_SHOWN])
    except (ValueError, RecursionError):
        return "an item that cannot be shown"


def table(item: Any, name: str) -> dict[str, Any]:
    """The object at `name`; {} where there is none."""
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, dict) else {}


def rows(item: Any, name: str) -> list[Any]:
    """The list at `name`; [] where there is none."""
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, list) else []


def tables(item: Any, name: str) -> list[dict[str, Any]]:
    return [row for row in rows(item, name) if isinstance(row, dict)]


def text(item: Any, name: str) -> str:
    """The string at `name` without what no text holds; "" where there is none."""
    value = item.get(name) if isinstance(item, dict) else None
    return charset.clean(value).strip() if isinstance(value, str) else ""


def number(item: Any, name: str) -> str:
    """An id, which some servers write as a number; "" where there is none."""
    value = item.get(name) if isinstance(item, dict) else None
    return str(value) if type(value) is int else text(item, name)


def needed(item: Any, name: str) -> str:
    """Raises ValueError where the string at `name` is missing, empty or something else."""
    if found := number(item, name):
        return found
    raise ValueError(f"{name} is missing, empty or no string")


def counts(item: Any, names: dict[str, str]) -> dict[str, int | None]:
    """`names` maps our metric to theirs; {} where they publish none of them."""
    found = {ours: _count(item.get(theirs)) for ours, theirs in names.items()}
    return found if any(value is not None for value in found.values()) else {}


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 <= value < _MOST else None


def moment(item: Any, name: str) -> datetime | None:
    """The time at `name`, None where there is none. Raises ValueError for one that cannot be read."""
    value = item.get(name) if isinstance(item, dict) else None
    if value is None or value == "":
        return None
    try:
        return times.parse(value)
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise ValueError(f"{name} {str(value)[:60]!r} is no time such as 2025-08-18T14:30:00Z") from None
