"""Vectors: what the current version of each post means, read by an encoder, a byte a dimension.

A vector has length 1; its numbers are kept as whole ones of one scale. The cosine of two such vectors is that of
the whole numbers, so the scale itself is needed nowhere. A text that says nothing has the vector 0, which is near
to none. A vector can be turned back into words: it goes when its text goes.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, delete, func, or_, select, text
from sqlmodel import Session

from db.current import CURRENT
from db.models import Embedding, Encoder, Post, Version
from db.upsert import Row, insert_quietly, is_sqlite, table

SCALE = 600.0
"""What a number is multiplied with: the largest among 2,500 posts, 0.208, just fits into a byte."""
_MOST = 127
_HELD = 0x6B6C6576  # the advisory lock of who writes vectors
Floats = NDArray[np.float32]
_post, _version, _embedding, _encoder = table(Post), table(Version), table(Embedding), table(Encoder)
# a version that may have a vector: current, judged, and with its text still there
READY = and_(_version.c.tag_priority.is_(None), _version.c.erasure_id.is_(None), _post.c.erasure_id.is_(None))


def packed(vector: Floats) -> bytes:
    whole: NDArray[np.int8] = np.clip(np.rint(np.asarray(vector) * SCALE), -_MOST, _MOST).astype(np.int8)
    return whole.tobytes()


def checksum(row: Mapping[Any, Any]) -> int:
    """Whether a bit of the row was turned over, shows here: no line of the ledger speaks for a vector."""
    of = " ".join(str(row[name]) for name in ("post_id", "version_id", "encoder_id"))
    return zlib.crc32(bytes(row["vector"]), zlib.crc32(of.encode()))


# -- writing ------------------------------------------------------------------------------------------------


def encoder(session: Session, digest: str) -> int:
    """The id under which this encoder's vectors stand."""
    insert_quietly(session, Encoder, [{"digest": digest}])
    return int(session.execute(select(_encoder.c.id).where(_encoder.c.digest == digest)).scalar_one())


def put(session: Session, digest: str, read: Mapping[int, Floats]) -> int:
    """Keep the vectors of these versions, as the encoder with this digest read them; how many are new.

    A version that is not its post's current one any more, or waits for its tags again, has none.
    """
    return _put(session, digest, {number: packed(vector) for number, vector in read.items()})


def bring(there: Session, here: Session, theirs: Sequence[int], ours: Sequence[int]) -> int:
    """Take over what these posts of another archive mean, for those posts of ours that say the same; how many.

    A vector follows from its text and encoder alone; reading it anew takes a hundred times as long.
    """
    columns = _version.c.text_sha256, _encoder.c.digest, _embedding.c.vector
    said = select(*columns).join_from(_embedding, _version).join(_encoder, _encoder.c.id == _embedding.c.encoder_id)
    known = {row.text_sha256: row for row in there.execute(said.where(_embedding.c.post_id.in_(theirs)))}
    lacking = select(_version.c.id, _version.c.text_sha256).join_from(_post, _version, CURRENT)
    lacking = lacking.join(_embedding, _embedding.c.post_id == _post.c.id, isouter=True)
    rows = here.execute(lacking.where(_post.c.id.in_(ours), READY, _embedding.c.id.is_(None)))
    found: dict[str, dict[int, bytes]] = {}
    for row in rows:
        if row.text_sha256 in known:
            told = known[row.text_sha256]
            found.setdefault(told.digest, {})[row.id] = bytes(told.vector)
    return sum(_put(here, digest, read) for digest, read in found.items())


def _put(session: Session, digest: str, read: Mapping[int, bytes]) -> int:
    if not read:
        return 0
    mine, encoder_id = _of_versions(session, sorted(read)), encoder(session, digest)
    there = select(_embedding.c.version_id).where(_embedding.c.post_id.in_(mine.values()))
    known = set(session.execute(there.where(_embedding.c.encoder_id == encoder_id)).scalars())
    rows = [
        _row(post_id, version_id, encoder_id, read[version_id])
        for version_id, post_id in mine.items()
        if version_id not in known
    ]
    _replace(session, rows)
    return len(rows)


def drop(session: Session, post_ids: Sequence[int]) -> None:
    """Take away what these posts meant: another text stands there, or none."""
    if post_ids:
        session.execute(delete(_embedding).where(_embedding.c.post_id.in_(post_ids)))


def move(session: Session, old_id: int, post_id: int) -> None:
    """The post has another key: as a new row, so that who follows hears of it."""
    old = session.execute(select(_embedding).where(_embedding.c.post_id == old_id)).first()
    if old:
        drop(session, [old_id])
        _replace(session, [_row(post_id, old.version_id, old.encoder_id, old.vector)])


def _row(post_id: int, version_id: int, encoder_id: int, vector: bytes) -> Row:
    row: Row = {"post_id": post_id, "version_id": version_id, "encoder_id": encoder_id, "vector": vector}
    return {**row, "checksum": checksum(row)}


def _replace(session: Session, rows: Sequence[Row]) -> None:
    """Ids become visible in their order, also where several write (PostgreSQL): who follows may go by them."""
    if not rows:
        return
    drop(session, [row["post_id"] for row in rows])
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _HELD})
    session.execute(table(Embedding).insert(), list(rows))


def _of_versions(session: Session, version_ids: Sequence[int]) -> dict[int, int]:
    """Version -> post, of those that may have a vector; nobody else changes these posts until we are done."""
    posts = select(_version.c.post_id).where(_version.c.id.in_(version_ids))
    held = select(_post.c.id).where(_post.c.id.in_(posts)).order_by(_post.c.id)
    session.execute(held.with_for_update(key_share=True)).all()
    statement = select(_version.c.id, _version.c.post_id).join_from(_version, _post, CURRENT)
    rows = session.execute(statement.where(_version.c.id.in_(version_ids), READY).order_by(_version.c.post_id))
    return {row.id: row.post_id for row in rows}


# -- what is missing ----------------------------------------------------------------------------------------


def missing(
    session: Session, digest: str, below: int | None, width: int
) -> tuple[list[tuple[int, str]], int | None]:
    """(version, text) without a vector of this encoder among the next `width` posts below this key, newest first;
    and the key to go on below, None where none is left."""
    known = select(_encoder.c.id).where(_encoder.c.digest == digest).scalar_subquery()
    posts = select(_post.c.id).where(*([] if below is None else [_post.c.id < below]))
    keys = list(session.execute(posts.order_by(_post.c.id.desc()).limit(width)).scalars())
    if not keys:
        return [], None
    other = or_(_embedding.c.id.is_(None), _embedding.c.encoder_id != func.coalesce(known, -1))
    statement = (
        select(_version.c.id, _version.c.text)
        .join_from(_post, _version, CURRENT)
        .join(_embedding, _embedding.c.post_id == _post.c.id, isouter=True)
        .where(_post.c.id.between(keys[-1], keys[0]), READY, other)
        .order_by(_post.c.id.desc())
    )
    found = [(row.id, row.text) for row in session.execute(statement)]
    return found, keys[-1] if len(keys) == width else None


# -- reading ------------------------------------------------------------------------------------------------


def of(session: Session, post_id: int) -> Any | None:
    """The row of this post's vector."""
    return session.execute(select(_embedding).where(_embedding.c.post_id == post_id)).first()


def number(session: Session, digest: str) -> int | None:
    """The id of an encoder, None where none of its vectors stand here."""
    found = session.execute(select(_encoder.c.id).where(_encoder.c.digest == digest)).scalar()
    return int(found) if found is not None else None
