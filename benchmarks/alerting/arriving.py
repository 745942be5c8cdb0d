"""From archived to delivered: posts come in at a pace and then in a burst while `kle up` tells of them.

Each alert has a webhook of its own. A post's time begins when the transaction that archived it is committed and
ends on the receiver's clock, both of one machine. Behind three messages of an alert within a minute posts gather,
as they are meant to: their times stand for themselves.
"""

import shutil
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from alerts.gather import FLOOD, MINUTE
from alerts.standing import Book
from benchmarks.alerting.coming import coming
from benchmarks.alerting.contenders import EachQuery
from benchmarks.alerting.matching import KEY, Said, desk, make_alerts
from benchmarks.alerting.receiver import Heard, Receiver
from benchmarks.searching import building, servers
from core import ids, times
from core.errors import KleError
from core.settings import Settings
from db import alerts, ledger
from db.coming import posts as coming_posts
from db.database import Database
from db.models import Delivery, Post, Told
from db.upsert import table

LOOPBACK = "127.0.0.0/8"
_LONGEST = 300  # seconds in which all must have been told
_HOUR = timedelta(hours=1)
_post, _told, _delivery = table(Post), table(Told), table(Delivery)


@dataclass(frozen=True, slots=True)
class Asked:
    """`model`: none, or empty for the shipped one."""

    posts: int
    alerts: int
    rate: float
    seconds: int
    burst: int
    model: str
    seed: int
    cache: Path


@dataclass(slots=True)
class Waits:
    """Seconds of posts told, one after the other and in a flood."""

    usual: list[float] = field(default_factory=list)
    gathered: list[float] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        return self.usual + self.gathered


@dataclass(slots=True)
class Found:
    """`twice`, `never` and `wrong` count pairs of post and subscriber; `again` messages that came once more, under
    the key that they had."""

    asked: Asked
    pace: Waits = field(default_factory=Waits)
    burst: Waits = field(default_factory=Waits)
    messages: int = 0
    told: int = 0
    twice: int = 0
    never: int = 0
    wrong: int = 0
    again: int = 0
    memory: dict[str, int] = field(default_factory=dict)


def run(asked: Asked, said: Said) -> Found:
    file, _ = building.cached(asked.cache, asked.seed, asked.posts, lambda done: said(f"{done:,} posts"))
    folder = asked.cache / "arriving"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copy = folder / "archive.sqlite"
    shutil.copy(file, copy)
    receiver = Receiver()
    try:
        with closing(Database(f"sqlite:///{copy}")) as database:
            return _measured(database, copy, folder, receiver, asked, said)
    finally:
        receiver.close()
        shutil.rmtree(folder)


def _measured(database: Database, file: Path, folder: Path, receiver: Receiver, asked: Asked, said: Said) -> Found:
    archive, new = building.Archive(database, times.now), coming(asked.seed, times.now() - _HOUR)
    said(f"making {asked.alerts:,} alerts")
    settings = Settings(allow_private_networks=LOOPBACK)
    make_alerts(database, desk(folder, settings), asked.seed, asked.alerts, receiver.url, times.now())
    more = {"KLE_SECRET_KEY": KEY, "KLE_ALLOW_PRIVATE_NETWORKS": LOOPBACK, "KLE_MODEL": asked.model}
    found, came = Found(asked), _Came()
    server = servers.kle(file, folder, "all", **more)
    try:
        said("starting")
        came.take(archive, [next(new)])
        _wait(database)
        for waits, what, come in ((found.pace, "at a pace", _pace), (found.burst, "in a burst", _burst)):
            said(f"posts {what}")
            before = len(came.at)
            come(came, archive, new, asked)
            _wait(database)
            _sort(receiver.heard(), dict(list(came.at.items())[before:]), waits)
        found.memory = server.memory()
    finally:
        server.close()
    _count(database, came, receiver.heard(), found)
    return found


@dataclass(slots=True)
class _Came:
    """When posts were committed, by id."""

    at: dict[str, float] = field(default_factory=dict)

    def take(self, archive: building.Archive, records: Sequence[dict[str, Any]]) -> None:
        archive.take(records)
        now = time.time()
        self.at |= {ids.public_id(one["platform"], one["platform_id"]): now for one in records}


def _pace(came: _Came, archive: building.Archive, new: Iterator[dict[str, Any]], asked: Asked) -> None:
    begun = time.monotonic()
    for number in range(int(asked.rate * asked.seconds)):
        time.sleep(max(0.0, begun + number / asked.rate - time.monotonic()))
        came.take(archive, [next(new)])


def _burst(came: _Came, archive: building.Archive, new: Iterator[dict[str, Any]], asked: Asked) -> None:
    came.take(archive, [next(new) for _ in range(asked.burst)])


def _wait(database: Database) -> None:
    """Until everything that came was matched and told."""
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        with database.read() as session:
            head, _ = ledger.head(session)
            waiting = session.execute(select(func.count()).where(_told.c.delivery_id.is_(None))).scalar_one()
            going = session.execute(select(func.count()).where(_delivery.c.ended_at.is_(None))).scalar_one()
            if alerts.place(session) == head and not waiting and not going:
                return
        time.sleep(0.25)
    raise KleError(f"after {_LONGEST} seconds {waiting} posts wait to be told and {going} messages to be sent")


def _sort(heard: Sequence[Heard], came: Mapping[str, float], waits: Waits) -> None:
    """Gathered is what three messages went before, from a minute before it came until it was told."""
    sent: dict[int, list[float]] = defaultdict(list)
    for one in sorted(heard, key=lambda one: one.at):
        for at in (came[post] for post in one.posts if post in came):
            before = len(sent[one.number]) - bisect_right(sent[one.number], at - MINUTE.total_seconds())
            (waits.gathered if before >= FLOOD else waits.usual).append(one.at - at)
        sent[one.number].append(one.at)


def _count(database: Database, came: _Came, heard: Sequence[Heard], found: Found) -> None:
    """What each receiver got, against what each query finds in the archive now that all is there."""
    messages = {(one.number, one.key): one for one in heard}
    got = Counter((one.number, post) for one in messages.values() for post in one.posts)
    due = _due(database, came)
    found.messages, found.again = len(messages), len(heard) - len(messages)
    found.told, found.twice = len(got), sum(got.values()) - len(got)
    found.never, found.wrong = len(due - got.keys()), len(got.keys() - due)


def _due(database: Database, came: _Came) -> set[tuple[int, str]]:
    book = Book()
    with database.read() as session:
        book.read(session)
        rows = session.execute(select(_post.c.id, _post.c.platform, _post.c.platform_id))
        names = {row.id: ids.public_id(row.platform, row.platform_id) for row in rows}
        posts = coming_posts(session, [key for key, name in names.items() if name in came.at], tagging=False)
    queries = {number: alert.query for number, alert in book.alerts.items()}
    return {(number, names[key]) for number, key in EachQuery(database, queries).match(posts)}
