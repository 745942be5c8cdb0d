"""The model against people's words: who agreed, who overruled whom, and what that is a measure of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from classifier import corrections, lines
from classifier.model import Prediction, TopicScore
from core.post import Account, SeenPost
from db import archive, credentials, directory, sources
from db import corrections as said
from db.corrections import Author, Standing
from db.database import Database
from tests.conftest import NOW

TOPICS = ("reform", "training")


def word(version: int, topic: str, decision: str, lang: str | None = "en") -> Standing:
    return Standing(version, f"text {version}", lang, topic, decision)


def test_agreement_precision_and_share_are_counted_by_topic() -> None:
    words = [word(n, "reform", d) for n, d in enumerate(("tagged", "tagged", "not", "not", "tagged", "not", "not"))]
    model = ("tagged", "not", "tagged", "not", "unsure", "unsure", "tagged")
    decided = {(n, "reform"): d for n, d in enumerate(model)}
    found = corrections.measure([*words, word(9, "own", "tagged")], decided, {"reform": 70, "own": 1})
    assert found["topics"]["reform"] == {
        "corrections": 7, "agreed": 2, "overruled": 3, "unsure": 2, "not_judged": 0, "precision": 0.3333,
        "agreement": 0.4, "share": 0.1,
    }  # fmt: skip
    assert found["topics"]["own"] == {
        "corrections": 1, "agreed": 0, "overruled": 0, "unsure": 0, "not_judged": 1, "precision": None,
        "agreement": None, "share": 1.0,
    }  # fmt: skip
    assert (found["posts"], found["corrections"], found["agreed"], found["not_judged"]) == (8, 8, 2, 1)


def test_without_corrections_there_is_no_figure() -> None:
    found = corrections.measure([], {}, {"reform": 3})
    assert (found["posts"], found["corrections"], found["precision"], found["topics"]) == (0, 0, None, {})


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ({"reform": "tagged", "training": "tagged"}, ["reform", "training"]),
        ({"reform": "tagged", "training": "not"}, ["reform"]),
        ({"reform": "not", "training": "not"}, []),
        ({"reform": "tagged"}, None),  # the model is unsure of training, and nobody said
    ],
)
def test_only_texts_that_people_went_through_become_labelled_lines(words: dict[str, str], labels: Any) -> None:
    decided = {(1, "reform"): "tagged", (1, "training"): "unsure", (1, "stability"): "not"}
    found = corrections.labelled([word(1, topic, d) for topic, d in words.items()], decided)
    assert found == ([] if labels is None else [{"text": "text 1", "labels": labels, "language": "en"}])


def test_labelled_lines_can_be_trained_on(tmp_path: Path) -> None:
    made = corrections.labelled([word(1, "reform", "tagged", None)], {(1, "reform"): "not"})
    (tmp_path / "made.jsonl").write_bytes(b"".join(map(orjson.dumps, made)))
    (read,) = lines.read(tmp_path / "made.jsonl", TOPICS)
    assert (read.text, read.labels, read.language) == ("text 1", {"reform"}, "und")


@dataclass
class Reader:
    """Stands in for the model: reform is tagged where the text has the word, training never."""

    digest: str = "d" * 64
    reader: None = None

    def predict(self, texts: Sequence[str], *, progress: Any = None) -> list[Prediction]:
        return [Prediction((self._score("reform", "reform" in t), self._score("training", False)), None)  # type: ignore[arg-type]
                for t in texts]  # fmt: skip

    @staticmethod
    def _score(topic: str, holds: bool) -> TopicScore:
        return TopicScore(topic, 0.9 if holds else 0.1, 0.5, "tagged" if holds else "not")


def test_the_model_reads_the_text_that_was_corrected_not_the_one_after(database: Database) -> None:
    seen = SeenPost("mastodon", "m.example/1", "post", Account("mastodon", "@a@m.example"), "On reform",
                    lang="en", synthetic=True)  # fmt: skip
    with database.write() as session:
        for slug in TOPICS:
            row = {"slug": slug, "name": slug, "definition": "", "position": 0}
            directory._put(session, directory.Topic, "slug", row)
        key, _ = credentials.issue(session, "key", "analyst", ["annotate"], NOW)
        source = sources.import_source(session, NOW)
        assert source.id
        run = sources.start_run(session, source.id, NOW)
        archive.archive(session, source, run, [seen], None, NOW)
        said.put(session, seen.id, "reform", "tagged", None, Author(key, "analyst"), NOW)
        said.put(session, seen.id, "training", "tagged", None, Author(key, "analyst"), NOW)
        edited = replace(seen, text="On nothing")
        archive.archive(session, source, run, [edited], None, NOW + timedelta(hours=1))
    figures, made = corrections.evaluate(database, Reader())  # type: ignore[arg-type]
    assert (figures["model"], figures["posts"], figures["agreed"], figures["overruled"]) == ("d" * 64, 1, 1, 1)
    assert figures["topics"]["reform"]["precision"] == 1 and figures["topics"]["training"]["precision"] is None
    assert figures["topics"]["reform"]["share"] == 1
    assert "nobody looked at" in figures["note"]
    assert made == [{"text": "On reform", "labels": ["reform", "training"], "language": "en"}]
