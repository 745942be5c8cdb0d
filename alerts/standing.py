"""The alerts that stand now, as one process holds them: their queries ready to be matched, and who hears of them.

Read anew when an alert or a subscription changed, in this process or another one; a query is parsed once.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlmodel import Session

from alerts.match import Said, Standing
from core.cadence import When
from core.errors import BadRequest
from db import alerts, coming, query
from db.alerts import Hearing
from db.coming import Coming
from db.language import Tree
from db.query import PostQuery
from db.then import Coming as View

_SAMPLE = 500  # newest posts by which it is known which words are rare
log = structlog.get_logger("kle.alerts")


@dataclass(frozen=True, slots=True)
class Alert:
    """One that stands. `query` is as it was written."""

    id: int
    query: PostQuery
    when: When
    tells_edits: bool
    max_age: timedelta
    hearings: Sequence[Hearing]

    @classmethod
    def of(cls, row: Any, query: PostQuery, hearings: Sequence[Hearing]) -> "Alert":
        when, age = When.parse(row.cadence, row.quiet), timedelta(seconds=row.max_age_seconds)
        return cls(row.id, query, when, row.tells_edits, age, hearings)

    def in_time(self, post: Coming) -> bool:
        """Whether its bounds take this post."""
        since, until = self.query.since, self.query.until
        return not ((since and post.created_at < since) or (until and post.created_at >= until))


@dataclass(slots=True)
class Book:
    """Held from round to round."""

    alerts: dict[int, Alert] = field(default_factory=dict)
    standing: Standing = field(default_factory=lambda: Standing({}))
    _stamp: str | None = None
    _trees: dict[str, tuple[PostQuery, Tree | None]] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)

    def read(self, session: Session) -> None:
        """Be what the rows say. A query that asks for what is there no more, such as a topic that was taken out of
        kle.toml, tells nothing until it is there again."""
        stamp = alerts.stamp(session)
        if stamp == self._stamp and not any(_ready(session, q, warns=False) for q in self._broken):
            return
        heard: dict[int, list[Hearing]] = defaultdict(list)
        for hearing in alerts.hearings(session):
            heard[hearing.alert_id].append(hearing)
        rows = [row for row in alerts.standing(session) if heard[row.id] and row.rule["kind"] == "posts"]
        texts = {row.query for row in rows}
        self._trees = {q: tree for q in texts if (tree := self._trees.get(q) or _ready(session, q))}
        self._broken = texts - self._trees.keys()
        known = (_known(row, self._trees[row.query][0], heard[row.id]) for row in rows if row.query in self._trees)
        self.alerts = {alert.id: alert for alert in known if alert}
        trees = {row.id: self._trees[row.query][1] for row in rows if row.id in self.alerts}
        self.standing = Standing(trees, _usual(session))
        self._stamp = stamp

    def matching(self, post: Coming) -> list[Alert]:
        """Those that this post matches; one that waits for tags may match more when they are there."""
        found = (self.alerts[number] for number in self.standing.matches(said(post)))
        return [alert for alert in found if alert.in_time(post)]


def said(post: Coming) -> Said:
    return Said(post.words, post.tokens, post.pending, post.scores, post.counts, post.created_at)


def _known(row: Any, asked: PostQuery, hearings: Sequence[Hearing]) -> Alert | None:
    """None where its times cannot be read any more: a newer list of time zones may lack its place."""
    try:
        return Alert.of(row, asked, hearings)
    except BadRequest as error:
        log.warning("an alert cannot be timed any more", alert=row.id, reason=error.message)
        return None


def _ready(session: Session, written: str, *, warns: bool = True) -> tuple[PostQuery, Tree | None] | None:
    """Parsed and looked up."""
    try:
        asked = PostQuery.build(written)
        return asked, query.resolved(session, asked, View(session))
    except BadRequest as error:
        if warns:
            log.warning("an alert's query does not hold any more", query=written, reason=error.message)
        return None


def _usual(session: Session) -> Counter[str]:
    found: Counter[str] = Counter()
    for post in coming.usual(session, _SAMPLE):
        found.update(said(post).keys)
    return found
