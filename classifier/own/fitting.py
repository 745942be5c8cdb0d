"""A head from a handful of examples, fitted in a second on the shipped encoder's vectors.

Name, definition and examples say yes; counter-examples and the background say no. What is told of a head is what it
said out of fold, of texts that it had not seen. How this recipe was found: docs/own-topics.md.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifier import calibrate, logistic
from classifier.embed import Encoder, Vectors
from classifier.lines import Labelled
from classifier.logistic import Floats, sigmoid
from classifier.own.background import Background
from classifier.own.figures import figures
from classifier.own.heads import OwnHead
from classifier.passages import Passages
from core.tables import TopicConfig

RECIPE = 1  # to be raised with any change to what is fitted, so that no older head is taken from the cache
PENALTY = 0.2
SHARE = 0.05
"""One text in twenty is taken to be in a topic, by its probabilities and figures."""
MOST_TAGGED = 0.03
"""So much of the background is tagged at most.

F1 of topics with 8 examples where 2, 5 and 10 % of all posts are in them: with 2 % 0.36, 0.44, 0.47; with 3 % 0.35,
0.46, 0.52; with 5 % 0.32, 0.46, 0.54 and half as many wrong tags again.
"""
REACHED = 0.75
"""Where the background would let the threshold be lower, it is what three in four examples reach."""
_FOLDS, _HARDLY = 10, 1e-3


def digest(topic: TopicConfig, encoder: str, background: Sequence[Labelled]) -> str:
    """SHA-256 over all that a head depends on; `encoder` is the digest of the encoder's files."""
    plain = [RECIPE, topic.model_dump(), encoder, [(post.language, post.text) for post in background]]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def fit(topic: TopicConfig, encoder: Encoder, background: Background, name: str) -> OwnHead:
    """The head of `topic`, with the digest `name`."""
    given = Passages.read(encoder, [*topic.examples, *topic.counter_examples])
    always = Passages.read(encoder, [topic.name, topic.definition]).vectors()
    sample = _Sample(given, background, always, len(topic.examples))
    odds = sample.out_of_fold()
    slope, offset = _calibration(odds, sample.labels)
    probabilities = sigmoid(slope * odds + offset)
    threshold = _threshold(probabilities, sample.labels)
    held = sample.labels[:, None]
    unsure = calibrate.unsure_from(probabilities[:, None], held, np.array([threshold]))
    weights, bias = sample.fit(np.ones(len(odds), np.bool_))
    told = {
        "examples": len(topic.examples),
        "counter_examples": len(topic.counter_examples),
        "background": len(background.languages),
        **figures(probabilities, sample.labels, threshold, SHARE),
    }
    return OwnHead(topic.slug, name, slope * weights, slope * bias + offset, threshold, float(unsure[0]), told)


@dataclass(frozen=True)
class _Sample:
    """Rows: the examples, the counter-examples (both in `given`), the background. `always` are further examples."""

    given: Passages
    background: Background
    always: Vectors
    examples: int

    @property
    def labels(self) -> Floats:
        rows = len(self.given.readings) + len(self.background.languages)
        return (np.arange(rows) < self.examples).astype(np.float64)

    @cached_property
    def _vectors(self) -> Vectors:
        return np.vstack([self.given.vectors(), self.background.passages.vectors()])

    def fit(self, rows: NDArray[np.bool_]) -> tuple[Floats, float]:
        """(weights, bias) by these rows: on vectors without their language, centred and of mean length 1."""
        tongues = self.background.tongues
        x = np.vstack([self.always, self._vectors[rows]]).astype(np.float64)
        x -= x @ tongues @ tongues.T
        y = np.append(np.ones(len(self.always)), self.labels[rows])
        centre = x.mean(axis=0)
        spread = float(np.sqrt(((x - centre) ** 2).sum(axis=1).mean()))
        found = logistic.fit((x - centre) / spread, y, np.ones(len(y)), PENALTY)
        weights = found[:-1] / spread
        weights -= tongues @ (tongues.T @ weights)
        return weights, float(found[-1] - weights @ centre)

    def out_of_fold(self) -> Floats:
        """Log odds of each row by a head that did not see it; each example its own fold, if they are not many."""
        count = min(self.examples, _FOLDS)
        folds = np.concatenate([np.arange(n) % count for n in self._sizes])
        found = np.zeros(len(folds))
        for fold in range(count):
            found[folds == fold] = self._odds(*self.fit(folds != fold))[folds == fold]
        return found

    @property
    def _sizes(self) -> tuple[int, int, int]:
        return self.examples, len(self.given.readings) - self.examples, len(self.background.languages)

    def _odds(self, weights: Floats, bias: float) -> Floats:
        def judge(vectors: Vectors) -> Floats:
            return (vectors.astype(np.float64) @ weights + bias)[:, None]

        return np.append(self.given.scores(judge).texts[:, 0], self.background.passages.scores(judge).texts[:, 0])


def _calibration(odds: Floats, labels: Floats) -> tuple[float, float]:
    """(slope, offset) as if a `SHARE` of all texts were in the topic.

    Targets a little off 0 and 1 (Platt's own), because a few examples that all score high prove no certainty.
    """
    inside, outside = float(labels.sum()), float((1 - labels).sum())
    targets = np.where(labels == 1, (inside + 1) / (inside + 2), 1 / (outside + 2))
    weights = np.where(labels == 1, 1.0, inside * (1 - SHARE) / SHARE / outside)
    slope, offset = logistic.fit(odds[:, None], targets, weights, penalty=1e-3)
    if slope <= 0:  # the head ranks no better than chance: then no text is likelier than another
        return _HARDLY, float(np.log(SHARE / (1 - SHARE)))
    return float(slope), float(offset)


def _threshold(probabilities: Floats, labels: Floats) -> float:
    most = np.quantile(probabilities[labels == 0], 1 - MOST_TAGGED)
    reached = np.quantile(probabilities[labels == 1], 1 - REACHED)
    return float(max(most, reached))
