"""Heads from examples: how they are fitted, and by which recipe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from classifier import logistic
from classifier.embed import Vectors
from classifier.figures import mean_average_precision
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


RECIPES = tuple(Recipe(*pair) for pair in product((0.8, 0.4, 0.2, 0.1), (1.0, 2.0)))
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


@dataclass(frozen=True)
class Choice:
    """The recipe of the best validation average precision, what it gave, and all that were compared."""

    recipe: Recipe
    linear: Linear
    odds: Floats  # of the validation posts
    compared: list[tuple[Recipe, float]]


def choose(
    examples: Examples,
    held_out: Passages,
    labels: Floats,
    recipes: Sequence[Recipe],
    progress: Callable[[int, int], None],
) -> Choice:
    """Fit by each recipe and judge posts that were held out, as at run time: window by window.

    By average precision (mean over topics), because it asks how well posts are ranked: thresholds come later.
    """
    found, compared = list[tuple[Linear, Floats]](), list[tuple[Recipe, float]]()
    for n, recipe in enumerate(recipes, 1):
        linear = fit(examples, recipe)
        odds = held_out.scores(linear.log_odds).texts
        found.append((linear, odds))
        compared.append((recipe, round(mean_average_precision(odds, labels), 4)))
        progress(n, len(recipes))
    best = int(np.argmax([score for _, score in compared]))
    return Choice(compared[best][0], *found[best], compared)


def _head(x: Floats, y: Floats, recipe: Recipe) -> Floats:
    known = ~np.isnan(y)
    weights = np.where(y[known] == 1, recipe.positive_weight, 1.0)
    return logistic.fit(x[known], y[known], weights, recipe.penalty)
