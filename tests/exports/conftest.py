"""An archive with an edit, a quoted post and one from X, on disk."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.post import Account, SeenPost, View
from db import archive, directory, sources, tags
from db.database import Database
from tests.conftest import NOW

TOPICS = [("reform", "Reform", "Institutional reform of security forces."), ("training", "Training", "Courses.")]
X_ID = "1957400000000000000"  # made on 18 August 2025, by its own number


def seen(number: int, text: str, platform: str = "mastodon", **more: object) -> SeenPost:
    account = Account(platform, f"@press@{platform}.example", 'Press "office", north')
    fields = {
        "url": f"https://office.example/{number}",
        "lang": "en",
        "created_at": NOW - timedelta(days=400 - number),
    }
    return SeenPost(platform, f"office.example/{number}", "post", account, text, **{**fields, **more})  # type: ignore[arg-type]


POSTS = [
    seen(1, 'Talks on "reform", line one\nline two; ئاسایش و سەقامگیری', links=("https://a.example", "https://b.example")),
    seen(2, "A course ended.", metrics={"likes": 3, "reposts": None}, synthetic=True),
    SeenPost("x", X_ID, "post", Account("x", "@office"), "Only X may show this reform text."),
    SeenPost("x", "~0123456789abcdef", "post", Account("x", "@office"), "Quoted by a paper on reform.",
             created_at=NOW - timedelta(days=300), precision="day", view=View.QUOTE,
             embedded_in="https://paper.example/1"),
]  # fmt: skip


class Score:
    """A decision of a model, as the archive takes it."""

    def __init__(self, topic: str, probability: float) -> None:
        self.topic, self.probability, self.threshold = topic, probability, 0.5
        self.decision = "tagged" if probability >= 0.5 else "not"
        self.evidence_start, self.evidence_end = (0, 5) if probability >= 0.5 else (None, None)


@pytest.fixture
def filled(database: Database) -> Database:
    """Two posts as published, then one of them edited, one on X, one quoted; all tagged."""
    with database.write() as session:
        for place, (slug, name, definition) in enumerate(TOPICS):
            directory._put(session, directory.Topic, "slug", {
                "slug": slug, "name": name, "definition": definition, "position": place,
            })  # fmt: skip
        source = sources.import_source(session, NOW)
        assert source.id
        run = sources.start_run(session, source.id, NOW)
        archive.archive(session, source, run, POSTS, None, NOW)
        edited = seen(2, "A course on reform ended.", synthetic=True)
        archive.archive(session, source, run, [edited], None, NOW + timedelta(hours=1))
        model = tags.register_model(session, "ab" * 32, {})
        waiting = tags.claim_versions(session, "here:1:a", 50, NOW)
        scored = [
            (v, [Score("reform", 0.9 if "reform" in v.text else 0.1), Score("training", 0.1)]) for v in waiting
        ]
        tags.store(session, model, scored, "here:1:a", NOW + timedelta(hours=2))
    return database


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "release"
    assert [p.name for p in tmp_path.iterdir() if "unfinished" in p.name] == []
