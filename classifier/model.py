"""The classifier at run time: `Model.load(path).predict(texts)` is the whole surface.

A long text is read window by window: a topic's probability is that of the window which speaks for it most, so what
only the last paragraph says is found; the text's vector is the mean over its windows. See passages.py.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from classifier import heads as head_files
from classifier.embed import FILES, Encoder, Progress, Vectors, digest_files, require_files
from classifier.heads import Decision, Heads
from classifier.passages import Passages, Scores

SHIPPED = Path(__file__).with_name("artifact")
CARD = "card.json"


@dataclass(frozen=True)
class TopicScore:
    """One topic of one text.

    `evidence_start` and `evidence_end` hold the sentence that speaks most for the topic, as offsets into the
    text in code points; they are None where the decision is `not`.
    """

    topic: str
    probability: float
    threshold: float
    decision: Decision
    evidence_start: int | None = None
    evidence_end: int | None = None


@dataclass(frozen=True)
class Prediction:
    """Every topic of the model in its order, and the text's vector (384 numbers of length 1; 0 if it is empty)."""

    topics: tuple[TopicScore, ...]
    vector: Vectors

    @property
    def tagged(self) -> frozenset[str]:
        return frozenset(score.topic for score in self.topics if score.decision == "tagged")


@dataclass(frozen=True)
class Model:
    path: Path
    encoder: Encoder
    heads: Heads

    @classmethod
    def load(cls, path: Path = SHIPPED, threads: int = 0) -> "Model":
        """The model in the directory `path`, run by that many threads (0: one for each core)."""
        require_files(path, [*FILES, head_files.FILE])
        encoder = Encoder.load(path, threads)
        return cls(path, encoder, head_files.load(path, encoder.width))

    @property
    def topics(self) -> tuple[str, ...]:
        return self.heads.topics

    @cached_property
    def digest(self) -> str:
        """SHA-256 of encoder, tokenizer and heads: what a tag names as its model."""
        return digest_files(self.path, [*FILES, head_files.FILE])

    @cached_property
    def card(self) -> dict[str, Any]:
        """What is known of the model: figures, data, method, limits; empty if its directory has no card."""
        return read_card(self.path)

    def predict(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Prediction]:
        """One prediction a text, in their order; each the same as if the text were alone."""
        passages = Passages.read(self.encoder, texts, progress)
        scores = passages.scores(self.heads.log_odds)
        probabilities, vectors = self.heads.probabilities(scores.texts), passages.vectors()
        return [
            Prediction(tuple(self._score(passages, scores, text, k, p) for k, p in enumerate(row)), vectors[text])
            for text, row in enumerate(probabilities.tolist())
        ]

    def _score(self, passages: Passages, scores: Scores, text: int, k: int, probability: float) -> TopicScore:
        decision = self.heads.decision(k, probability)
        start, end = (None, None) if decision == "not" else passages.evidence(scores, text, k)
        return TopicScore(self.topics[k], probability, float(self.heads.thresholds[k]), decision, start, end)


def read_card(path: Path) -> dict[str, Any]:
    file = path / CARD
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
