"""Heads of topics of one's own, and the bench on which they sit beside a model's."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from classifier.embed import Vectors
from classifier.heads import Bench, Decision, decided
from classifier.logistic import Floats, sigmoid


@dataclass(frozen=True)
class OwnHead:
    """One fitted topic, calibrated by its `weights` and `bias`. `digest`: of all that it was fitted from."""

    topic: str
    digest: str
    weights: Floats
    bias: float
    threshold: float
    unsure_from: float
    figures: dict[str, Any]


@dataclass(frozen=True)
class OwnHeads:
    heads: tuple[OwnHead, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(head.topic for head in self.heads)

    @property
    def thresholds(self) -> Floats:
        return np.array([head.threshold for head in self.heads], np.float64)

    @property
    def figures(self) -> dict[str, Any]:
        """What each said of texts that it had not seen, by topic."""
        return {head.topic: head.figures for head in self.heads}

    def log_odds(self, vectors: Vectors) -> Floats:
        weights = np.array([head.weights for head in self.heads], np.float64)
        # einsum, not @: a row of a matrix product may depend on how many rows there are
        raised: Floats = np.einsum("nd,kd->nk", vectors.astype(np.float64), weights, optimize=False)
        return raised + np.array([head.bias for head in self.heads], np.float64)

    def probabilities(self, log_odds: Floats) -> Floats:
        return sigmoid(log_odds)

    def decision(self, topic: int, probability: float) -> Decision:
        head = self.heads[topic]
        return decided(probability, head.threshold, head.unsure_from)


@dataclass(frozen=True)
class Together:
    """Two benches as one: the topics of `first`, then those of `second`."""

    first: Bench
    second: Bench

    @property
    def topics(self) -> tuple[str, ...]:
        return self.first.topics + self.second.topics

    @property
    def thresholds(self) -> Floats:
        return np.append(self.first.thresholds, self.second.thresholds)

    def log_odds(self, vectors: Vectors) -> Floats:
        return np.hstack([self.first.log_odds(vectors), self.second.log_odds(vectors)])

    def probabilities(self, log_odds: Floats) -> Floats:
        own = len(self.first.topics)
        parts = self.first.probabilities(log_odds[:, :own]), self.second.probabilities(log_odds[:, own:])
        return np.hstack(parts)

    def decision(self, topic: int, probability: float) -> Decision:
        own = len(self.first.topics)
        if topic < own:
            return self.first.decision(topic, probability)
        return self.second.decision(topic - own, probability)
