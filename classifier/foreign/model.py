"""A model of another maker as a classifier: its labels are topics, or it is asked about each topic (zero-shot).

A text is read in windows of whole sentences, as by our own: it is in a topic as much as its most telling window.
Evidence is the sentence of it that the model, asked again, finds most telling. Nothing here is calibrated.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from classifier import taxonomy
from classifier.calibrate import WIDEST_BAND
from classifier.embed import Progress
from classifier.foreign import labels
from classifier.foreign.labels import Inference, Named
from classifier.foreign.network import Network
from classifier.heads import decided
from classifier.logistic import Floats, log_odds, sigmoid
from classifier.model import Prediction, TopicScore
from classifier.sentences import Span
from classifier.windows import Reading

TEMPLATE = "This text is about {name}."


@dataclass(frozen=True)
class Foreign:
    """`hypotheses`: one a topic, for an NLI model; else empty."""

    network: Network
    meaning: Inference | Named
    topics: tuple[str, ...]
    hypotheses: tuple[str, ...]
    threshold: float
    given: Mapping[str, str]

    @classmethod
    def load(
        cls,
        path: Path,
        threads: int = 0,
        *,
        given: Mapping[str, str] | None = None,
        threshold: float = 0.5,
        template: str = TEMPLATE,
    ) -> "Foreign":
        """`given` says what labels mean that name no topic; `template` makes a topic's name a hypothesis."""
        network, topics, given = Network.load(path, threads), taxonomy.topics(), given or {}
        meaning = labels.read(network.labels, given, topics)
        if isinstance(meaning, Named):
            return cls(network, meaning, tuple(meaning.columns), (), threshold, given)
        said = tuple(template.format(name=topic.name, definition=topic.definition) for topic in topics)
        return cls(network, meaning, tuple(topic.slug for topic in topics), said, threshold, given)

    @property
    def path(self) -> Path:
        return self.network.path

    @property
    def reader(self) -> None:
        """It has no vectors."""

    @property
    def thresholds(self) -> Floats:
        return np.full(len(self.topics), self.threshold)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over its files and over what was said about them."""
        plain = [self.network.digest, self.topics, self.hypotheses, self.threshold, dict(self.given)]
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

    @property
    def card(self) -> dict[str, Any]:
        asked = (
            f'zero-shot: each topic is a hypothesis ("{self.hypotheses[0]}")'
            if self.hypotheses
            else "by its labels"
        )
        return {
            "encoder": {"model": f"{self.network.architecture}, of another maker; {asked}"},
            "labels": list(self.network.labels),
            "limits": [
                "Its probabilities are its own: nothing was measured or calibrated here. `kle model evaluate FILE` "
                "measures it on labelled posts.",
            ],
        }

    def predict(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Prediction]:
        """One prediction a text, in their order. It has no vectors that could be compared with those of others."""
        readings = self.network.read(texts, self.hypotheses)
        owners = np.array([n for n, reading in enumerate(readings) for _ in reading.windows], np.int_)
        places = [(n, w.start, w.end) for n, reading in enumerate(readings) for w in reading.windows]
        windows = self._judge([texts[n][a:b] for n, a, b in places], range(len(self.topics)), progress)
        found = np.zeros((len(texts), len(self.topics)))
        np.maximum.at(found, owners, windows)
        evidence = self._evidence(texts, readings, owners, windows, found)
        no_vector = np.zeros(0, np.float32)
        return [
            Prediction(tuple(self._score(n, k, p, evidence) for k, p in enumerate(row)), no_vector)
            for n, row in enumerate(found.tolist())
        ]

    def _score(self, text: int, k: int, probability: float, evidence: Mapping[tuple[int, int], Span]) -> TopicScore:
        start, end = evidence.get((text, k), (None, None))
        decision = decided(probability, self.threshold, self._unsure_from)
        return TopicScore(self.topics[k], probability, self.threshold, decision, start, end)

    @cached_property
    def _unsure_from(self) -> float:
        return float(sigmoid(log_odds(np.array([self.threshold])) - WIDEST_BAND)[0])

    def _judge(self, passages: Sequence[str], topics: Sequence[int], progress: Progress | None = None) -> Floats:
        """Probabilities of these topics, n x len(topics)."""
        if isinstance(self.meaning, Inference):
            pairs = [(passage, self.hypotheses[k]) for passage in passages for k in topics]
            logits = self.network.logits([one for one, _ in pairs], [other for _, other in pairs], progress)
            raised = logits[:, self.meaning.entailment] - logits[:, self.meaning.contradiction]
            return sigmoid(raised).reshape(len(passages), len(topics))
        logits = self.network.logits(passages, progress=progress)
        columns = [self.meaning.columns[self.topics[k]] for k in topics]
        return (sigmoid(logits) if self.network.several else _softmax(logits))[:, columns]

    def _evidence(
        self, texts: Sequence[str], readings: Sequence[Reading], owners: Any, windows: Floats, found: Floats
    ) -> dict[tuple[int, int], Span]:
        """The best sentence of the best window, by (text, topic), of what is tagged or unsure."""
        spans: dict[tuple[int, int], Span] = {}
        for k in range(len(self.topics)):
            rows = np.flatnonzero(found[:, k] >= self._unsure_from).tolist()
            pieces = {n: self._sentences(readings[n], windows[owners == n, k]) for n in rows}
            places = [(n, start, end) for n in rows for start, end in pieces[n]]
            odds = self._judge([texts[n][a:b] for n, a, b in places], [k])[:, 0] if places else np.zeros(0)
            best: dict[int, float] = {}
            for (n, start, end), p in zip(places, odds.tolist(), strict=True):
                if p > best.get(n, -1.0):
                    best[n], spans[n, k] = p, (start, end)
        return spans

    def _sentences(self, reading: Reading, windows: Floats) -> list[Span]:
        window = reading.windows[int(windows.argmax())]
        return [(piece.start, piece.end) for piece in reading.sentences_in(window)]


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)
