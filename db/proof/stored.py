"""Are the bytes of captures and media those that were fetched? Read one at a time: a film may be large."""

import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from db.blobs import ERASED, LEVEL
from db.models import Blob, Capture, MediaFile
from db.proof import erased
from db.slices import slices
from db.upsert import table

_blob, _capture, _media = table(Blob), table(Capture), table(MediaFile)
_HEAD = zlib.compress(b"", LEVEL)[:2]  # how all that we pack begins
_SUM = 4  # bytes at the end of packed ones: their checksum
_LEAST = 8  # bytes of nothing, packed
_PIECE = 1 << 20


def problems(session: Session) -> Iterator[str | None]:
    """One answer a blob, None where it is well."""
    forgotten = erased.erased_blobs(session)
    names = select(_blob.c.sha256)
    for rows in slices(session, names, _blob.c.sha256):
        for name in rows:
            row = session.execute(select(_blob).where(_blob.c.sha256 == name["sha256"])).mappings().one()
            yield _problem(row, forgotten)


def lost(session: Session) -> str | None:
    """A capture or file whose bytes are not there."""
    return _lost(session, "capture", _capture) or _lost(session, "media", _media)


def _problem(row: Any, forgotten: set[str]) -> str | None:
    name = row["sha256"]
    if row["codec"] == ERASED:
        if row["body"]:
            return f"the bytes {name} were erased and are still there"
        return (
            None if name in forgotten else f"the bytes {name} are gone, and no erasure says that they were erased"
        )
    body, intact = row["body"], False
    if row["codec"] == "plain":
        intact = len(body) == row["size"] and sha256(body).hexdigest() == name
    elif row["codec"] == "zlib":
        intact = len(body) >= _LEAST and _unpacks(body, row["size"], name)
    return None if intact else f"capture {name} is not the bytes that were fetched"


def _unpacks(body: bytes, size: int, name: str) -> bool:
    """Whether `body` is these bytes, packed as we pack: no bit is free to say something else."""
    total, count = sha256(), 0
    try:
        open_ = zlib.decompressobj()
        early = body[: -_SUM - 1]
        for piece in _pieces(open_, early):
            total.update(piece)
            count += len(piece)
        loose = _loose(open_.copy(), body)
        rest = open_.decompress(body[-_SUM - 1 :])
        total.update(rest)
        whole = open_.eof and not open_.unused_data and body[:2] == _HEAD
    except zlib.error:
        return False
    return whole and not loose and count + len(rest) == size and total.hexdigest() == name


def _pieces(open_: Any, packed: bytes) -> Iterator[bytes]:
    while packed:
        yield open_.decompress(packed, _PIECE)
        packed = open_.unconsumed_tail


def _loose(open_: Any, body: bytes) -> bool:
    """Whether the last byte before the checksum ends in a bit that says nothing: zlib leaves these at 0."""
    last = body[-_SUM - 1]
    if not last:
        return False
    without = last & ~(1 << (last.bit_length() - 1))
    try:
        open_.decompress(bytes([without]) + body[-_SUM:])
    except zlib.error:
        return False
    return bool(open_.eof)


def _lost(session: Session, kind: str, owner: Any) -> str | None:
    there = select(_blob.c.sha256).where(_blob.c.sha256 == owner.c.sha256).exists()
    statement = select(owner.c.id).where(owner.c.sha256.is_not(None), ~there).order_by(owner.c.id).limit(1)
    found = session.execute(statement).scalar()
    return f"the bytes of {kind}/{found} are not there" if found is not None else None
