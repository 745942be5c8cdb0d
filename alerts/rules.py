"""The rules that speak of many posts or of none: more than N within T, unusual, silence.

Each rule is judged on the archive as it is now, in a read of its own; where it speaks, one write keeps its new
state and makes a delivery for each subscriber, if nobody else did so before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from alerts import body, judging
from alerts.channel import Office
from alerts.judging import Judged
from alerts.links import Links
from core.alert import Rule
from core.cadence import When
from core.errors import BadRequest, NoRoom
from db import alerts, deliveries, forms, hits, ledger, watched
from db.database import Database
from db.query import PostQuery
from db.upsert import Row

log = structlog.get_logger("kle.alerts")
KIND = "rule"
_EVERY = {"more_than": timedelta(minutes=5), "unusual": timedelta(minutes=5), "silence": timedelta(minutes=10)}


@dataclass(frozen=True, slots=True)
class Spoken:
    """The rule's next state; `body` of the message where it speaks."""

    state: dict[str, Any]
    body: dict[str, Any] | None


def judged(session: Session, alert: Any, now: datetime) -> Judged:
    """Raises QueryError where its query names what the archive has no more."""
    rule, query = Rule.model_validate(alert.rule), PostQuery.build(alert.query)
    if rule.kind == "more_than":
        assert rule.within is not None and rule.count is not None
        at = hits.moments(session, hits.between(query, now - rule.within, now))
        return judging.more_than(alert.state, at, rule.count, rule.within, now)
    looked = watched.watched(session, query, now)
    if rule.kind == "unusual":
        span = (judging.PAST_DAYS + 1) * judging.DAY
        return judging.unusual(
            alert.state, hits.moments(session, hits.between(query, now - span, now)), looked, now
        )
    at = hits.moments(session, hits.between(query, now - judging.YEAR, now))
    return judging.silence(alert.state, at, looked, now)


def speak(session: Session, alert: Any, found: Judged, now: datetime, links: Links) -> Spoken | None:
    """What is to be said of that judgement; None where nothing changed."""
    if found.state is None:
        return None
    return Spoken(found.state, _body(session, alert, found, now, links) if found.explained else None)


def _body(session: Session, alert: Any, found: Judged, now: datetime, links: Links) -> dict[str, Any]:
    query = hits.between(PostQuery.build(alert.query), found.after, now)
    newest = forms.posts(session, hits.newest(session, query))
    return body.message(
        f"alert.{alert.rule['kind']}",
        alert,
        links,
        now,
        explained=found.explained,
        figures=found.figures,
        posts=[body.told_post(post, (), {}, {}, links) for post in newest],
        search=links.search(query.written()),
    )


# -- one tick ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Looked:
    """When a rule was judged, at which line of the ledger, and what that told."""

    alert: Any
    at: datetime
    line: int
    found: Judged


@dataclass
class Memory:
    """What a process knows of its last ticks. It may be lost: then everything is judged once more."""

    looked: dict[int, _Looked] = field(default_factory=dict)
    standing: dict[int, Any] = field(default_factory=dict)
    stamp: str | None = None

    def read(self, session: Session) -> None:
        """Know the rules that stand."""
        stamp = alerts.stamp(session)
        if stamp == self.stamp:
            return
        self.standing = {a.id: a for a in alerts.standing(session) if a.rule.get("kind") in _EVERY}
        self.looked = {number: self.looked[number] for number in self.standing if number in self.looked}
        self.stamp = stamp

    def is_due(self, alert: Any, line: int, now: datetime) -> bool:
        """A line of the ledger speaks for one post, so that fewer lines than there is room change nothing."""
        last = self.looked.get(alert.id)
        kind = alert.rule["kind"]
        if last is None or last.alert != alert or not last.at <= now < last.at + _EVERY[kind]:
            return True
        if kind != "more_than":
            return False
        falls_at = last.found.again_at
        return line - last.line >= last.found.room if falls_at is None else now >= falls_at


def look(database: Database, office: Office, now: datetime, memory: Memory | None = None) -> int:
    """Judge all rules that are due; how many messages were made."""
    memory = memory or Memory()
    with database.read() as session:
        line = ledger.head(session)[0]
        memory.read(session)
    due = [alert for alert in memory.standing.values() if memory.is_due(alert, line, now)]
    return sum(_safely_looked(database, office.links, alert, line, now, memory) for alert in due)


def _safely_looked(database: Database, links: Links, alert: Any, line: int, now: datetime, memory: Memory) -> int:
    """One rule that cannot be judged must not keep the others from being."""
    try:
        return _looked(database, links, alert, line, now, memory)
    except (SQLAlchemyError, NoRoom):  # of all of them
        raise
    except Exception:
        log.exception("a rule broke", alert=alert.id)
        memory.looked[alert.id] = _Looked(alert, now, line, Judged(room=1))
        return 0


def _looked(database: Database, links: Links, alert: Any, line: int, now: datetime, memory: Memory) -> int:
    try:
        with database.read() as session:
            found = judged(session, alert, now)
            spoken = speak(session, alert, found, now, links)
    except BadRequest as error:  # a topic or source that its query names is gone
        log.warning("alert cannot be judged", alert=alert.id, query=alert.query, error=error.message)
        found, spoken = Judged(room=1), None
    memory.looked[alert.id] = _Looked(alert, now, line, found)
    if spoken is None:
        return 0
    with database.write() as session:
        if not alerts.step(session, alert, spoken.state):
            memory.stamp = None  # it is not what it was: all are read again
            return 0
        rows = list(_deliveries(session, alert, spoken.body, now)) if spoken.body else []
        deliveries.make(session, rows)
        memory.standing[alert.id] = memory.looked[alert.id].alert = alerts.get(session, alert.id)
    return len(rows)


def _deliveries(session: Session, alert: Any, said: dict[str, Any], now: datetime) -> Iterator[Row]:
    """One for each subscriber who said yes, to be sent when the alert may speak."""
    not_before = When.parse(alert.cadence, alert.quiet).due(now)
    for subscription in alerts.subscriptions(session, [alert.id]):
        if subscription.confirmed_at is not None:
            yield deliveries.message(KIND, subscription.subscriber_id, alert.id, said, now, not_before)
