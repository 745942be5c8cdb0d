"""Cursors: opaque to clients, checked when they come back."""

import base64
import binascii

import orjson

from core.errors import CursorError


def encode(kind: str, *place: int | str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([kind, *place])).decode().rstrip("=")


def decode(value: str, kind: str) -> list[int | str]:
    """The place that `encode` packed. Raises CursorError for anything that it did not make for this `kind`."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except (binascii.Error, ValueError):
        found = None
    sound = isinstance(found, list) and len(found) > 1 and all(isinstance(p, int | str) for p in found[1:])
    if not sound or found[0] != kind or abs(next((p for p in found if isinstance(p, int)), 0)) >= 1 << 63:
        raise CursorError(
            "this cursor is not one that this list handed out: begin again without it", parameter="cursor"
        )
    return list(found[1:])
