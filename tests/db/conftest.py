"""An archive with a clock and a source or two, for short tests."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import Session, SQLModel

from core.post import Account, SeenPost
from db import archive, campaigns, entries, forms, ledger, posts, sources, tags, whole
from db.corrections import Author
from db.database import Database
from db.models import Credential, IndexEntry, Ledger, Post, Source, Topic, Unsealed, Version
from db.proof import verify
from db.query import PostQuery
from db.seen import Counts
from db.upsert import insert_all, table
from tests.conftest import NOW
from tests.postgres import Postgres

OFFICE = Account("x", "@office", "The office")
TOPICS = ("key_leader_engagement", "training", "reform")


def snowflake(moment: datetime, rest: int = 0) -> str:
    """The X id of a status published then."""
    milliseconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    return str((milliseconds - 1_288_834_974_657) << 22 | rest)


def every_post(session: Session, query: PostQuery, size: int = 500) -> list[dict[str, Any]]:
    """Every match in the API's form, as it is now, oldest first."""
    return [post for keys in whole.key_slices(session, query, size) for post in forms.posts(session, keys)]


def post(number: int = 1, text: str = "A meeting", **more: Any) -> SeenPost:
    """A synthetic first-hand post, one a minute."""
    made = SeenPost(
        platform="mastodon",
        platform_id=f"m.example/{number}",
        kind="post",
        account=Account("mastodon", "office@m.example"),
        text=text,
        url=f"https://m.example/{number}",
        created_at=NOW - timedelta(days=30) + timedelta(minutes=number),
        synthetic=True,
    )
    return replace(made, **more)


@dataclass(frozen=True)
class Score:
    """A model's score, as db.tags takes it."""

    topic: str
    probability: float = 0.9
    threshold: float = 0.5
    decision: str = "tagged"
    evidence_start: int | None = 0
    evidence_end: int | None = 4


@dataclass
class Room:
    """One archive; its clock goes on a second with each call."""

    database: Database
    now: datetime = NOW
    runs: dict[str, tuple[Source, int]] = field(default_factory=dict)

    def tick(self, span: timedelta = timedelta(seconds=1)) -> datetime:
        self.now += span
        return self.now

    def source(self, name: str) -> tuple[Source, int]:
        if name not in self.runs:
            with self.database.write() as session:
                self.runs[name] = make_source(session, name, self.now)
        return self.runs[name]

    def archive(self, *seen: SeenPost, source: str = "one", live: bool = True) -> Counts:
        origin, run = self.source(source)
        with self.database.write() as session:
            return archive.archive(session, origin, run, seen, None, self.tick(), live)

    def tag(
        self, *scores: Score, worker: str = "host:1:a", limit: int = 100, model: str = "digest-of-model"
    ) -> int:
        """Give every waiting version these tags, and every stale one where `model` is the archive's."""
        with self.database.write() as session:
            model_id = tags.register_model(session, model, {})
            present = campaigns.chosen(session)
            own = present.id if present and present.digest == model else None
            waiting = tags.claim_versions(session, worker, limit, self.tick(), own)
        with self.database.write() as session:
            return tags.store(session, model_id, [(p, scores) for p in waiting], worker, self.tick())

    def adopt(self, model: str) -> None:
        with self.database.write() as session:
            campaigns.adopt(session, tags.register_model(session, model, {}), self.tick())

    def topics(self) -> None:
        rows = [{"slug": s, "name": s, "definition": s, "position": n} for n, s in enumerate(TOPICS)]
        with self.database.write() as session:
            insert_all(session, Topic, rows)

    def ids(self, q: str = "", **more: Any) -> list[str]:
        with self.database.read() as session:
            return [p["id"] for p in posts.page(session, PostQuery.build(q, **more), limit=200).items]

    def get(self, public_id: str) -> dict[str, Any]:
        with self.database.read() as session:
            return posts.get(session, public_id)

    def versions(self, public_id: str) -> list[dict[str, Any]]:
        with self.database.read() as session:
            return posts.versions(session, public_id)

    def rows(self, model: Any) -> list[Any]:
        with self.database.read() as session:
            return list(session.execute(select(table(model))).all())

    def verify(self) -> dict[str, Any]:
        with self.database.write() as session:
            while ledger.seal(session):
                pass
        with self.database.read() as session:
            return verify.verify(session)

    def assert_sound(self) -> None:
        """What must hold of any archive, whatever was put in."""
        found = self.verify()
        assert found["ok"], found["first_problem"]
        numbers: dict[int, list[int]] = {}
        for version in self.rows(Version):
            numbers.setdefault(version.post_id, []).append(version.number)
        rows = self.rows(Post)
        assert {p.id: list(range(1, p.versions + 1)) for p in rows} == {k: sorted(v) for k, v in numbers.items()}
        assert len({(p.platform, p.platform_id) for p in rows}) == len(rows)
        keys = sorted(p.id for p in rows)
        with self.database.read() as session:
            should = {e.post_id: e.key for e in entries.wanted(session, keys)}
            stands = {e.post_id: e.key for e in entries.present(session, keys)}
        assert stands == should
        assert {e.post_id for e in self.rows(IndexEntry)} == set(keys)
        assert len(self.rows(Ledger)) == found["ledger_lines"] and not self.rows(Unsealed)


def make_source(session: Session, name: str, now: datetime) -> tuple[Source, int]:
    row = {
        "name": name, "kind": "feed", "options": {}, "every_seconds": 900, "enabled": True, "verified": True,
        "synthetic": True, "next_due_at": now, "state": {}, "failures": 0, "attempts": 0,
    }  # fmt: skip
    (number,) = insert_all(session, Source, [row])
    return session.get_one(Source, number), sources.start_run(session, number, now)


@pytest.fixture(scope="session")
def emptied(postgres: Postgres) -> Iterator[Callable[[], str]]:
    """One migrated PostgreSQL database, emptied before each test: quicker than a new one."""
    with postgres.empty_database() as url:
        made = Database(url)
        made.migrate()
        names = [n for n in sorted(SQLModel.metadata.tables) if n != "meta"]

        def empty() -> str:
            with made.write() as session:
                session.execute(text(f"TRUNCATE post_text, old_text, {', '.join(names)} RESTART IDENTITY CASCADE"))
                session.execute(text("DELETE FROM meta WHERE name <> 'fold_version'"))
            return url

        yield empty
        made.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite archive at head, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "kle.sqlite"
    made = Database(f"sqlite:///{file}")
    made.migrate()
    made.close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty archive at head on each database, as in tests/conftest.py and quicker."""
    if request.param == "sqlite":
        file = tmp_path / "kle.sqlite"
        shutil.copy(request.getfixturevalue("migrated"), file)
        url = f"sqlite:///{file}"
    else:
        url = request.getfixturevalue("emptied")()
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


@pytest.fixture
def sqlite(room: Room) -> Room:
    if room.database.dialect != "sqlite":
        pytest.skip("of SQLite's file and its index")
    return room


@pytest.fixture
def author(room: Room) -> Author:
    """Somebody who may correct, in an archive with topics and two sources."""
    room.topics()
    for name in ("one", "two"):
        room.source(name)
    with room.database.write() as session:
        key = {"purpose": "key", "name": "ana", "secret_sha256": "0", "scopes": [], "created_at": NOW}
        (number,) = insert_all(session, Credential, [key])
    return Author(number, "ana")
