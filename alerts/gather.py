"""What is due becomes messages: one for all that one alert has to tell one subscriber, its list and body fixed.

Bodies are read and compared first; then they are written in one transaction, where nothing changed meanwhile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from types import SimpleNamespace
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from alerts import body
from alerts.desk import Desk
from db import alerts, deliveries, told
from db.database import Database
from db.told import Group

GROUPS = 200  # that are made messages of in one transaction
FLOOD, PAUSE = 3, timedelta(seconds=20)  # messages in a minute, after which the next one gathers what comes
MANY, CALM = 10, timedelta(seconds=3)  # so many posts wait until nothing more came for so long
MOST = 2000  # posts of one message: more are several, one right behind the other
MINUTE = timedelta(minutes=1)
LATE_EVERY = timedelta(hours=1)  # digests of what was found late
BROKEN = timedelta(minutes=10)  # after which it is tried again to say what could not be said
log = structlog.get_logger("kle.alerts")


def take_up(database: Database, desk: Desk, now: datetime) -> int:
    """How many messages were made."""
    with database.read() as session:
        groups = list(islice(_free(session, told.due(session, now), now), GROUPS))
        if not groups:
            return 0
        drafts, failed = _drafts(session, groups, desk, now)
    with database.write() as session:
        told.put_off(session, failed, now, now + BROKEN)
        return sum(_keep(session, draft, now) for draft in drafts)


def _free(session: Session, groups: Sequence[Group], now: datetime) -> Iterator[Group]:
    """Without those that have to wait: no hit is left out, but a flood gathers in one message."""
    if not groups:
        return
    who = {group.subscriber_id for group in groups}
    lately = {
        False: deliveries.recent(session, who, now - MINUTE, now, late=False),
        True: deliveries.recent(session, who, now - LATE_EVERY, now, late=True),
    }
    for group in groups:
        if _still_comes(group, now):
            continue
        count, last = lately[group.late].get((group.subscriber_id, group.alert_id), (0, now))
        left_over = group.first <= last  # of what was too much for one message
        if not count or left_over or (not group.late and (count < FLOOD or last <= now - PAUSE)):
            yield group


def _still_comes(group: Group, now: datetime) -> bool:
    """Many at once are of one import or one look, which goes on: they are told together, in time all the same."""
    return not group.late and group.count >= MANY and group.last > now - CALM and group.first > now - PAUSE


@dataclass(frozen=True, slots=True)
class _Draft:
    group: Group
    rows: Sequence[Any]
    body: dict[str, Any]


def _drafts(
    session: Session, groups: Sequence[Group], desk: Desk, now: datetime
) -> tuple[list[_Draft], list[Group]]:
    """And those of which none could be made: one post that cannot be told must not keep all others waiting."""
    found = [(group, rows[:MOST]) for group in groups if (rows := told.waiting(session, group, now))]
    numbers = {one["alert"] for _, rows in found for row in rows for one in row.why}
    known = alerts.by_id(session, numbers | {group.alert_id for group in groups})
    named = {number: row.name for number, row in known.items()}
    hears = told.hearing(session, {group.subscriber_id for group in groups})
    drafts, failed = [], []
    for group, rows in found:
        spoken = [_spoken(row, hears) for row in rows]
        alert, links = known[group.alert_id], desk.office.links
        try:
            said = body.of_posts(session, alert, spoken, named, links, now, late=group.late)
        except SQLAlchemyError:  # of all of them
            raise
        except Exception:
            log.exception("a message cannot be made", alert=group.alert_id, subscriber=group.subscriber_id)
            failed.append(group)
        else:
            drafts.append(_Draft(group, rows, said))
    return drafts, failed


def _spoken(row: Any, hears: told.Hears) -> Any:
    """Without the reasons of alerts that may not speak: what somebody asked for whom we do not know, and what who
    is told did not agree to, is in no message."""
    why = [one for one in row.why if hears.get((row.subscriber_id, one["alert"]))]
    return SimpleNamespace(post_id=row.post_id, edition=row.edition, why=why)


def _keep(session: Session, draft: _Draft, now: datetime) -> bool:
    """False where the rows are not as they were read: then the next round makes it."""
    rows = told.waiting(session, draft.group, now, hold=True)[: len(draft.rows)]
    if [(row.id, row.why) for row in rows] != [(row.id, row.why) for row in draft.rows]:
        return False
    kind = "late" if draft.group.late else "posts"
    made = deliveries.message(kind, draft.group.subscriber_id, draft.group.alert_id, draft.body, now)
    (number,) = deliveries.make(session, [made])
    told.take(session, [row.id for row in rows], number)
    return True
