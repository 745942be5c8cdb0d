"""From log odds of posts that a model did not see to probabilities, thresholds and the unsure band."""

import numpy as np
from numpy.typing import NDArray

from classifier import logistic
from classifier.logistic import Floats, sigmoid

OFF_TOPIC_COST = 2.0
"""A tag on a post about something else altogether counts as two wrong tags: readers forgive it least.

On the validation part a cost of 1 tags 5 in 100 such posts, 2 tags 4; 3 saves no more of them and costs recall."""
POOLED_POSITIVES = 1000.0
"""All topics together count as much as that many posts of the one whose threshold is chosen.

The fewer posts a topic has, the nearer its threshold lies to the common one. Thresholds chosen on four fifths of
the out-of-fold predictions did better on the last fifth the more they shared: macro F1 0.726 with 50, 0.733 with
1000 and the smoothing below."""
_SMOOTHED_OVER = 6  # steps to each side: the best F1 is wanted on a plateau, not on a peak of few posts
CAUGHT_SHARE, WIDEST_BAND = 1 / 3, 0.8
_GRID = np.round(np.arange(0.2, 0.8001, 0.01), 2)


def platt(odds: Floats, labels: Floats) -> tuple[float, float]:
    """(slope, offset), one pair for all topics: ten single ones would follow the chances of few posts."""
    known = ~np.isnan(labels)
    z, y = odds[known][:, None], labels[known]
    slope, offset = logistic.fit(z, y, np.ones(len(y)), penalty=1e-6)
    return float(slope), float(offset)


def thresholds(probabilities: Floats, labels: Floats) -> Floats:
    """For each topic the probability from which to tag: where F1 is best, with the two weights above."""
    costs = np.where(labels.any(axis=1), 1.0, OFF_TOPIC_COST)[:, None]
    counts = np.array([_counts(probabilities >= t, labels == 1, costs) for t in _GRID])  # thresholds x 3 x K
    pooled = counts.sum(axis=2, keepdims=True)
    positives = max(float(labels.sum()), 1.0)
    hits, false, missed = np.moveaxis(counts + pooled * (POOLED_POSITIVES / positives), 1, 0)
    f1 = 2 * hits / np.maximum(2 * hits + false + missed, 1e-9)
    return np.array([_GRID[_smooth(curve).argmax()] for curve in f1.T], np.float64)


def unsure_from(probabilities: Floats, labels: Floats, tagged_from: Floats) -> Floats:
    """Where the unsure band begins: the same distance in log odds below every threshold.

    As far down as it takes to hold a third of the missed tags, and at most 0.8: people have to look at them.
    """
    below = logistic.log_odds(tagged_from) - logistic.log_odds(probabilities)
    missed = below[(labels == 1) & (below > 0)]
    width = float(np.quantile(missed, CAUGHT_SHARE)) if len(missed) else 0.0
    return sigmoid(logistic.log_odds(tagged_from) - min(width, WIDEST_BAND))


def _smooth(curve: Floats) -> Floats:
    width = 2 * _SMOOTHED_OVER + 1
    return np.convolve(np.pad(curve, _SMOOTHED_OVER, mode="edge"), np.full(width, 1 / width), "valid")


def _counts(found: NDArray[np.bool_], holds: NDArray[np.bool_], costs: Floats) -> Floats:
    return np.array(
        [(found & holds).sum(axis=0), ((found & ~holds) * costs).sum(axis=0), (~found & holds).sum(axis=0)],
        np.float64,
    )
