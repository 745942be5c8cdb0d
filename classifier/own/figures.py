"""Figures from few examples, with the range within which chance alone may move them."""

from typing import Any

import numpy as np

from classifier.figures import average_precision
from classifier.logistic import Floats

_DRAWS, _SEED, _RANGE = 1000, 7, (0.05, 0.95)
_DIGITS = 3
NAMES = ("precision", "recall", "f1", "average_precision")


def figures(probabilities: Floats, labels: Floats, threshold: float, share: float) -> dict[str, Any]:
    """Each figure with `low` and `high`: nine in ten samples drawn anew from these texts lie between them.

    Precision, F1 and average precision depend on how common a topic is, which nobody knows beforehand: the texts
    are weighted as if a `share` of them were in it.
    """
    inside, outside = probabilities[labels == 1], probabilities[labels == 0]
    whole = _measure(inside, outside, threshold, share)
    dice = np.random.default_rng(_SEED)
    drawn = [
        _measure(dice.choice(inside, len(inside)), dice.choice(outside, len(outside)), threshold, share)
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(drawn, _RANGE, axis=0).round(_DIGITS)
    found = {
        name: {"value": round(whole[i], _DIGITS), "low": float(low[i]), "high": float(high[i])}
        for i, name in enumerate(NAMES)
    }
    return {**found, "as_if_share": share}


def told(found: dict[str, Any]) -> dict[str, str]:
    """Each figure as people read it, with its range."""
    return {name: "{value:.2f} ({low:.2f} to {high:.2f})".format(**found[name]) for name in NAMES}


def _measure(inside: Floats, outside: Floats, threshold: float, share: float) -> tuple[float, float, float, float]:
    recall = float((inside >= threshold).mean())
    hits, false = share * recall, (1 - share) * float((outside >= threshold).mean())
    precision = hits / max(hits + false, 1e-12)
    f1 = 2 * hits / (hits + false + share)
    return precision, recall, f1, _average_precision(inside, outside, share)


def _average_precision(inside: Floats, outside: Floats, share: float) -> float:
    labels = np.repeat([1.0, 0.0], [len(inside), len(outside)])
    weights = np.repeat([share / len(inside), (1 - share) / len(outside)], [len(inside), len(outside)])
    return float(average_precision(np.append(inside, outside), labels, weights[None])[0])
