"""One round of matching: what the ledger says behind the last line that was matched becomes rows that wait.

All that a round finds is read and compared first; then its rows and its new place are written in one transaction,
and only if no other matcher came before. So a round that dies is done again, and one that is done twice tells once.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from alerts.match import Said
from alerts.reasons import Post, reasons
from alerts.standing import Alert, Book, said
from db import alerts, coming, forms, ledger, told
from db.coming import Coming, News
from db.database import Database
from db.told import Match

LINES = 1000  # of the ledger that one round reads
GRACE = timedelta(seconds=15)  # in which a model may still read what matches by its words
LATE = timedelta(minutes=1)  # in which what is found late gathers


@dataclass(frozen=True, slots=True)
class Found:
    """`edited` has the numbers of the alerts that match a post as it is after its edit."""

    matches: Sequence[Match]
    edited: Mapping[int, Collection[int]]


@dataclass(slots=True)
class Matcher:
    """`tagging`: a model reads what comes."""

    database: Database
    tagging: bool
    book: Book = field(default_factory=Book)

    def round(self, now: datetime) -> int:
        """How many lines of the ledger were gone through; 0 where there is nothing new."""
        with self.database.read() as session:
            old = alerts.place(session)
            if old is not None:
                lines = ledger.lines_after(session, old, LINES)
                if not lines:
                    return 0
                self.book.read(session)
                found = self.look(session, lines, now)
                last = lines[-1].seq if self.book.alerts else ledger.head(session)[0]
        with self.database.write() as session:
            if old is None:
                alerts.begin(session)  # what stands now is nobody's news
            elif alerts.advance(session, old, last):
                # who ended one meanwhile is heard, who ends one now waits for these rows
                alerts.keep_still(session)
                told.tell(session, found.matches)
                told.withdraw(session, found.edited, self.book.alerts)
        return 0 if old is None else len(lines)

    def look(self, session: Session, lines: Sequence[Any], now: datetime) -> Found:
        """What these lines of the ledger have to tell to whom, by the alerts of the book."""
        if not self.book.alerts:
            return Found([], {})
        news = coming.news(session, lines)
        posts = coming.posts(session, news, tagging=self.tagging)
        matching = {post.id: self.book.matching(post) for post in posts}
        edited = {post.id: {alert.id for alert in matching[post.id]} for post in posts
                  if news[post.id].edit and not post.pending}  # fmt: skip
        found = [post for post in posts if matching[post.id]]
        shown = dict(zip((p.id for p in found), forms.posts(session, [p.id for p in found]), strict=True))
        matches: list[Match] = []
        for post in found:
            words = said(post)
            for alert in matching[post.id]:
                matches += _of(alert, post, words, shown[post.id], news[post.id], now)
        return Found(matches, edited)


def _of(alert: Alert, post: Coming, words: Said, shown: Post, news: News, now: datetime) -> Iterator[Match]:
    """What each subscriber of the alert is told of this post."""
    seen = min(news.at, now)  # a line of the ledger may be of a clock that went ahead, and those behind it too
    late = seen - post.created_at > alert.max_age and not news.edit
    due = alert.when.due(now + LATE if late else now + GRACE if post.pending else now)
    why = None
    for hearing in alert.hearings:
        is_new = post.first_version > hearing.from_version
        edited = news.edit if news.edit and alert.tells_edits and news.edit[1] > hearing.from_version else None
        if is_new or edited:
            why = why if why is not None else reasons(alert.query, words, shown)
            edition = edited[0] if edited else 0
            yield Match(hearing.subscriber_id, post.id, edition, alert.id, why, late, due)
