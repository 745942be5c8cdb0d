"""`kle model train`, told as one story: labelled posts in, heads and card out, the encoder left as it is.

The parts come by hash of a post's group or words, so that paraphrases and translations stay together: 15 in 100 are
the test part, on which nothing is chosen; the rest validates in five folds. Recipe, calibration and thresholds come
from out-of-fold predictions alone; the shipped heads are then fitted on all five folds.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier import calibrate, card, fitting, taxonomy
from classifier import heads as head_files
from classifier.embed import ENCODER, FILES, Encoder, digest_files
from classifier.evaluate import measure
from classifier.fitting import Examples, Recipe
from classifier.heads import Heads
from classifier.lines import Labelled, read
from classifier.logistic import Floats, sigmoid
from classifier.model import Model
from classifier.passages import Passages
from classifier.split import FOLDS, TEST, data_digest, part, without_near_duplicates
from core.errors import ModelError

DATA = Path(__file__).with_name("data")
Stage = Callable[[str, int, int], None]  # called with (what is being done, how much is done, of how much)
_CARRIED = ("NOTICE", card.ENCODER_FACTS)


def train(
    data_dir: Path,
    artifact_dir: Path,
    seed: int = 7,
    *,
    out_dir: Path | None = None,
    threads: int = 0,
    progress: Stage | None = None,
    recipes: Sequence[Recipe] = fitting.RECIPES,
    topics: Sequence[taxonomy.Topic] | None = None,
) -> dict[str, Any]:
    """Fit heads on the encoder in `artifact_dir` and write them with their card to `out_dir` (default: beside it).

    `recipes` are compared; `topics` are those shipped unless given. Returns the card.
    Same data and seed, same kind of processor: the same bytes.
    """
    tell = progress or _silent
    topics = taxonomy.topics() if topics is None else topics
    slugs = [topic.slug for topic in topics]
    given = read_folder(data_dir, slugs)
    posts = without_near_duplicates(given)
    parts = np.array([part(post, seed) for post in posts])
    _require_enough(data_dir, parts)

    encoder = Encoder.load(artifact_dir, threads)
    kept = [post for post, where in zip(posts, parts, strict=True) if where != TEST]
    folds = parts[parts != TEST]
    passages = Passages.read(encoder, [post.text for post in kept], lambda n, of: tell("passages read", n, of))
    examples = Examples(passages.vectors().astype(np.float64), _labels(kept, slugs))
    always = topic_examples(encoder, topics)

    recipe, odds, compared = fitting.choose(
        examples, passages, folds, always, recipes, lambda n, of: tell("recipes compared", n, of)
    )
    trained = {
        "encoder": digest_files(artifact_dir, [ENCODER]),
        "data": data_digest(posts),
        "taxonomy": taxonomy.digest(topics),
        "seed": seed,
    }
    heads = _heads(slugs, fitting.fit(examples + always, recipe), odds, examples.labels, trained)

    home = out_dir or artifact_dir
    _furnish(artifact_dir, home)
    head_files.save(heads, home)
    model = Model(home, encoder, head_files.load(home, encoder.width))
    test = [post for post, where in zip(posts, parts, strict=True) if where == TEST]
    return card.write(
        home,
        trained=trained,
        data=card.describe(given, posts, test, slugs),
        method={"recipe": _plain(recipe), "compared": [{**_plain(r), "map": s} for r, s in compared]},
        validation=_validation(model.heads, kept, odds),
        test=_test(model, test, tell),
    )


def read_folder(data_dir: Path, slugs: Sequence[str]) -> list[Labelled]:
    """The labelled posts of every *.jsonl file in `data_dir`."""
    return [post for file in sorted(data_dir.glob("*.jsonl")) for post in read(file, slugs)]


def topic_examples(encoder: Encoder, topics: Sequence[taxonomy.Topic]) -> Examples:
    """The taxonomy's own texts: each says something about its topic and nothing about the others."""
    texts, rows = list[str](), list[Floats]()
    for k, topic in enumerate(topics):
        inside = (topic.name, topic.definition, *topic.inside)
        for text, holds in [*((text, 1.0) for text in inside), *((text, 0.0) for text in topic.outside)]:
            texts.append(text)
            rows.append(np.where(np.arange(len(topics)) == k, holds, np.nan))
    return Examples(Passages.read(encoder, texts).vectors().astype(np.float64), np.array(rows))


def _labels(posts: Sequence[Labelled], slugs: Sequence[str]) -> Floats:
    return np.array([[slug in post.labels for slug in slugs] for post in posts], np.float64)


def _heads(
    slugs: Sequence[str], linear: fitting.Linear, odds: Floats, labels: Floats, trained: dict[str, Any]
) -> Heads:
    slope, offset = calibrate.platt(odds, labels)
    probabilities = sigmoid(slope * odds + offset)
    tagged_from = calibrate.thresholds(probabilities, labels)
    unsure = calibrate.unsure_from(probabilities, labels, tagged_from)
    return Heads(tuple(slugs), linear.weights, linear.bias, slope, offset, tagged_from, unsure, trained)


def _validation(heads: Heads, posts: Sequence[Labelled], odds: Floats) -> dict[str, Any]:
    """Out-of-fold figures: recipe and thresholds were chosen on them, so they flatter a little."""
    probabilities = sigmoid(heads.slope * odds + heads.offset)
    return _figures(heads, posts, probabilities)


def _test(model: Model, posts: Sequence[Labelled], tell: Stage) -> dict[str, Any]:
    found = model.predict([p.text for p in posts], progress=lambda n, of: tell("tested", n, of))
    probabilities = np.array([[score.probability for score in one.topics] for one in found])
    return _figures(model.heads, posts, probabilities.reshape(len(posts), len(model.topics)))


def _figures(heads: Heads, posts: Sequence[Labelled], probabilities: Floats) -> dict[str, Any]:
    labels = _labels(posts, heads.topics)
    tagged = [frozenset(np.array(heads.topics)[row >= heads.thresholds]) for row in probabilities]
    unsure = (probabilities >= heads.unsure_from) & (probabilities < heads.thresholds)
    return {
        **measure(posts, tagged, heads.topics),
        "posts": len(posts),
        "mean_average_precision": round(fitting.mean_average_precision(probabilities, labels), 4),
        "calibration_error": round(calibrate.calibration_error(probabilities, labels), 4),
        "posts_with_unsure": round(float(unsure.any(axis=1).mean()), 4),
    }


def _require_enough(data_dir: Path, parts: "np.ndarray[Any, Any]") -> None:
    if len(set(parts.tolist())) < FOLDS + 1:
        raise ModelError(
            f"{data_dir}: {len(parts)} labelled posts in *.jsonl files are too few to train and test on"
        )


def _furnish(source: Path, home: Path) -> None:
    """A model directory is complete: the encoder goes along."""
    home.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, *_CARRIED):
        if source.resolve() != home.resolve() and (source / name).is_file():
            shutil.copyfile(source / name, home / name)


def _plain(recipe: Recipe) -> dict[str, float]:
    return {"penalty": recipe.penalty, "positive_weight": recipe.positive_weight}


def _silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""
