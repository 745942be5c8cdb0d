"""What is timed, each over all pages of a job in a fresh folder: seconds by the contender's name."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson

from benchmarks.drafts import SEEN_AT
from benchmarks.job import Job
from collector.intake import Intake
from core.post import METRICS, SeenPost
from db import sources
from db.database import (
    PRAGMAS,  # both contenders write to the disk alike
    Database,
)
from db.models import Source

Seconds = dict[str, float]
Contender = Callable[[Job, Path], Seconds]
Row = tuple[object, ...]
ARCHIVE = "archive.sqlite"  # in that folder, empty

_PLAIN = f"""CREATE TABLE post (
    id TEXT PRIMARY KEY, platform TEXT, kind TEXT, account TEXT, text TEXT, lang TEXT, created_at TEXT, url TEXT,
    links TEXT, media TEXT, {", ".join(f"{name} INTEGER" for name in METRICS)})"""
_SEARCHED = (
    "CREATE VIRTUAL TABLE post_text USING fts5(text, content = 'post', content_rowid = 'rowid')",
    "CREATE TRIGGER post_added AFTER INSERT ON post BEGIN "
    "INSERT INTO post_text (rowid, text) VALUES (new.rowid, new.text); END",
)


def decoded(job: Job, folder: Path) -> Seconds:
    """The bytes as their format's library reads them: what nobody can beat."""
    with _timed() as seconds:
        for page in job.pages:
            job.decode(page.body)
    return {"decoded": seconds[0]}


def parsed(job: Job, folder: Path) -> Seconds:
    with _timed() as seconds:
        for page in job.pages:
            for _ in job.kind.parse(page):
                pass
    return {"parsed": seconds[0]}


def archived(job: Job, folder: Path) -> Seconds:
    """As collect() does, into a new archive; then the same pages again, which change nothing."""
    with closing(Database(f"sqlite:///{folder / ARCHIVE}")) as database:
        source = a_source(database, job.kind.name)
        first, seconds = _look(database, source, job)
        again, seconds_again = _look(database, source, job)
    assert (first.outcome.posts_new, first.outcome.problems) == (job.count, 0)
    assert (again.outcome.posts_new, again.outcome.posts_changed, again.unchanged) == (0, 0, job.count)
    return {"archived": seconds, "again": seconds_again}


def plain(job: Job, folder: Path) -> Seconds:
    """The same rows, parsed already, by executemany into one table."""
    return {"plain": _inserted(job, folder / "plain.sqlite", (_PLAIN,))}


def searched(job: Job, folder: Path) -> Seconds:
    """The same with a full-text index on the table."""
    return {"searched": _inserted(job, folder / "searched.sqlite", (_PLAIN, *_SEARCHED))}


CONTENDERS: tuple[Contender, ...] = (decoded, parsed, archived, plain, searched)


def empty_archive(folder: Path) -> Path:
    """At head, to be copied as ARCHIVE for each round."""
    with closing(Database(f"sqlite:///{folder / ARCHIVE}")) as database:
        database.migrate()
    return folder / ARCHIVE


def a_source(database: Database, kind: str) -> Source:
    with database.write() as session:
        source = Source(name=f"bench-{kind}", kind=kind, every_seconds=900, next_due_at=SEEN_AT)
        session.add(source)
    return source


def _look(database: Database, source: Source, job: Job) -> tuple[Intake, float]:
    assert source.id is not None
    with database.write() as session:
        run_id = sources.start_run(session, source.id, SEEN_AT)
    intake = Intake(database, source, run_id, clock=lambda: SEEN_AT)
    with _timed() as seconds:
        for page in job.pages:
            intake.take(page, job.kind)
    return intake, seconds[0]


def _inserted(job: Job, file: Path, schema: tuple[str, ...]) -> float:
    """One commit a page, as in the archive."""
    pages = [[_row(post) for post in page] for page in job.posts]
    insert = f"INSERT OR IGNORE INTO post VALUES ({', '.join('?' * len(pages[0][0]))})"  # noqa: S608  (marks only)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in (*PRAGMAS, *schema):
            connection.execute(statement)
        with _timed() as seconds:
            for rows in pages:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(insert, rows)
                connection.execute("COMMIT")
        (count,) = connection.execute("SELECT count(*) FROM post").fetchone()
    assert count == job.count
    return seconds[0]


def _row(post: SeenPost) -> Row:
    media = orjson.dumps([[m.type, m.url, m.alt] for m in post.media]).decode()
    created = post.created_at.isoformat() if post.created_at else None
    return (
        post.id, post.platform, post.kind, post.account.handle if post.account else None, post.text, post.lang,
        created, post.url, orjson.dumps(post.links).decode(), media, *(post.metrics.get(name) for name in METRICS),
    )  # fmt: skip


@contextmanager
def _timed() -> Iterator[list[float]]:
    """The seconds that the block took, in the list that it gets."""
    seconds: list[float] = []
    begun = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - begun)
