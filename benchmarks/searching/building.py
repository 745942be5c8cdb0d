"""An archive of posts by seed, through the program's own ways in: the collector's `Intake`, then tags in bulk.

Posts come in as `kle import` with KLE_MODEL = none takes them: slices of some megabytes in the project's own form,
at most 500 posts a transaction, each slice kept as a capture. What waits for tags then gets them, as from a worker.
Beside each slice the same posts' words go into a bare FTS5 index, so that both meet the same minute.
"""

import random
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from benchmarks.searching import posts
from classifier import taxonomy
from collector import kinds
from collector.intake import Intake
from core.page import Page
from core.post import SeenPost
from core.readings import index_words
from core.settings import Settings
from db import directory, segments, sources, tags
from db.database import PRAGMAS, Database, head
from db.tags import Pending

SLICE = 4  # blocks, about the bytes of a slice of `kle import`
_COMMIT = 500
_WORKER = "bench:1:a"
_OWN_TOPICS = (("weather", "Weather", "Invented for the benchmark."), ("roads", "Roads", "Invented, too."))
_SHARES = (
    0.3,
    0.2,
    0.15,
    0.12,
    0.1,
    0.08,
    0.06,
    0.05,
    0.04,
    0.03,
    0.02,
    0.01,
)  # of posts that a topic is tagged on
_UNSURE = 0.02
_THRESHOLD = 0.5
TOPICS = tuple(topic.slug for topic in taxonomy.topics()) + tuple(slug for slug, _, _ in _OWN_TOPICS)
Told = Callable[[int], None]


@dataclass(slots=True)
class Spent:
    """Seconds in each part, and of how many posts; `slices` has posts a second of ours and of the bare index."""

    posts: int = 0
    ingested: float = 0
    changed: float = 0
    tagged: float = 0
    bare: float = 0
    versions: int = 0
    slices: list[tuple[float, float]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cached(folder: Path, seed: int, count: int, told: Told = lambda done: None) -> tuple[Path, Spent]:
    """The archive of these posts in `folder`, and what it took to make it; made where it is not there yet.

    One that was made by an older program of the same schema is taken as it is, with the figures of then.
    """
    file = folder / f"posts-{count}-{seed}-{head()}.sqlite"
    notes = file.with_suffix(".json")
    if not notes.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{file.name}*"):
            left.unlink()
        spent = build(file, seed, count, told)
        notes.write_bytes(orjson.dumps(spent.as_json()))
    return file, Spent(**orjson.loads(notes.read_bytes()))


def build(file: Path, seed: int, count: int, told: Told = lambda done: None) -> Spent:
    """`told` is called with how many posts are in."""
    spent = Spent()
    bare = file.with_name(f"{file.name}.bare")
    with closing(Database(f"sqlite:///{file}")) as database, closing(_bare_index(bare)) as index:
        database.migrate()
        archive = Archive(database)
        for blocks in _slices(posts.records(seed, count)):
            records = [record for block in blocks for record in block]
            ours = _timed(partial(archive.take, records))
            theirs = _insert(index, archive.read(records))
            spent.slices.append((len(records) / ours, len(records) / theirs))
            changes = [record for block in blocks for record in posts.changes(block)]
            spent.changed += _timed(partial(archive.take, changes))
            spent.tagged += _timed(archive.tag)
            spent.ingested, spent.bare = spent.ingested + ours, spent.bare + theirs
            spent.posts += len(records)
            told(spent.posts)
        spent.versions = archive.tagged
        segments.tidy(database)  # as a worker does in its first idle minute
        database.fold_log()
    bare.unlink()
    return spent


def _slices(blocks: Iterator[list[dict[str, Any]]]) -> Iterator[list[list[dict[str, Any]]]]:
    waiting: list[list[dict[str, Any]]] = []
    for block in blocks:
        waiting.append(block)
        if len(waiting) == SLICE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class Archive:
    """The way in. With a clock that stands still what is made is the same each time."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: posts.SEEN_AT) -> None:
        self._database, self._kind, self._clock = database, kinds.kind("file"), clock
        self.tagged = 0
        shipped = [(topic.slug, topic.name, topic.definition) for topic in taxonomy.topics()]
        with database.write() as session:
            directory.sync(session, _settings(), [*shipped, *_OWN_TOPICS], self._clock())
            source = sources.import_source(session, self._clock())
            run = sources.start_run(session, source.id or 0, self._clock(), alone=False)
            self._model = tags.register_model(session, "0" * 64, {})
        self._intake = Intake(database, source, run, live=False, clock=clock)

    def take(self, records: Sequence[dict[str, Any]]) -> None:
        outcome = self._intake.outcome
        before = outcome.posts
        self._intake.take(page(records, self._clock()), self._kind)
        if outcome.posts - before != len(records):
            raise AssertionError(f"of {len(records)} posts {outcome.posts - before} went in: {outcome}")

    def read(self, records: Sequence[dict[str, Any]]) -> list[SeenPost]:
        return [post for post in self._kind.parse(page(records, self._clock())) if isinstance(post, SeenPost)]

    def tag(self) -> None:
        """All that waits."""
        while True:
            with self._database.write() as session:
                waiting = tags.claim_versions(session, _WORKER, _COMMIT, self._clock())
                results = [(pending, scores(pending)) for pending in waiting]
                tags.store(session, self._model, results, _WORKER, self._clock())
            if not waiting:
                return
            self.tagged += len(waiting)


def _settings() -> Settings:
    """With the offices as actors."""
    owned: dict[str, list[str]] = {}
    for account in posts.accounts():
        owned.setdefault(account.actor, []).append(f"{account.platform}:{account.handle}")
    actors = [{"slug": slug, "name": slug.title(), "accounts": handles} for slug, handles in owned.items()]
    return Settings(tables={"actor": actors})


def page(records: Sequence[dict[str, Any]], now: datetime = posts.SEEN_AT) -> Page:
    body = b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
    return Page("", body, now, headers={"content-type": "application/x-ndjson"})


@dataclass(frozen=True, slots=True)
class Score:
    topic: str
    probability: float
    decision: str
    evidence_start: int | None
    evidence_end: int | None
    threshold: float = _THRESHOLD


def scores(pending: Pending) -> list[Score]:
    """On each topic, by chance that hangs on the text alone."""
    chance = random.Random(zlib.crc32(pending.text.encode()))
    return [_score(topic, share, chance.random()) for topic, share in zip(TOPICS, _SHARES, strict=True)]


def _score(topic: str, share: float, drawn: float) -> Score:
    if drawn < share:
        return Score(topic, 0.6 + 0.39 * drawn / share, "tagged", 0, 40)
    if drawn < share + _UNSURE:
        return Score(topic, 0.4 + 0.1 * (drawn - share) / _UNSURE, "unsure", 0, 40)
    return Score(topic, 0.3 * (1 - drawn), "not", None, None)


# -- the least that a sorted insert can cost ------------------------------------------------------------------


def _bare_index(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in PRAGMAS:
        connection.execute(statement)
    tokens = "tokenize=\"ascii tokenchars '_.:@/-'\""
    connection.execute(
        f"CREATE VIRTUAL TABLE bare USING fts5(body, content='', columnsize=0, detail=full, {tokens})"
    )
    return connection


def _insert(index: sqlite3.Connection, seen: Sequence[SeenPost]) -> float:
    """Seconds of inserting these posts' words in the order of time, which were folded before."""
    rows = [(int(p.created_at.timestamp()) << 12, " ".join(index_words(p.text))) for p in seen if p.created_at]
    rows.sort()
    begun = time.perf_counter()
    for first in range(0, len(rows), _COMMIT):
        index.execute("BEGIN IMMEDIATE")
        index.executemany("INSERT INTO bare(rowid, body) VALUES (?, ?)", rows[first : first + _COMMIT])
        index.execute("COMMIT")
    return time.perf_counter() - begun
