"""How good a model is on labelled lines: by topic, by language and in all, with bootstrap intervals.

`unsure` counts as not tagged. Macro F1 is the mean over the topics that the labels hold (within a language: that
they hold in it); micro F1 counts all tags together. A figure without anything to count is 0, its interval null.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier import figures
from classifier.corpus import held
from classifier.embed import Progress
from classifier.figures import Figures, Flags, Judged
from classifier.lines import EXPECTED, Labelled, read
from classifier.logistic import Floats
from classifier.model import Model, Prediction
from core.errors import BadRequest

_DIGITS = 4


def evaluate(path: Path, model: Model, progress: Progress | None = None) -> dict[str, Any]:
    """The figures of `model` on the labelled lines of `path` ({"text", "labels", "language"})."""
    posts = read(path, model.topics)
    if not posts:
        raise BadRequest(f"{path}: no labelled lines in it; expected JSON Lines, each {EXPECTED}")
    predictions = model.predict([post.text for post in posts], progress=progress)
    return measure(posts, *scores(predictions, len(model.topics)), model.topics)


def scores(predictions: Sequence[Prediction], topics: int) -> tuple[Floats, Flags]:
    """n predictions as probabilities n x K, and which of them were tagged."""
    probabilities = [[score.probability for score in one.topics] for one in predictions]
    tagged = [[score.decision == "tagged" for score in one.topics] for one in predictions]
    shape = (len(predictions), topics)
    return np.array(probabilities, float).reshape(shape), np.array(tagged, bool).reshape(shape)


def measure(
    posts: Sequence[Labelled], probabilities: Floats, tagged: Flags, slugs: Sequence[str]
) -> dict[str, Any]:
    """What `kle model evaluate --json` prints."""
    judged = Judged(held(posts, slugs), probabilities, tagged)
    spoken = np.array([post.language for post in posts])
    found = _measured(judged, slugs)
    languages = {code: _measured(judged.pick(spoken == code), slugs) for code in sorted(set(spoken.tolist()))}
    return {**found, "languages": languages}


def _measured(judged: Judged, slugs: Sequence[str]) -> dict[str, Any]:
    once, drawn = figures.of(judged), figures.bootstrap(judged)
    support = judged.labels.sum(axis=0)
    return {
        **{name: _shown(values[0]) for name, values in once.overall.items()},
        "posts": len(judged.labels),
        "off_topic_posts": int((~judged.labels.any(axis=1)).sum()),
        "intervals": {name: _between(values) for name, values in drawn.overall.items()},
        "topics": {slug: _topic(once, drawn, k, int(support[k])) for k, slug in enumerate(slugs)},
    }


def _topic(once: Figures, drawn: Figures, k: int, support: int) -> dict[str, Any]:
    found = {name: _shown(values[0, k]) for name, values in once.topics.items()}
    return {**found, "support": support, "intervals": {name: _between(v[:, k]) for name, v in drawn.topics.items()}}


def _shown(value: float) -> float:
    return 0.0 if np.isnan(value) else round(float(value), _DIGITS)


def _between(draws: Floats) -> list[float] | None:
    found = figures.interval(draws)
    return None if found is None else [round(bound, _DIGITS) for bound in found]
