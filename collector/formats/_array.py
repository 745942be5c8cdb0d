"""JSON arrays in pieces: where their items end, so that a large one is cut and a broken one is read up to there."""

import json
import re
from collections.abc import Generator, Iterator
from typing import Any

import orjson

from core.errors import ParseError

# A string as a whole, so that brackets inside it are not seen; one that the buffer cuts off reaches to its end.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.S)
_SCRIPT = re.compile(rb"\s*(?:window\.|var\s+|const\s+)?([A-Za-z_$][\w$.]*)\s*=\s*(?=[\[{])")
_OPENING = frozenset(b"[{")


def variable(body: bytes) -> str:
    """`YTD.tweets.part0` of a script that sets window.YTD.tweets.part0 = [...]; "" for what is no such script."""
    found = _SCRIPT.match(body[:1000])
    return found[1].decode("ascii", "replace") if found else ""


def inside(body: bytes) -> bytes:
    """What stands between the brackets of an array, or of a script that sets a variable to one."""
    found = _SCRIPT.match(body[:1000])
    return (body[found.end() :] if found else body).lstrip().removeprefix(b"[")


def spans(items: bytes, most: int = -1) -> Iterator[tuple[int, int]]:
    """Start and end of each object that is complete, until the array ends; at most `most` of them."""
    depth = start = 0
    for token in _TOKEN.finditer(items):
        sign = items[token.start()]
        if sign == 0x22:
            continue
        if sign in _OPENING:
            if depth == 0:
                start = token.start()
            depth += 1
            continue
        depth -= 1
        if depth < 0 or most == 0:
            return
        if depth == 0:
            most -= 1
            yield start, token.end()


def complete(items: bytes) -> tuple[int, int]:
    """Where the last complete object ends, and how many there are; (0, 0) where there is none."""
    count = end = 0
    for _, end in spans(items):  # noqa: B007  the last one counts
        count += 1
    return end, count


def values(body: bytes, *, first: bool, last: bool) -> Iterator[Any]:
    """The items of a slice, the `first` of which has the array's opening bracket and the `last` the closing one.

    Where it is broken: what can be read, then ParseError.
    """
    items = inside(body) if first else body.lstrip().removeprefix(b",")
    plain = items.rstrip().removesuffix(b";").rstrip()
    closed = plain.endswith(b"]")
    if last and not closed:
        yield from _salvaged(items)
        raise ParseError("this JSON array breaks off: its end is missing; what stands before that was read")
    try:
        found = orjson.loads(b"[" + plain.removesuffix(b"]").rstrip().removesuffix(b",") + b"]")
    except orjson.JSONDecodeError as error:
        whole = yield from _salvaged(items)
        if not whole:
            raise ParseError(f"this JSON array is malformed ({error}); what could be told apart was read") from None
        return
    yield from found


def _salvaged(items: bytes) -> Generator[Any, None, bool]:
    """Object by object; returns whether that is all there is."""
    sound, end = True, 0
    for start, stop in spans(items):
        sound = sound and not items[end:start].strip(b" \t\r\n,")
        end = stop
        try:
            yield loaded(items[start:stop])
        except ValueError:
            sound = False
    return sound and not items[end:].strip(b" \t\r\n,];")


def loaded(piece: bytes) -> Any:
    """One value. Raises ValueError. Escaped halves of surrogate pairs, which many programs write, are read too."""
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError as strict:
        try:
            return json.loads(piece)
        except (ValueError, RecursionError):
            raise strict from None
