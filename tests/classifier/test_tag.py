"""What waits is tagged once; a text that the model cannot read keeps nobody from their tags."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlmodel import select

from classifier import tag
from classifier.model import Prediction, TopicScore
from core.post import Account, SeenPost
from db import archive, directory, posts, sources, tags
from db.database import Database
from db.hold import Hold
from db.models import TagModel
from tests.conftest import NOW

TOPIC = "reform"


@dataclass
class Reader:
    """Stands in for the model: tags every text, fails at the word "poison"."""

    digest: str = "d" * 64
    card: dict[str, Any] = field(default_factory=dict)
    read: list[int] = field(default_factory=list)
    reader: None = None
    topics: tuple[str, ...] = (TOPIC,)
    thresholds: tuple[float, ...] = (0.5,)

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        self.read.append(len(texts))
        if any("poison" in text for text in texts):
            raise ValueError("unreadable")
        score = TopicScore(TOPIC, 0.9, 0.5, "tagged", 0, 4)
        return [Prediction((score,), None) for _ in texts]  # type: ignore[arg-type]


def fill(database: Database, *texts: str) -> None:
    seen = [
        SeenPost("mastodon", f"m.example/{i}", "post", Account("mastodon", "@a@m.example"), text, synthetic=True)
        for i, text in enumerate(texts)
    ]
    with database.write() as session:
        directory._put(
            session, directory.Topic, "slug", {"slug": TOPIC, "name": "", "definition": "", "position": 0}
        )
        source = sources.import_source(session, NOW)
        assert source.id
        archive.archive(session, source, sources.start_run(session, source.id, NOW), seen, None, NOW)


def test_everything_that_waits_is_tagged_and_then_nothing_waits(database: Database) -> None:
    fill(database, "one", "two", "three")
    reader = Reader()
    assert [tag.tag_round(database, reader, "here:1:a", 2) for _ in range(3)] == [2, 1, 0]  # type: ignore[arg-type]
    with database.read() as session:
        assert tags.pending_count(session) == 0
        found = posts.get(session, "mastodon:m.example/0")
    assert [(t["topic"], t["decision"], t["model"]) for t in found["tags"]] == [(TOPIC, "tagged", "d" * 64)]


def test_an_unreadable_text_waits_alone(database: Database) -> None:
    fill(database, "one", "poison", "three")
    assert tag.tag_round(database, Reader(), "here:1:a") == 2  # type: ignore[arg-type]
    assert tag.tag_round(database, Reader(), "here:1:a") == 0  # type: ignore[arg-type]
    with database.read() as session:
        assert tags.pending_count(session) == 1
        assert posts.get(session, "mastodon:m.example/1")["tagging"] == "pending"


def test_the_claim_is_held_while_the_model_reads(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, "one")
    entered: list[list[int]] = []

    class Watched(Hold):
        def __init__(self, database: Database, model: Any, keys: Sequence[int], worker: str) -> None:
            entered.append(list(keys))
            super().__init__(database, model, keys, worker)

    monkeypatch.setattr(tag, "Hold", Watched)
    tag.tag_round(database, Reader(), "here:1:a")  # type: ignore[arg-type]
    assert [len(keys) for keys in entered] == [1]


def test_the_archive_keeps_the_model_s_card_and_its_thresholds(database: Database) -> None:
    with database.write() as session:
        key = tag.register(session, Reader(card={"limits": ["Irony."]}))  # type: ignore[arg-type]
        (card,) = session.exec(select(TagModel.card).where(TagModel.id == key))
    assert card == {"limits": ["Irony."], "thresholds": {TOPIC: 0.5}}
