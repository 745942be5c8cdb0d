"""Cursors: opaque to clients, checked when they come back."""

import base64
import binascii

import orjson

from core.errors import CursorError

NOT_OURS = "this cursor is not one that this list handed out: begin again without it"


def encode(kind: str, *place: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([kind, *place])).decode().rstrip("=")


def decode(value: str, kind: str, parts: int = 1) -> list[int]:
    """The place that `encode` packed, of so many `parts`. Raises CursorError for anything that it did not make for
    this `kind`."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except (binascii.Error, ValueError):
        found = None
    fits = isinstance(found, list) and len(found) == parts + 1 and found[0] == kind
    if not (fits and all(map(_is_place, found[1:]))):
        raise CursorError(NOT_OURS, parameter="cursor")
    return list(found[1:])


def _is_place(part: object) -> bool:
    return type(part) is int and abs(part) < 1 << 63  # what both databases take as a key
