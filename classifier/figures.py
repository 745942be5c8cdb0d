"""How good tags are, as figures: precision, recall, F1, average precision and calibration, with intervals.

Everything is computed from weights on posts: all 1 for the figures themselves, drawn anew a thousand times for
their bootstrap intervals (Efron, 1979: posts drawn with replacement; the middle 95 in 100 of what comes out). Where
there is nothing to count a figure is NaN here; who shows it decides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.logistic import Floats

Flags = NDArray[np.bool_]
DRAWS, SEED = 1000, 1
_BINS = 10
_CELLS = 2_000_000  # draws x posts at a time: some 16 MB
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Judged:
    """n posts, K topics: what holds (`labels`), with which probability it was found, and whether it was tagged."""

    labels: Flags
    probabilities: Floats
    tagged: Flags

    def pick(self, rows: Flags) -> "Judged":
        return Judged(self.labels[rows], self.probabilities[rows], self.tagged[rows])


@dataclass(frozen=True)
class Figures:
    """R draws: `overall` figures of R numbers each, `topics` figures of R x K."""

    overall: dict[str, Floats]
    topics: dict[str, Floats]


def of(judged: Judged) -> Figures:
    """The figures themselves (one draw in which every post counts once)."""
    return _weighted(judged, np.ones((1, len(judged.labels))))


def bootstrap(judged: Judged, draws: int = DRAWS) -> Figures:
    """The figures of `draws` resamples of the posts, the same ones on every call."""
    parts = [_weighted(judged, weights) for weights in resamples(np.zeros(len(judged.labels)), draws)]
    first = parts[0]
    return Figures(
        {name: np.concatenate([part.overall[name] for part in parts]) for name in first.overall},
        {name: np.concatenate([part.topics[name] for part in parts]) for name in first.topics},
    )


def resamples(groups: NDArray[Any], draws: int = DRAWS) -> Iterator[Floats]:
    """How often each post is in each of `draws` resamples, some draws at a time; posts of one group are drawn with
    replacement among themselves, so that a stratified sample is resampled as it was drawn."""
    n, random = len(groups), np.random.default_rng(SEED)
    step = max(_CELLS // max(n, 1), 1)
    for done in range(0, draws, step):
        weights = np.zeros((min(step, draws - done), n))
        for group in np.unique(groups):
            mine = np.flatnonzero(groups == group)
            weights[:, mine] = _drawn(random, len(weights), len(mine))
        yield weights


def interval(draws: Floats) -> tuple[float, float] | None:
    """Where the middle 95 in 100 of `draws` lie; None unless more than half of them had something to count."""
    known = draws[~np.isnan(draws)]
    if len(known) * 2 <= len(draws):
        return None
    low, high = np.quantile(known, _INTERVAL)
    return float(low), float(high)


def average_precision(scores: Floats, labels: Floats, weights: Floats | None = None) -> Floats:
    """A draw's mean, over the examples in the topic, of the precision among all that score at least as high.

    `scores` and `labels` of n examples; `weights` R x n for R draws (one, all 1, if not
    given). Equal scores stand together.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, found = scores[order], labels[order]
    given = np.ones((1, len(order))) if weights is None else weights[:, order]
    last = np.searchsorted(-ranked, -ranked, side="right") - 1  # the last of those that score the same
    hits, seen = np.cumsum(given * found, axis=1)[:, last], np.cumsum(given, axis=1)[:, last]
    precision = hits / np.maximum(seen, 1e-12)
    return over((precision * given * found).sum(axis=1), (given * found).sum(axis=1))


def mean_average_precision(scores: Floats, labels: Floats) -> float:
    """The mean over the topics that some example has; 0 where there is none."""
    held = [k for k in range(labels.shape[1]) if labels[:, k].any()]
    return float(np.mean([average_precision(scores[:, k], labels[:, k])[0] for k in held] or [0.0]))


def calibration_error(probabilities: Floats, labels: Floats, weights: Floats | None = None) -> Floats:
    """Expected calibration error a draw: how far, on average, a probability is from the share that holds.

    In ten equal bins of probability. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    given = np.ones((1, len(probabilities))) if weights is None else weights
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    gaps = np.zeros((len(probabilities), _BINS))
    gaps[np.arange(len(bins)), bins] = probabilities - labels
    return over(np.abs(given @ gaps).sum(axis=1), given.sum(axis=1))


def _weighted(judged: Judged, weights: Floats) -> Figures:
    labels, tagged = judged.labels.astype(float), judged.tagged.astype(float)
    hits, false, missed = (
        weights @ (labels * tagged),
        weights @ (tagged * (1 - labels)),
        weights @ (labels * (1 - tagged)),
    )
    per_topic = {
        **shares(hits, false, missed),
        "average_precision": _columns(average_precision, judged, weights),
        "calibration_error": _columns(calibration_error, judged, weights),
    }
    off = ~judged.labels.any(axis=1)
    overall = {
        "macro_f1": _mean(per_topic["f1"]),
        "micro_f1": over(2 * hits.sum(axis=1), (2 * hits + false + missed).sum(axis=1)),
        "mean_average_precision": _mean(per_topic["average_precision"]),
        "off_topic_tagged": over(weights @ (off & judged.tagged.any(axis=1)), weights @ off),
    }
    return Figures(overall, per_topic)


def shares(hits: Floats, false: Floats, missed: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 of as many counts."""
    return {
        "precision": over(hits, hits + false),
        "recall": over(hits, hits + missed),
        "f1": np.where(hits + missed > 0, over(2 * hits, 2 * hits + false + missed), np.nan),
    }


def _columns(figure: Callable[[Floats, Floats, Floats], Floats], judged: Judged, weights: Floats) -> Floats:
    pairs = zip(judged.probabilities.T, judged.labels.T.astype(float), strict=True)
    return np.column_stack([figure(p, y, weights) for p, y in pairs])


def _drawn(random: np.random.Generator, size: int, n: int) -> Floats:
    """How often each of `n` posts is in each of `size` resamples."""
    if not n:
        return np.zeros((size, 0))
    return random.multinomial(n, np.full(n, 1 / n), size=size).astype(float)


def over(above: Floats, below: Floats) -> Floats:
    """NaN where nothing is below."""
    found: Floats = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found


def _mean(values: Floats) -> Floats:
    """The mean over the topics that have a figure, a draw."""
    known = ~np.isnan(values)
    return over(np.where(known, values, 0).sum(axis=1), known.sum(axis=1).astype(float))
