"""Row keys: `(unix seconds << 12) | sequence`; a second that is full spills into the next free key."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, column, func, select, values
from sqlmodel import Session

from db.models import Post
from db.query import KEY_BITS
from db.upsert import Row, among, insert_new, insert_quietly, is_sqlite, table

_post = table(Post)


def allocate(session: Session, seconds: Sequence[int]) -> list[int]:
    """A free key for each of these unix seconds, in their order.

    A second whose first key is free counts as empty; where that is wrong, or another writer is quicker, the insert
    takes nothing and the caller comes again.
    """
    crowded = {key >> KEY_BITS for key in _in_use(session, [s << KEY_BITS for s in set(seconds)])}
    tops = dict.fromkeys(seconds, None) | _tops(session, sorted(crowded))
    return [_next(session, second, tops) for second in seconds]


def _next(session: Session, second: int, tops: dict[int, int | None]) -> int:
    while True:
        if second not in tops:
            tops |= _tops(session, [second])
        top = tops[second]
        key = second << KEY_BITS if top is None else top + 1
        if key >> KEY_BITS == second:
            tops[second] = key
            return key
        second += 1


def _in_use(session: Session, keys: Sequence[int]) -> list[int]:
    return list(session.execute(select(_post.c.id).where(among(session, _post.c.id, keys))).scalars())


def _tops(session: Session, seconds: Sequence[int]) -> dict[int, int | None]:
    """The highest key in use of each second."""
    if not seconds:
        return {}
    wanted = values(column("first", BigInteger), name="wanted").data([(s << KEY_BITS,) for s in seconds]).cte()
    inside = (_post.c.id >= wanted.c.first) & (_post.c.id < wanted.c.first + (1 << KEY_BITS))
    top = select(func.max(_post.c.id)).where(inside).correlate(wanted).scalar_subquery()
    return {row.first >> KEY_BITS: row.top for row in session.execute(select(wanted.c.first, top.label("top")))}


def insert(session: Session, rows: Sequence[Row]) -> set[int]:
    """Insert posts; the keys of those that went in: another row may stand under a key by now."""
    if not is_sqlite(session):
        return {row.id for row in insert_new(session, Post, rows, [_post.c.id])}
    if insert_quietly(session, Post, rows) == len(rows):
        return {row["id"] for row in rows}
    # one writer: what stands under a key with our id went in just now
    wanted = {row["id"]: (row["platform"], row["platform_id"]) for row in rows}
    statement = select(_post.c.id, _post.c.platform, _post.c.platform_id).where(among(session, _post.c.id, wanted))
    return {r.id for r in session.execute(statement) if wanted[r.id] == (r.platform, r.platform_id)}
