"""How far answers to yes-or-no questions agree.

Cohen's kappa of two who answer (Cohen, 1960), Krippendorff's alpha of any number of them, answers missing or not
(nominal; Krippendorff, 2011), and precision, recall and F1 where one of the two is right by definition. All of it
comes from counts on posts, so that weights and bootstrap resamples are a matrix product. NaN where a figure is
undefined: 0 / 0 is no agreement and no disagreement.
"""

import numpy as np
from numpy.typing import NDArray

from classifier import figures
from classifier.logistic import Floats

YES, NO, NONE = 1, 0, -1
_LEAST = 1e-12  # of all: what rounding leaves where chance alone agrees on everything
Said = NDArray[np.int8]  # YES, NO or NONE (no answer)
BOTH, FIRST, SECOND, NEITHER = range(4)  # who said yes


def cells(first: Said, second: Said, weights: Floats | None = None) -> Floats:
    """n x 4: on how many topics of each post both, only the first, only the second and neither said yes.

    Both are n x K; where one gave no answer nothing is counted. `weights` are n x K.
    """
    answered = (first != NONE) & (second != NONE)
    counted = answered.astype(float) if weights is None else np.where(answered, weights, 0.0)
    kinds = ((1, 1), (1, 0), (0, 1), (0, 0))
    found: Floats = np.stack([((first == a) & (second == b)) * counted for a, b in kinds], axis=2).sum(axis=1)
    return found


def kappa(counts: Floats) -> Floats:
    """Of each row of four counts."""
    total = counts.sum(axis=1)
    same = counts[:, BOTH] + counts[:, NEITHER]
    first, second = counts[:, BOTH] + counts[:, FIRST], counts[:, BOTH] + counts[:, SECOND]
    by_chance = figures.over(first * second + (total - first) * (total - second), total)
    room = total - by_chance
    return figures.over(same - by_chance, np.where(room > _LEAST * total, room, 0.0))


def right(counts: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 of the second against the first, and their kappa."""
    found = figures.shares(counts[:, BOTH], counts[:, SECOND], counts[:, FIRST])
    return {**found, "kappa": kappa(counts)}


def units(said: Said) -> Floats:
    """Annotators x n x K -> n x 3, what alpha needs of each post: answers yes, answers no, and pairs of unlike ones
    over the other answers on the topic. One answer alone can be compared with none."""
    yes, no = (said == YES).sum(axis=0), (said == NO).sum(axis=0)
    many = yes + no > 1
    unlike = yes * no / np.maximum(yes + no - 1, 1)
    return np.stack([(part * many).sum(axis=1) for part in (yes, no, unlike)], axis=1).astype(float)


def alpha(sums: Floats) -> Floats:
    """Of each row of three sums over units."""
    yes, no, unlike = sums.T
    return 1 - figures.over((yes + no - 1) * unlike, yes * no)


def majority(said: Said) -> tuple[Said, NDArray[np.bool_]]:
    """Annotators x n x K -> what most said, NONE where nobody or as many said the one as the other; and where they
    were as many."""
    lead = (said == YES).sum(axis=0) - (said == NO).sum(axis=0)
    answered = (said != NONE).any(axis=0)
    found = np.where(lead > 0, YES, np.where(lead < 0, NO, NONE)).astype(np.int8)
    return found, answered & (lead == 0)
