"""How well other ways tag the same posts: `python -m benchmarks.quality`, which writes them into the card.

The encoder as it came and the encoder tuned by contrast, each with heads fitted like those that ship; and what a
user would try first: a keyword list, TF-IDF with logistic regression, and descriptions alone (a post has a topic as
much as its vector is near that of the topic's name and definition, by the encoder as it came and by the shipped
one). Each has its thresholds chosen on the validation part by the rule of the shipped model. Needs the extra
`train`.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from classifier import build_encoder, calibrate, card, taxonomy
from classifier.build_encoder import Lesson
from classifier.corpus import SHIPPED as DATA
from classifier.corpus import Corpus
from classifier.embed import Encoder
from classifier.encoder.tune import Tuning
from classifier.evaluate import measure
from classifier.logistic import Floats, sigmoid
from classifier.model import CARD, SHIPPED, read_card
from classifier.passages import Passages
from classifier.split import Part
from classifier.train import train
from core.text import words

KEYWORDS = Path(__file__).with_name("keywords.toml")
CONTRAST = Tuning(way="contrast", batch=48, rate=8e-5)
Odds = dict[Part, Floats]  # of "validation" and "test", n x K
_PARTS: tuple[Part, ...] = ("validation", "test")
_TOLD = ("macro_f1", "micro_f1", "mean_average_precision", "off_topic_tagged")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.split("\n")[0])
    parser.add_argument("scratch", type=Path, help="a folder for the encoders that are built on the way")
    given = parser.parse_args(arguments)
    shipped = read_card(SHIPPED)
    seed = int(shipped["trained"]["seed"])
    corpus = Corpus.read(DATA, [topic.slug for topic in taxonomy.topics()], seed)
    if shipped["trained"]["data"] != corpus.digest:
        sys.stderr.write("the shipped model was trained on other posts: kle model train first\n")
        return 2
    plain, contrast = (given.scratch / name for name in ("plain", "contrast"))
    ways = [
        _told("the shipped model: whole encoder tuned, heads", shipped),
        _told("contrast: whole encoder tuned, heads", _build(contrast, Lesson(DATA, seed, CONTRAST), seed)),
        _told("the encoder as it came, heads", _build(plain, None, seed)),
        _entry("TF-IDF, logistic regression", corpus, _tfidf(corpus)),
        _entry("descriptions, the shipped encoder", corpus, _descriptions(corpus, SHIPPED)),
        _entry("descriptions, the encoder as it came", corpus, _descriptions(corpus, plain)),
        _keywords(corpus),
    ]
    found = {"data": corpus.digest, "ways": ways}
    (SHIPPED / card.COMPARED).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    kept = ("trained", "data", "method", "validation", "test")
    content = card.write(SHIPPED, **{part: shipped[part] for part in kept})
    sys.stdout.write("\n\n".join(card.others(content["compared"])) + "\n")
    return 0


def _build(home: Path, lesson: Lesson | None, seed: int) -> dict[str, Any]:
    """The card of a model with another encoder and heads fitted like the shipped ones."""
    if not (home / CARD).is_file():
        build_encoder.build(home, lesson=lesson)
        train(DATA, home, seed)
    return read_card(home)


def _tfidf(corpus: Corpus) -> Odds:
    """Words and pairs of words; pieces of words; both: whichever ranks the validation part best."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    pairs = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, min_df=2)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2)
    trained = corpus.of("train")
    labels = corpus.labels(trained)
    tried: list[tuple[float, Odds]] = []
    for features in (pairs, pieces, make_union(pairs, pieces)):
        for strength in (1.0, 10.0):
            heads = OneVsRestClassifier(LogisticRegression(C=strength, class_weight="balanced", max_iter=1000))
            model = make_pipeline(features, heads).fit([post.text for post in trained], labels)
            odds = {part: model.decision_function([post.text for post in corpus.of(part)]) for part in _PARTS}
            entry = _entry("", corpus, odds)
            tried.append((entry["validation"]["mean_average_precision"], odds))
    return max(tried, key=lambda one: one[0])[1]


def _words_and_pairs(text: str) -> list[str]:
    found = words(text)
    return found + [" ".join(pair) for pair in pairwise(found)]


def _descriptions(corpus: Corpus, home: Path) -> Odds:
    encoder = Encoder.load(home)
    told = [f"{topic.name}: {topic.definition}" for topic in taxonomy.topics()]
    topics = Passages.read(encoder, told).vectors()
    texts = {part: [post.text for post in corpus.of(part)] for part in _PARTS}
    return {part: (Passages.read(encoder, texts[part]).vectors() @ topics.T).astype(float) for part in _PARTS}


def _entry(name: str, corpus: Corpus, odds: Odds) -> dict[str, Any]:
    """Figures of ranked posts: calibrated, and tagged from the thresholds that the validation part gives."""
    posts = corpus.of("validation")
    labels = corpus.labels(posts)
    slope, offset = calibrate.platt(odds["validation"], labels)
    tagged_from = calibrate.thresholds(sigmoid(slope * odds["validation"] + offset), labels)
    found: dict[str, Any] = {"name": name}
    for part in _PARTS:
        probabilities = sigmoid(slope * odds[part] + offset)
        found |= {part: _short(measure(corpus.of(part), probabilities, probabilities >= tagged_from, corpus.slugs))}
    return found


def _keywords(corpus: Corpus) -> dict[str, Any]:
    listed = tomllib.loads(KEYWORDS.read_text(encoding="utf-8"))
    holds = [_matcher(listed[slug]) for slug in corpus.slugs]
    found: dict[str, Any] = {"name": "keyword list"}
    for part in _PARTS:
        posts = corpus.of(part)
        tagged = np.array([[one(post.text) for one in holds] for post in posts])
        found |= {part: _short(measure(posts, tagged.astype(float), tagged, corpus.slugs))}
    return found


def _matcher(phrases: Sequence[str]) -> Callable[[str], bool]:
    wanted = [f" {' '.join(words(phrase))}{'' if phrase.endswith('*') else ' '}" for phrase in phrases]

    def holds(text: str) -> bool:
        padded = f" {' '.join(words(text))} "
        return any(phrase in padded for phrase in wanted)

    return holds


def _told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, **{part: _short(found[part]) for part in _PARTS}}


def _short(figures: dict[str, Any]) -> dict[str, Any]:
    languages = {code: one["macro_f1"] for code, one in figures["languages"].items()}
    return {**{name: figures[name] for name in _TOLD}, "languages": languages}


if __name__ == "__main__":
    sys.exit(main())
