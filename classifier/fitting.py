"""Heads from examples: how they are fitted, and by which cross-validated recipe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from classifier import logistic
from classifier.embed import Vectors
from classifier.heads import gated
from classifier.logistic import Floats
from classifier.passages import Passages


@dataclass(frozen=True)
class Examples:
    """`vectors` n x D; `labels` n x K: 1, 0, or NaN where nobody said whether the topic holds."""

    vectors: Floats
    labels: Floats

    def pick(self, rows: NDArray[np.bool_]) -> "Examples":
        return Examples(self.vectors[rows], self.labels[rows])

    def __add__(self, other: "Examples") -> "Examples":
        return Examples(np.vstack([self.vectors, other.vectors]), np.vstack([self.labels, other.labels]))


@dataclass(frozen=True)
class Recipe:
    penalty: float
    positive_weight: float


RECIPES = tuple(Recipe(*pair) for pair in product((0.4, 0.2, 0.1), (1.0, 2.0)))
"""What is compared, the strongest penalty first: of two equal recipes the more cautious one is taken."""


@dataclass(frozen=True)
class Linear:
    """`weights` (K+1) x D and `bias`; the last row is relevance, as in `Heads`."""

    weights: Floats
    bias: Floats

    def log_odds(self, vectors: Floats | Vectors) -> Floats:
        return gated(vectors @ self.weights.T + self.bias)


def fit(examples: Examples, recipe: Recipe) -> Linear:
    """One regression a topic and one for relevance, on vectors centred and of mean length 1.

    The encoder's vectors lie close together (cosines of 0.7 to 0.9); what tells topics apart is what remains when
    their common part is taken away. Both steps are folded back into the weights.
    """
    centre = examples.vectors.mean(axis=0)
    spread = float(np.sqrt(((examples.vectors - centre) ** 2).sum(axis=1).mean()))
    x = (examples.vectors - centre) / spread
    rows = np.array([_head(x, y, recipe) for y in np.column_stack([examples.labels, relevance(examples.labels)]).T])
    weights = rows[:, :-1] / spread
    return Linear(weights, rows[:, -1] - weights @ centre)


def relevance(labels: Floats) -> Floats:
    """1 where some topic holds, 0 where none does, NaN where that is not known."""
    holds = (labels == 1).any(axis=1)
    return np.where(holds, 1.0, np.where(np.isnan(labels).any(axis=1), np.nan, 0.0))


def out_of_fold(
    examples: Examples, passages: Passages, folds: NDArray[np.int_], always: Examples, recipe: Recipe
) -> Floats:
    """Log odds n x K, each row by a model that saw neither it nor its paraphrases; `always` always trains.

    `passages` are the same texts as `examples`: they are judged as at run time, window by window.
    """
    found = np.zeros_like(examples.labels)
    for fold in np.unique(folds):
        rows = folds == fold
        found[rows] = passages.scores(fit(examples.pick(~rows) + always, recipe).log_odds).texts[rows]
    return found


def choose(
    examples: Examples,
    passages: Passages,
    folds: NDArray[np.int_],
    always: Examples,
    recipes: Sequence[Recipe],
    progress: Callable[[int, int], None],
) -> tuple[Recipe, Floats, list[tuple[Recipe, float]]]:
    """The recipe of the best out-of-fold average precision (mean over topics), its log odds, and all compared.

    Average precision, because it asks how well posts are ranked: thresholds are chosen later.
    """
    best, best_odds, compared = Recipe(0, 0), examples.labels, list[tuple[Recipe, float]]()
    for n, recipe in enumerate(recipes, 1):
        odds = out_of_fold(examples, passages, folds, always, recipe)
        score = round(mean_average_precision(odds, examples.labels), 4)
        if score > max((s for _, s in compared), default=-1.0):
            best, best_odds = recipe, odds
        compared.append((recipe, score))
        progress(n, len(recipes))
    return best, best_odds, compared


def mean_average_precision(scores: Floats, labels: Floats) -> float:
    """The mean over the topics that some example has."""
    return float(
        np.mean([average_precision(s, y) for s, y in zip(scores.T, labels.T, strict=True) if y.any()] or [0])
    )


def average_precision(scores: Floats, labels: Floats) -> float:
    """The mean, over the examples in the topic, of the precision among all that score at least as high."""
    order = np.argsort(-scores, kind="stable")
    hits = labels[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())


def _head(x: Floats, y: Floats, recipe: Recipe) -> Floats:
    known = ~np.isnan(y)
    weights = np.where(y[known] == 1, recipe.positive_weight, 1.0)
    return logistic.fit(x[known], y[known], weights, recipe.penalty)
