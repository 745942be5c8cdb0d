"""Thousands of alerts against batches of new posts: all contenders in turn, and their pairs compared.

Beside them what a round needs: all that is read, compared and explained before the write, and the round as a whole.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlmodel import Session

from alerts import saving
from alerts.channel import Office
from alerts.desk import Desk
from alerts.round import LINES, Matcher
from benchmarks.alerting.coming import coming
from benchmarks.alerting.contenders import Contender, EachQuery, Ours, Pairs, is_there
from benchmarks.alerting.percolators import Percolator
from benchmarks.alerting.queries import queries
from benchmarks.alerting.small_index import SmallIndex
from benchmarks.alerting.tantivies import InMemory
from benchmarks.searching import building, posts
from benchmarks.searching.rounds import Cell
from core.alert import AlertForm
from core.errors import KleError
from core.sealed import Sealer
from core.settings import Settings
from db import alerts, ledger
from db import coming as news
from db.database import Database
from db.query import resolved
from db.then import Coming as View

READ, ROUND = "kle: all a round reads", "kle: the round with its write"
LEAST = 2  # rounds in which everybody is asked, however slow
NOW = posts.SEEN_AT + timedelta(days=1)
KEY = "an invented key of forty characters and more"
Said = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    posts: int
    alerts: int
    batch: int
    rounds: int
    budget: float
    seed: int
    cache: Path


@dataclass(slots=True)
class Found:
    """Seconds by contender and round; those of a start with all alerts, of one more alert, and of a second in which
    nothing comes; pairs of each batch, and words on them."""

    asked: Asked
    cells: dict[str, Cell] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    pairs: list[int] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def run(asked: Asked, told: Said) -> Found:
    file, _ = building.cached(asked.cache, asked.seed, asked.posts, lambda done: told(f"{done:,} posts"))
    copy = asked.cache / "alerting.sqlite"
    try:
        shutil.copy(file, copy)
        with closing(Database(f"sqlite:///{copy}")) as database:
            return _measured(database, asked, told)
    finally:
        for left in asked.cache.glob(f"{copy.name}*"):
            left.unlink()


def desk(folder: Path, settings: Settings | None = None) -> Desk:
    return Desk(Sealer.of(KEY, folder), Office.of(settings or Settings()))


def make_alerts(
    database: Database, desk: Desk, seed: int, count: int, url: Callable[[int], str], now: datetime
) -> None:
    """Each with a webhook of its own."""
    with database.write() as session:
        for number, query in enumerate(queries(seed, count), 1):
            _make(session, desk, query, url(number), now)


def _make(session: Session, desk: Desk, query: str, url: str, now: datetime) -> None:
    form = {"name": query, "query": query, "channels": [{"kind": "webhook", "url": url}]}
    saving.make(session, AlertForm.model_validate(form), desk, "bench", now)


def _measured(database: Database, asked: Asked, told: Said) -> Found:
    found, office = Found(asked), desk(asked.cache)
    told(f"making {asked.alerts:,} alerts")
    make_alerts(database, office, asked.seed, asked.alerts, lambda n: f"https://hooks.example/{n}", NOW)
    matcher = Matcher(database, tagging=True)
    _start(database, matcher, office, found)
    contenders = list(_contenders(database, matcher, found))
    archive, new = building.Archive(database, lambda: NOW), coming(asked.seed, NOW - timedelta(days=1))
    for number in range(asked.rounds + 1):
        told(f"batch {number} of {asked.rounds}")
        archive.take([next(new) for _ in range(asked.batch)])
        archive.tag()
        _round(database, matcher, contenders, number, found)
    return found


def _start(database: Database, matcher: Matcher, office: Desk, found: Found) -> None:
    with database.read() as session:
        found.starts["all alerts, from their rows"] = _seconds(lambda: matcher.book.read(session))
    with database.write() as session:
        _make(session, office, "reform of payroll", "https://hooks.example/one-more", NOW)
    with database.read() as session:
        found.starts["again, after one more was made"] = _seconds(lambda: matcher.book.read(session))
        found.starts["in a second in which none changed"] = _seconds(lambda: matcher.book.read(session))


def _contenders(database: Database, matcher: Matcher, found: Found) -> Iterator[Contender]:
    standing = {number: alert.query for number, alert in matcher.book.alerts.items()}
    with database.read() as session:
        trees = {number: resolved(session, query, View(session)) for number, query in standing.items()}
    yield Ours(matcher.book)
    yield EachQuery(database, standing)
    yield SmallIndex(trees)
    for one in (InMemory, Percolator):
        if is_there(one.needs):
            yield one(trees)
        else:
            found.missing.append(one.name)


def _round(
    database: Database, matcher: Matcher, contenders: Sequence[Contender], number: int, found: Found
) -> None:
    with database.read() as session:
        lines = ledger.lines_after(session, alerts.place(session) or 0, LINES)
        batch = news.posts(session, news.news(session, lines), tagging=True)
        if len(batch) != found.asked.batch:
            raise KleError(f"{len(batch)} posts came in, not {found.asked.batch}: ask for smaller batches")
    answers: dict[str, Pairs] = {}
    for one in contenders:
        cell = found.cells.setdefault(one.name, Cell())
        # those who take long are asked less often, save for us, whom the others are held against
        if one.name == Ours.name or number <= LEAST or sum(cell.rounds.values()) < found.asked.budget:
            answers[one.name] = _timed(cell, number, partial(one.match, batch))
    with database.read() as session:
        cell = found.cells.setdefault(READ, Cell())
        told = _timed(cell, number, lambda: matcher.look(session, lines, NOW)).matches
    answers[READ] = {(match.alert_id, match.post_id) for match in told}
    _timed(found.cells.setdefault(ROUND, Cell()), number, lambda: matcher.round(NOW))
    _compare(answers)
    found.pairs.append(len(answers[READ]))


def _compare(answers: dict[str, Pairs]) -> None:
    ours = answers[Ours.name]
    for name, theirs in answers.items():
        if theirs != ours:
            odd = sorted(theirs ^ ours)[:5]
            raise KleError(f"{Ours.name} and {name} disagree on {len(theirs ^ ours)} pairs, such as {odd}")


def _timed(cell: Cell, number: int, work: Callable[[], Any]) -> Any:
    begun, busy = time.perf_counter(), time.thread_time()
    answer = work()
    seconds, busy = time.perf_counter() - begun, time.thread_time() - busy
    if number:
        cell.rounds[number], cell.busy[number] = seconds, busy
    else:
        cell.first = seconds
    return answer


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
