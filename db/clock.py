"""What a clock that was set back must not disturb: what comes later has the later time.

Times are what this machine's clock said, but what follows on something never has a time before it: a version is not
older than the one before it, a tag ends no earlier than it began, and a line of the ledger is not older than the
line above it. So as long as a clock that went back has not caught up, `as_of` the time that it shows tells what was
known of a post before.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import Session

from db.models import Tag, Version
from db.upsert import among, table

INSTANT = timedelta(microseconds=1)
_tag, _version = table(Tag), table(Version)


def after_all_said(session: Session, versions: Mapping[int, int], now: datetime) -> dict[int, datetime]:
    """Version -> the moment of a new round of tags on it; `versions` leads to their posts.

    `now`, unless something was said of its post later than that, or the version itself was seen later.
    """
    said = select(_tag.c.post_id, func.max(_tag.c.valid_from).label("at"))
    said = said.where(among(session, _tag.c.post_id, set(versions.values()))).group_by(_tag.c.post_id)
    last = {row.post_id: row.at + INSTANT for row in session.execute(said)}
    seen = select(_version.c.id, _version.c.seen_at).where(among(session, _version.c.id, versions))
    return {row.id: max(now, row.seen_at, last.get(versions[row.id], now)) for row in session.execute(seen)}


def not_before(column: Any, moment: datetime) -> Any:
    """SQL: `moment`, or the time in `column` where that is later."""
    return case((column > moment, column), else_=moment)
