"""How doubtful a post's tags are: what `sort=uncertain` orders by, kept as a column so that an index serves it.

A topic's doubt is the distance of its probability from its threshold on the scale of log odds, where 0.02 from 0.04
is as far as 0.50 from 0.67. A post's is that of the nearest of its topics that are unsure; a topic that a person
decided is not unsure any more.
"""

import math
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, bindparam, select, update
from sqlmodel import Session

from db.models import Post, Tag
from db.upsert import among, table

_SCALE = 1_000_000  # whole numbers, so that a cursor can name one
_EDGE = 1e-9  # a probability of 0 or 1 has no odds
_post, _tag = table(Post), table(Tag)


def doubt(probability: float, threshold: float) -> int:
    """Millionths of log odds between the two; 0 is as doubtful as can be."""
    return round(abs(_log_odds(probability) - _log_odds(threshold)) * _SCALE)


def _log_odds(probability: float) -> float:
    inside = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))


def unsure() -> Select[Any]:
    """(post_id, probability, threshold) of unsure tags in force; where a text was erased nobody can decide."""
    there = and_(_post.c.id == _tag.c.post_id, _post.c.erasure_id.is_(None))
    statement = select(_tag.c.post_id, _tag.c.probability, _tag.c.threshold).join_from(_tag, _post, there)
    return statement.where(_tag.c.valid_to.is_(None), _tag.c.decision == "unsure")


def refresh(session: Session, post_ids: Collection[int]) -> None:
    """Make the column of these posts say what their tags in force say."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(unsure().where(among(session, _tag.c.post_id, post_ids))):
        found[row.post_id].append(doubt(row.probability, row.threshold))
    stale = select(_post.c.id, _post.c.doubt).where(among(session, _post.c.id, post_ids))
    rows = [{"key": r.id, "now": min(found[r.id], default=None), "was": r.doubt} for r in session.execute(stale)]
    changed = [{"key": r["key"], "now": r["now"]} for r in rows if r["now"] != r["was"]]
    if changed:
        statement = update(_post).where(_post.c.id == bindparam("key")).values(doubt=bindparam("now"))
        session.connection().execute(statement, changed)
