"""`kle model train`, told as one story: labelled posts in, heads and card out, the encoder left as it is.

The parts come by hash of a post's group or words, so that paraphrases and translations stay together. The heads are
fitted on the training part; recipe, calibration and thresholds come from the validation part; the test part is only
measured. The encoder was tuned on the training part too (classifier.build_encoder), so that all three keep their
meaning.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier import calibrate, card, fitting, taxonomy
from classifier import heads as head_files
from classifier.corpus import SEED, Corpus
from classifier.corpus import SHIPPED as SHIPPED_POSTS
from classifier.embed import ENCODER, FILES, Encoder, digest_files
from classifier.evaluate import measure, scores
from classifier.fitting import Choice, Examples, Recipe
from classifier.heads import Heads
from classifier.lines import Labelled
from classifier.logistic import Floats, sigmoid
from classifier.model import Model
from classifier.passages import Passages
from core.errors import ModelError

Stage = Callable[[str, int, int], None]  # called with (what is being done, how much is done, of how much)
CARRIED = ("NOTICE", card.ENCODER_FACTS, card.COMPARED)  # beside the encoder's own files


def train(
    data_dir: Path,
    artifact_dir: Path,
    seed: int = SEED,
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
    tell = progress or silent
    topics = taxonomy.topics() if topics is None else topics
    home = out_dir or artifact_dir
    _make(home)
    corpus = Corpus.read(data_dir, [topic.slug for topic in topics], seed)
    encoder = Encoder.load(artifact_dir, threads)
    choice = _fit(corpus, encoder, topics, recipes, tell)
    trained = {
        "encoder": digest_files(artifact_dir, [ENCODER]),
        "data": corpus.digest,
        "taxonomy": taxonomy.digest(topics),
        "seed": seed,
    }
    carry(artifact_dir, home, (*FILES, *CARRIED))
    head_files.save(_heads(corpus, choice, trained), home)
    model = Model(home, encoder, head_files.load(home, encoder.width))
    return card.write(
        home,
        trained=trained,
        data=card.describe(corpus, shipped=data_dir == SHIPPED_POSTS),
        method={"recipe": _plain(choice.recipe), "compared": [{**_plain(r), "map": s} for r, s in choice.compared]},
        validation=_measured(model, corpus.of("validation"), lambda n, of: tell("validated", n, of)),
        test=_measured(model, corpus.of("test"), lambda n, of: tell("tested", n, of)),
    )


def topic_texts(topics: Sequence[taxonomy.Topic]) -> tuple[list[str], Floats]:
    """The taxonomy's own texts and labels: each speaks of its topic, and says nothing of the others (NaN)."""
    texts, rows = list[str](), list[Floats]()
    for k, topic in enumerate(topics):
        inside = (topic.name, topic.definition, *topic.inside)
        for text, holds in [*((text, 1.0) for text in inside), *((text, 0.0) for text in topic.outside)]:
            texts.append(text)
            rows.append(np.where(np.arange(len(topics)) == k, holds, np.nan))
    return texts, np.array(rows)


def training_texts(corpus: Corpus, topics: Sequence[taxonomy.Topic]) -> tuple[list[str], Floats]:
    """What encoder and heads learn from: the training part, and the taxonomy's own texts."""
    posts, (texts, rows) = corpus.of("train"), topic_texts(topics)
    return [*(post.text for post in posts), *texts], np.vstack([corpus.labels(posts), rows])


def _fit(
    corpus: Corpus, encoder: Encoder, topics: Sequence[taxonomy.Topic], recipes: Sequence[Recipe], tell: Stage
) -> Choice:
    texts, labels = training_texts(corpus, topics)
    passages = Passages.read(encoder, texts, lambda n, of: tell("passages read", n, of))
    held_out = corpus.of("validation")
    judged = Passages.read(encoder, [post.text for post in held_out], lambda n, of: tell("passages read", n, of))
    examples = Examples(passages.vectors().astype(np.float64), labels)
    return fitting.choose(
        examples, judged, corpus.labels(held_out), recipes, lambda n, of: tell("recipes compared", n, of)
    )


def _heads(corpus: Corpus, choice: Choice, trained: dict[str, Any]) -> Heads:
    labels = corpus.labels(corpus.of("validation"))
    slope, offset = calibrate.platt(choice.odds, labels)
    probabilities = sigmoid(slope * choice.odds + offset)
    tagged_from = calibrate.thresholds(probabilities, labels)
    unsure = calibrate.unsure_from(probabilities, labels, tagged_from)
    linear = choice.linear
    return Heads(corpus.slugs, linear.weights, linear.bias, slope, offset, tagged_from, unsure, trained)


def _measured(model: Model, posts: Sequence[Labelled], progress: Callable[[int, int], None]) -> dict[str, Any]:
    found = model.predict([post.text for post in posts], progress=progress)
    unsure = [any(score.decision == "unsure" for score in one.topics) for one in found]
    figures = measure(posts, *scores(found, len(model.topics)), model.topics)
    return {**figures, "posts_with_unsure": round(float(np.mean(unsure)), 4)}


def _make(home: Path) -> None:
    """Before the work, so that a place which cannot be written costs none."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{home}: a model cannot be written there ({error.strerror}); name a folder") from error


def carry(source: Path, home: Path, names: Sequence[str]) -> None:
    """A model directory is complete: what `source` has of these files goes along."""
    _make(home)
    for name in names:
        if source.resolve() != home.resolve() and (source / name).is_file():
            shutil.copyfile(source / name, home / name)


def _plain(recipe: Recipe) -> dict[str, float]:
    return {"penalty": recipe.penalty, "positive_weight": recipe.positive_weight}


def silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""
