"""Items that were put aside unread may name a post, or hold its words: they are emptied with it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import Session

from core import ids
from db.models import Quarantine
from db.upsert import table

EMPTIED = "put aside; what it held was erased with its post"
_LEAST = 12  # characters: fewer stand in other posts as well
_MOST = 60  # of a line: an item may be cut off behind them
_quarantine = table(Quarantine)


def forget(session: Session, post: Any, versions: Sequence[Any], addresses: Iterable[str]) -> None:
    if session.execute(select(_quarantine.c.id).limit(1)).first() is None:
        return
    needles = {ids.public_id(post["platform"], post["platform_id"]), *addresses}
    needles |= {post["platform_id"]} if len(post["platform_id"]) >= _LEAST else set()
    needles |= {form for row in versions for line in row["text"].splitlines() for form in _forms(line.strip())}
    said = [column.contains(x, autoescape=True) for x in sorted(needles) for column in _COLUMNS]
    session.execute(update(_quarantine).where(or_(*said)).values(item="", error=EMPTIED))


_COLUMNS = (_quarantine.c.item, _quarantine.c.error)


def _forms(line: str) -> set[str]:
    """A line as it is, and as JSON writes it."""
    start = line[:_MOST]
    return (
        {start, json.dumps(start)[1:-1], json.dumps(start, ensure_ascii=False)[1:-1]}
        if len(start) >= _LEAST
        else set()
    )
