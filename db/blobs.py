"""The bytes of captures and media, once per content, packed where that saves room; and what became of them."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from db.models import Blob
from db.proof import digests
from db.upsert import insert_quietly, table

ERASED = "erased"
LEVEL = 3  # of zlib: bulk imports spend half the time of level 6 for a tenth more bytes
_PIECE = 1 << 18
_blob = table(Blob)


def keep(session: Session, body: bytes, codec: str = "zlib") -> str:
    """Keep these bytes, unless they are there or were erased; their SHA-256. `codec` is zlib, or plain for what is
    packed in itself."""
    digest = digests.sha256(body)
    if session.execute(select(_blob.c.sha256).where(_blob.c.sha256 == digest)).first() is None:
        packed = zlib.compress(body, LEVEL) if codec == "zlib" else body
        insert_quietly(session, Blob, [{"sha256": digest, "size": len(body), "codec": codec, "body": packed}])
    return digest


def find(session: Session, sha256: str) -> Any:
    """The row as it is kept; None where there is none."""
    return session.execute(select(_blob).where(_blob.c.sha256 == sha256)).mappings().first()


def pieces(row: Any) -> Iterator[bytes]:
    """The bytes of a row bit by bit, so that only the packed ones are in memory as a whole. Raises zlib.error."""
    if row["codec"] == "zlib":
        yield from _inflated(row["body"])
        return
    for start in range(0, len(row["body"]), _PIECE):
        yield row["body"][start : start + _PIECE]


def _inflated(packed: bytes) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    for start in range(0, len(packed), _PIECE):  # bit by bit too: what is left over is copied each time
        waiting = packed[start : start + _PIECE]
        while waiting:
            if inflate.eof:
                raise zlib.error("something stands behind its end")
            if piece := inflate.decompress(waiting, _PIECE):
                yield piece
            waiting = inflate.unconsumed_tail or inflate.unused_data
    if rest := inflate.flush():
        yield rest
    if not inflate.eof:
        raise zlib.error("it breaks off")


def opened(row: Any) -> bytes | None:
    """The bytes whole; None where they were erased."""
    return None if row["codec"] == ERASED else b"".join(pieces(row))


def intact(row: Any) -> bool:
    """Whether they are the bytes whose digest they stand under; of erased ones nobody can tell."""
    if row["codec"] == ERASED:
        return len(row["body"]) == 0
    total = hashlib.sha256()
    try:
        for piece in pieces(row):
            total.update(piece)
    except zlib.error:
        return False
    return bool(total.hexdigest() == row["sha256"])
