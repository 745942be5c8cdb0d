"""A small archive of invented offices behind the application, and clients from here and from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from alerts.desk import Desk
from api.access import COOKIE, csrf_token
from api.app import create_app
from core import settings as knobs
from core.outcome import Outcome
from core.post import Account, Media, SeenPost, View
from core.settings import Settings
from db import archive, campaigns, credentials, directory, drift, sources, tags
from db.database import Database
from tests.conftest import NOW

TOPICS = [
    ("key_leader_engagement", "Key leader engagement", "Leaders meet."),
    ("training", "Training", "Courses and exercises."),
    ("reform", "Security reform", "Unification of forces."),
]
CONFIG = """
[[actor]]
slug = "office"
name = "Example Office"
accounts = ["file:@office.example"]
[[reference]]
title = "Report of a summer"
date = "2025-07-29"
figures = { counted = 72000 }
[[reference]]
title = "Memorandum of a year"
date = "2025"
[[reference]]
title = "Plan without a date"
[[source]]
name = "sample"
kind = "file"
path = "sample.jsonl"
actor = "office"
synthetic = true
[[source]]
name = "press"
kind = "article"
url = "https://press.example/a?token=secret"
[[source]]
name = "later"
kind = "feed"
url = "https://later.example/rss"
enabled = false
verified = false
"""
MODEL = "ab" * 32
OFFICE = Account("file", "@office.example", "Example Office")
BRIGADE = Account("file", "@brigade.example", None)
ARTICLE = "https://press.example/a"
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'text'"


def at(day: int, hour: int = 12, month: int = 8) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


def written(number: str, text: str, when: datetime | None, **more: Any) -> SeenPost:
    given = {"url": f"https://office.example/posts/{number}", "synthetic": True, "account": OFFICE, **more}
    return SeenPost("file", f"office.example/{number}", text=text, created_at=when, **{"kind": "post", **given})


POSTS = [
    written("1", "Our advisors met the leaders of the brigade. Payroll comes next.", at(18), lang="en",
            links=("https://office.example/reform",), metrics={"likes": 12, "replies": 0},
            media=(Media("image", "https://office.example/1.jpg", "Two people at a table"),)),
    written("2", "Graduation day: 140 soldiers finished the course.", at(17), lang="en", account=BRIGADE),
    written("3", "یەکخستنی هێزەکانی پێشمەرگە بەردەوامە، وتی @office.example", at(16), lang="ckb"),
    written("4", "@office.example استقبل الوزير سفير دولة صديقة.", at(2, month=7), lang="ar"),
    written("5", HOSTILE, at(1, month=7), lang="en", url="javascript:alert(1)"),
    written("6", "Only the date of this is known.", at(20, 0, month=6), lang="en", precision="day"),
    SeenPost("x", "1957400000000000000", "post", Account("x", "@office", "Example Office"),
             "A text that stays with its operator: training.", url="https://x.com/office/status/1957400000000000000",
             lang="en", synthetic=True),
]  # fmt: skip
QUOTED = SeenPost(
    "x",
    "~0123456789abcdef",
    "post",
    Account("x", "@quoted", "Example Quoted"),
    "Reform goes on, it says.",
    created_at=at(15, 0),
    precision="day",
    view=View.QUOTE,
    embedded_in=ARTICLE,
    synthetic=True,
)


@dataclass(frozen=True)
class Score:
    topic: str
    probability: float
    evidence_start: int | None = None
    evidence_end: int | None = None
    threshold: float = 0.5

    @property
    def decision(self) -> str:
        return "tagged" if self.probability >= self.threshold else "unsure"


@dataclass(frozen=True)
class Site:
    """The archive and its application; `inside` is this machine, `outside` another one."""

    database: Database
    settings: Settings
    missing: dict[str, str | None]

    def app(self, reads: Any = None, **overrides: Any) -> Any:
        settings = self.settings.model_copy(update=overrides)
        return create_app(settings, self.database, lambda: self.missing, Desk.of(settings), reads)

    def inside(self, **overrides: Any) -> TestClient:
        return client(self.app(**overrides))

    def outside(self, **overrides: Any) -> TestClient:
        return client(self.app(**overrides), host="archive.example", sender="203.0.113.9")

    def key(self, *scopes: str, name: str = "analyst") -> dict[str, str]:
        return bearer(self.secret("key", *scopes, name=name)[1])

    def secret(self, purpose: Any, *scopes: str, name: str = "analyst") -> tuple[int, str]:
        with self.database.write() as session:
            return credentials.issue(session, purpose, name, scopes or ("read",), datetime.now(UTC))

    def signed_in(self, *scopes: str) -> tuple[TestClient, str]:
        """A browser with a session, and the token that its forms carry."""
        secret = self.secret("session", *scopes, name="operator")[1]
        browser = self.outside()
        browser.cookies.set(COOKIE, secret)
        return browser, csrf_token(secret)

    def collect(self, source: str, posts: Sequence[SeenPost], now: datetime, error: str | None = None) -> None:
        with self.database.write() as session:
            row = sources.claim_named(session, source, "here:1:a", now)
            assert row.id
            run = sources.start_run(session, row.id, now)
            new = archive.archive(session, row, run, posts, None, now).new if posts else 0
            ending = "failed" if error else "ok" if posts else "empty"
            outcome = Outcome(ending, len(posts), new, error=error)
            due = now + timedelta(minutes=15)
            sources.finish_run(session, row.id, run, "here:1:a", outcome, {}, due, now)

    def tag(self, scores: dict[str, list[Score]]) -> None:
        """Every waiting version, by words in its text."""
        with self.database.write() as session:
            model = tags.register_model(session, MODEL, {})
            waiting = tags.claim_versions(session, "here:1:a", 100, NOW)
            results = [(p, [s for word, found in scores.items() if word in p.text for s in found]) for p in waiting]
            tags.store(session, model, results, "here:1:a", NOW)

    def weeks(self, source: str, shares: Sequence[int], posts: int = 60, until_ago: int = 1) -> None:
        """Weeks up to the last full one in which so many of the posts are about training, and a few unsure."""
        last = drift.monday(datetime.now(UTC)) - until_ago * drift.WEEK
        with self.database.write() as session:
            number = sources.by_name(session, source).id
            for weeks_ago, count in enumerate(reversed(shares)):
                row = {"source_id": number, "start": last - weeks_ago * drift.WEEK, "posts": posts, "unsure": 3}
                drift.keep(session, row["start"], [{**row, "topics": {"training": count}}])  # type: ignore[arg-type]

    def retag(self, digest: str, scores: list[Score], now: datetime) -> None:
        """Every judged version again, by another model that is the archive's from `now` on."""
        with self.database.write() as session:
            model = tags.register_model(session, digest, {})
            campaigns.adopt(session, model, now)
            present = campaigns.chosen(session)
            assert present
            stale = tags.claim_versions(session, "here:1:a", 100, now, present.id)  # what waits goes first
            stale += tags.claim_versions(session, "here:1:a", 100, now, present.id)
            tags.store(session, model, [(p, scores) for p in stale], "here:1:a", now)


def client(app: Any, host: str = "127.0.0.1", sender: str = "127.0.0.1", **options: Any) -> TestClient:
    return TestClient(app, base_url=f"http://{host}", client=(sender, 50000), follow_redirects=False, **options)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def fill(database: Database, folder: Path, **overrides: Any) -> Site:
    """The whole small archive: two looks at the sample, one at the press, one that failed; all but one tagged."""
    config = folder / "kle.toml"
    config.write_text(CONFIG, "utf-8")
    site = Site(database, knobs.load(config, public_read=False, base_url="", **overrides), {"database": None})
    with database.write() as session:
        directory.sync(session, site.settings, TOPICS, NOW - timedelta(hours=2))
    site.collect("sample", POSTS, NOW - timedelta(hours=1))
    site.collect("press", [QUOTED], NOW - timedelta(minutes=50))
    site.collect("press", [], NOW - timedelta(minutes=40), error="press.example/a?token=secret did not answer")
    edited = replace(POSTS[1], text="Graduation day: 141 soldiers finished the course.")
    site.collect("sample", [edited], NOW - timedelta(minutes=30))
    site.tag({
        "advisors met": [Score("key_leader_engagement", 0.94, 0, 44), Score("reform", 0.41, 45, 64)],
        "course": [Score("training", 0.88, 0, 49)],
        "script": [Score("training", 0.61, 0, 25)],
        "Reform": [Score("reform", 0.9, 0, 24)],
        "operator": [Score("training", 0.8, 0, 20)],
    })  # fmt: skip
    site.collect("sample", [written("7", "Not judged yet.", at(19), lang="en")], NOW - timedelta(minutes=10))
    return site
