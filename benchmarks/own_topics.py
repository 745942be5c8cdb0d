"""How good topics of one's own become: `python -m benchmarks.own_topics`.

Each shipped topic in turn plays one of one's own. Its examples are drawn from the labelled posts; its background is
drawn from the others, of which as many are in the topic as a rarer one would have there; the rest tests. Encoders
that were tuned on the shipped topics flatter themselves here.
"""

import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from classifier import taxonomy
from classifier.corpus import SHIPPED as SHIPPED_POSTS
from classifier.corpus import read_folder
from classifier.embed import Encoder
from classifier.figures import average_precision
from classifier.lines import Labelled
from classifier.model import SHIPPED
from classifier.own import background, fitting
from classifier.own.background import Background
from classifier.own.heads import OwnHeads
from classifier.passages import Passages
from classifier.split import without_near_duplicates
from core.tables import TopicConfig

DRAWS, SIZES, CONTAMINATION = 3, (8, 20, 60), 0.03
LANGUAGES = ("en", "ar", "ckb", "kmr")
NAMES = (
    *("F1", "precision", "recall", "wrongly tagged", "average precision"),
    *("F1 foretold", "true F1", "below its range", "above"),
    *(f"F1 {code}" for code in LANGUAGES),
)


class Remembering:
    """An encoder that reads each passage once; every draw asks for the same posts."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self._known = encoder, dict[tuple[int, ...], Any]()
        self.read, self.width = encoder.read, encoder.width

    def vectors(self, windows: Sequence[Sequence[int]], progress: Any = None) -> Any:
        new = [w for w in dict.fromkeys(map(tuple, windows)) if w not in self._known]
        self._known |= dict(zip(new, self._encoder.vectors(new, progress), strict=True))
        return np.array([self._known[tuple(w)] for w in windows], np.float32).reshape(len(windows), self.width)


def main(folder: Path = SHIPPED) -> None:
    """Print the means over topics and draws."""
    encoder: Any = Remembering(Encoder.load(folder, 1))
    posts = without_near_duplicates(read_folder(SHIPPED_POSTS, [t.slug for t in taxonomy.topics()]))
    passages = Passages.read(encoder, [post.text for post in posts])
    print("| examples | " + " | ".join(NAMES) + " |")  # noqa: T201
    for size, english in product(SIZES, (False, True)):
        rows = [
            _play(topic, size, english, np.random.default_rng(draw), posts, passages, encoder)
            for topic in taxonomy.topics()
            for draw in range(DRAWS)
        ]
        label = f"{size}, English" if english else size
        print(f"| {label} | " + " | ".join(f"{v:.3f}" for v in np.mean(rows, axis=0)) + " |", flush=True)  # noqa: T201


def _play(
    topic: taxonomy.Topic,
    size: int,
    english: bool,
    dice: np.random.Generator,
    posts: Sequence[Labelled],
    passages: Passages,
    encoder: Any,
) -> list[float]:
    holds = np.array([topic.slug in post.labels for post in posts])
    spoken = np.array([post.language for post in posts])
    examples = dice.permutation(np.flatnonzero(holds & ((spoken == "en") | (not english))))[:size]
    inside = dice.permutation(np.setdiff1d(np.flatnonzero(holds), examples))
    outside = dice.permutation(np.flatnonzero(~holds))
    among = round(background.SIZE * CONTAMINATION)
    others = [*inside[:among], *outside[: background.SIZE - among]]
    tested = np.array([*inside[among:], *outside[background.SIZE - among :]])
    texts = [posts[i].text for i in examples]
    given = TopicConfig(slug=topic.slug, name=topic.name, definition=topic.definition, examples=texts)
    head = fitting.fit(given, encoder, Background.read(encoder, [posts[i] for i in others]), "played")
    own = OwnHeads((head,))
    found, true = own.probabilities(passages.scores(own.log_odds).texts)[tested, 0], holds[tested]
    places = [spoken[tested] == code for code in LANGUAGES]
    by_language = [_figures(found[here], true[here], head.threshold)[0] for here in places]
    foretold = _foretold(head.figures["f1"], found, true, head.threshold)
    return [*_figures(found, true, head.threshold), *foretold, *by_language]


def _figures(found: Any, holds: Any, threshold: float) -> list[float]:
    tagged = found >= threshold
    hits = float((tagged & holds).sum())
    precision, recall = hits / max(float(tagged.sum()), 1.0), hits / float(holds.sum())
    f1 = 2 * hits / float(tagged.sum() + holds.sum())
    wrong = float(tagged[~holds].mean())
    return [f1, precision, recall, wrong, float(average_precision(found, holds.astype(np.float64))[0])]


def _foretold(told: dict[str, float], found: Any, holds: Any, threshold: float) -> list[float]:
    """The F1 that the head's figures promise, the true one at their share, and whether it leaves their range."""
    tagged, share = found >= threshold, fitting.SHARE
    hits, false = share * float(tagged[holds].mean()), (1 - share) * float(tagged[~holds].mean())
    true = 2 * hits / (hits + false + share)
    return [told["value"], true, float(true < told["low"]), float(true > told["high"])]


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
