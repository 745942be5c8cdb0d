"""Exports that may still be downloaded hold no post that was erased since."""

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from db import exports
from db.models import Erasure
from db.upsert import table

_erasure = table(Erasure)


def left_over(session: Session) -> str | None:
    """The first one that does: its erasure should have withdrawn it."""
    for row in exports.kept(session):
        since = func.min(_erasure.c.at) > row.finished_at
        erased = session.execute(select(_erasure.c.post_id).group_by(_erasure.c.post_id).having(since)).scalars()
        gone = np.fromiter(erased, np.int64)
        if gone.size and np.isin(gone, exports.posts_of(session, row.id)).any():
            return f"export/{row.id} holds a post that was erased since, and was not withdrawn"
    return None
