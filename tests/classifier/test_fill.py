"""Filling in vectors: behind everything else, once, and on from where another pass was stopped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from classifier import fill as filling
from classifier.fill import Pass
from classifier.tag import tag_round
from db.database import Database
from db.models import Embedding
from db.upsert import table
from tests.classifier.test_tag import Reader, fill


@dataclass
class Encoder:
    """Stands in for the one that reads: a vector a text, fails at the word "bitter"."""

    digest: str = "encoder"
    encoder: Any = field(default_factory=lambda: SimpleNamespace(width=4))
    read: list[int] = field(default_factory=list)

    def vectors(self, texts: Sequence[str]) -> Any:
        self.read.append(len(texts))
        if any("bitter" in text for text in texts):
            raise ValueError("unreadable")
        return np.full((len(texts), 4), 0.1, np.float32)


def tagged(database: Database, *texts: str) -> None:
    """By a model without vectors."""
    fill(database, *texts)
    while tag_round(database, Reader(), "here:1:a"):  # type: ignore[arg-type]
        pass


def rows(database: Database) -> list[Any]:
    with database.read() as session:
        return list(session.execute(table(Embedding).select().order_by(table(Embedding).c.id)).all())


def passed(database: Database, reader: Encoder, steps: int = 100) -> int:
    going, read = Pass(database, reader), 0  # type: ignore[arg-type]
    while not going.done and steps:
        read, steps = read + going.step(), steps - 1
    return read


def test_a_pass_reads_what_has_no_vector_in_batches_and_the_next_finds_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "STRETCH", 3)
    monkeypatch.setattr(filling, "BATCH", 2)
    tagged(database, *"abcdefg")
    reader = Encoder()
    assert passed(database, reader) == 7 and max(reader.read) == 2
    assert passed(database, reader) == 0
    assert len(rows(database)) == 7


def test_stopped_it_goes_on_where_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "BATCH", 2)
    tagged(database, *"abcdefg")
    assert passed(database, Encoder(), steps=2) == 4
    assert passed(database, Encoder()) == 3


def test_a_text_that_cannot_be_read_is_met_once(database: Database) -> None:
    tagged(database, "one", "bitter", "three")
    assert passed(database, Encoder()) == 3
    assert [any(row.vector) for row in rows(database)].count(False) == 1
    again = Encoder()
    assert passed(database, again) == 0 and again.read == []


def test_what_waits_for_its_tags_is_not_read(database: Database) -> None:
    fill(database, "one", "two")
    assert passed(database, Encoder()) == 0
