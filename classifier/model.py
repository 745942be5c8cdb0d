"""The classifier at run time: `Model.load(path).predict(texts)` is the whole surface.

A long text is read window by window: a topic's probability is that of the window which speaks for it most, so what
only the last paragraph says is found; the text's vector is the mean over its windows. See passages.py.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from classifier import heads as head_files
from classifier.embed import FILES, Encoder, Progress, Vectors, digest_files, require_files
from classifier.heads import Bench, Decision, Heads
from classifier.logistic import Floats
from classifier.passages import Passages
from classifier.reading import Reader

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


class Classifier(Protocol):
    """What tags: a `Model`, one with topics of one's own beside it, or another kind of model."""

    @property
    def topics(self) -> tuple[str, ...]: ...
    @property
    def thresholds(self) -> Floats:
        """From which probability each topic is tagged."""
        ...

    @property
    def digest(self) -> str:
        """What a tag names as its model: changes with all that may change a tag."""
        ...

    @property
    def card(self) -> dict[str, Any]: ...
    @property
    def path(self) -> Path: ...
    @property
    def reader(self) -> Reader | None:
        """What makes its vectors; None where it has none that could be compared."""
        ...

    def predict(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Prediction]: ...


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

    @property
    def thresholds(self) -> Floats:
        return self.heads.thresholds

    @cached_property
    def digest(self) -> str:
        """SHA-256 of encoder, tokenizer and heads: what a tag names as its model."""
        return digest_files(self.path, [*FILES, head_files.FILE])

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.encoder, digest_files(self.path, FILES))

    @cached_property
    def card(self) -> dict[str, Any]:
        """What is known of the model: figures, data, method, limits; empty if its directory has no card."""
        return read_card(self.path)

    def predict(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Prediction]:
        """One prediction a text, in their order; each the same as if the text were alone."""
        return judged(self.encoder, self.heads, texts, progress)


def judged(
    encoder: Encoder, bench: Bench, texts: Sequence[str], progress: Progress | None = None
) -> list[Prediction]:
    """What `bench` says of texts that `encoder` reads."""
    passages = Passages.read(encoder, texts, progress)
    scores = passages.scores(bench.log_odds)
    probabilities, vectors = bench.probabilities(scores.texts), passages.vectors()
    thresholds = bench.thresholds.tolist()

    def score(text: int, k: int, probability: float) -> TopicScore:
        decision = bench.decision(k, probability)
        start, end = (None, None) if decision == "not" else passages.evidence(scores, text, k)
        return TopicScore(bench.topics[k], probability, thresholds[k], decision, start, end)

    return [
        Prediction(tuple(score(text, k, p) for k, p in enumerate(row)), vectors[text])
        for text, row in enumerate(probabilities.tolist())
    ]


def read_card(path: Path) -> dict[str, Any]:
    file = path / CARD
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
