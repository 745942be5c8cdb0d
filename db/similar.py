"""Posts that are near to one in meaning, among those that a query selects: exact, the nearest first."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import select
from sqlmodel import Session

from core.errors import BadRequest, KleError, NotFound, NotReady
from db import vectors
from db.matches import matches
from db.models import Post
from db.near import Keys, Meaning, Near, View
from db.query import PostQuery
from db.upsert import table
from db.vectors import Floats

FEW = 50_000  # matches up to which only their own vectors are compared
_post = table(Post)


def similar(
    session: Session, meaning: Meaning, key: int, query: PostQuery, *, reads: bool = True
) -> Iterator[list[Near]]:
    """(post, cosine) of what `query` selects, save this post itself, the nearest first, some at a time.

    Raises BadRequest for a query of before, NotFound for a post without a text or, where no model `reads` for this
    archive, without a vector; NotReady for one that was not read yet.
    """
    if query.as_of:
        raise BadRequest("similar posts are found by what posts say now: leave as_of out", parameter="as_of")
    row = vectors.of(session, key)
    if row is None:
        raise _lacking(session, key, reads)
    vector = np.frombuffer(row.vector, np.int8).astype(np.float32)
    asks = query.tree is not None or query.since or query.until
    keys = matches(session, query).column("key") if asks else None
    if not vector.any():
        return iter(())
    parts = _nearest(session, meaning.view(session, row.encoder_id), vector, keys)
    return ([pair for pair in part if pair[0] != key] for part in parts)


def _lacking(session: Session, key: int, reads: bool) -> KleError:
    if session.execute(select(_post.c.erasure_id).where(_post.c.id == key)).scalar() is not None:
        return NotFound("its text was erased: there is nothing left that others could be similar to")
    if not reads:
        return NotFound(
            "its text was not read for its meaning, and nobody here does: KLE_MODEL is none, or a model of another "
            "maker. The shipped model does"
        )
    return NotReady("its text waits to be read for its meaning: try again in a minute", retry_after=60)


def _nearest(session: Session, view: View, vector: Floats, keys: Keys | None) -> Iterator[list[Near]]:
    """Among the posts of these keys, or all: erased ones have no vectors."""
    if keys is None:
        return view.ranked(session, view.cosines(vector))
    rows = view.rows_of(keys)
    rows = rows[rows >= 0]
    cosines = view.cosines_of(rows, vector) if len(rows) <= FEW else view.cosines(vector)[rows]
    return view.ranked(session, cosines, rows)
