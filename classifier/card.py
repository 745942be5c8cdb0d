"""The model card: what is known of a model, as card.json for programs and card.md for people."""

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.calibrate import OFF_TOPIC_COST, POOLED_POSITIVES, WIDEST_BAND
from classifier.corpus import Corpus
from classifier.model import CARD
from classifier.split import PARTS, TEST_PERCENT, VALIDATION_PERCENT

MARKDOWN = "card.md"
ENCODER_FACTS, COMPARED = "encoder.toml", "compared.json"
LANGUAGES = {"en": "English", "ar": "Arabic", "ckb": "Sorani Kurdish", "kmr": "Kurmanji Kurdish"}
METHOD = (
    "The whole encoder was tuned on the training part of the project's labelled posts (binary cross-entropy of "
    "one linear head a topic and one for relevance, all layers but the word embeddings, learning rates that "
    "fall from layer to layer), then quantised. What ships on top is fitted on the quantised encoder's vectors: "
    "each topic has a logistic regression with an L2 penalty, found by Newton's method; one more tells posts on "
    "any topic from all others, and the odds of every topic are multiplied by its probability. Names, "
    "definitions and examples of the taxonomy are training examples as well. Near-duplicates (half of the "
    "three-word runs shared) are removed. A window's log odds are two thirds its own and one third those of its "
    "best sentence; a text's are those of its best window. A text without a word beside addresses and mentions "
    "has no topic.",
    f"The parts come by hash of a post's group or words: {TEST_PERCENT} in 100 posts test, {VALIDATION_PERCENT} "
    "validate, the others train encoder and heads. Penalty and class weight have the best average precision on "
    "the validation part. One slope and offset for all topics calibrate the log odds there (Platt). A topic's "
    f"threshold has the best F1 there (smoothed), where a tag on an off-topic post counts {OFF_TOPIC_COST:g} times "
    f"and all topics pooled count as much as {POOLED_POSITIVES:g} posts of the topic. The unsure band begins the "
    "same distance in log odds below every threshold, as far down as it takes to hold a third of the missed tags, "
    f"at most {WIDEST_BAND:g}.",
)
LIMITS_ANYWHERE = (
    "A topic holds by what a text says. Irony, pictures, videos and linked pages are not read.",
    "A long text's probability is that of its most telling window: long texts are tagged more readily than posts.",
)
LIMITS = (
    "Every training and test post was written for this project; none is a real post. Real posts differ, so real "
    "figures will be lower than those of the test part: measure on your own with `kle model evaluate FILE`.",
    "The test part was written by the same hands as the training part and shares its habits.",
    "That there is a head for relevance, and how much the best sentence counts, was found by cross-validation over "
    "all posts, those of the test part among them.",
    "Kurdish, Kurmanji above all, is served less well than English and Arabic: the encoder saw little of it.",
    "The vectors draw posts of like topics together: of 399 Kurdish renderings of English posts, the encoder as it "
    "came finds 92 in 100 as the nearest of all Kurdish ones, the tuned one 70.",
    *LIMITS_ANYWHERE,
)


def describe(corpus: Corpus, *, shipped: bool) -> dict[str, Any]:
    """The data in figures; `shipped`: those in the program's own folder, all of them written for it."""
    labels = Counter(label for post in corpus.posts for label in post.labels)
    return {
        "posts": len(corpus.posts),
        "near_duplicates_removed": corpus.removed,
        "parts": {part: len(corpus.of(part)) for part in PARTS},
        "off_topic": sum(not post.labels for post in corpus.posts),
        "languages": dict(sorted(Counter(post.language for post in corpus.posts).items())),
        "topics": {slug: labels[slug] for slug in corpus.slugs},
        "synthetic": True if shipped else None,
    }


def write(home: Path, **parts: Any) -> dict[str, Any]:
    """Both cards into the model directory `home`; returns what card.json holds."""
    facts, found = home / ENCODER_FACTS, home / COMPARED
    encoder = tomllib.loads(facts.read_text(encoding="utf-8")) if facts.is_file() else {}
    compared = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else {}
    if compared.get("data") != parts["trained"]["data"]:
        compared = {}  # measured on other posts: not to be held against these figures
    content = {
        "encoder": encoder,
        **parts,
        "compared": compared,
        "description": list(METHOD),
        "limits": list(LIMITS if parts["data"]["synthetic"] else LIMITS_ANYWHERE),
    }
    (home / CARD).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (home / MARKDOWN).write_text(markdown(content), encoding="utf-8")
    return content


def markdown(card: dict[str, Any]) -> str:
    sections = [
        "# Model card: topics of public posts about Key Leader Engagements",
        "Written by `kle model train`; the same figures are in card.json.",
        "## What it is",
        *_facts(card["encoder"]),
        "## Data",
        _data(card["data"]),
        "## Method",
        *card["description"],
        _recipe(card["method"]),
        "## Measured on the test part",
        "Nothing was chosen on these posts. In brackets: where 95 in 100 bootstrap resamples lie.",
        *_measured(card["test"]),
        *others(card["compared"]),
        "## Measured on the validation part",
        "Recipe, calibration and thresholds were chosen on these posts, so they flatter a little.",
        *_measured(card["validation"]),
        "## Limits",
        "\n".join(f"- {limit}" for limit in card["limits"]),
        "## Trained on",
        _table(["what", "digest or value"], [[key, f"`{value}`"] for key, value in card["trained"].items()]),
    ]
    return "\n\n".join(sections) + "\n"


def _facts(encoder: dict[str, Any]) -> list[str]:
    return [f"**{key.replace('_', ' ').capitalize()}**: {value}" for key, value in encoder.items()]


def _data(data: dict[str, Any]) -> str:
    languages = ", ".join(f"{LANGUAGES.get(code, code)} {n}" for code, n in data["languages"].items())
    parts = ", ".join(f"{part} {n}" for part, n in data["parts"].items())
    whose = "written for this project in the manner of official accounts and news sentences"
    head = (
        f"{data['posts']} posts {whose if data['synthetic'] else 'of the folder that was given'} "
        f"({languages}), {data['off_topic']} of them off topic; {data['near_duplicates_removed']} near-duplicates "
        f"removed. Parts: {parts}. Posts a topic:"
    )
    return head + "\n\n" + _table(["topic", "posts"], [[slug, str(n)] for slug, n in data["topics"].items()])


def _recipe(method: dict[str, Any]) -> str:
    rows = [[f"{c['penalty']:g}", f"{c['positive_weight']:g}", _shown(c["map"])] for c in method["compared"]]
    chosen = method["recipe"]
    head = f"Chosen: penalty {chosen['penalty']:g}, weight of positives {chosen['positive_weight']:g}. Compared:"
    return head + "\n\n" + _table(["penalty", "weight of positives", "mean average precision"], rows)


def _measured(found: dict[str, Any]) -> list[str]:
    return [_averages(found), _languages(found), _topics(found), _by_language(found)]


def _averages(found: dict[str, Any]) -> str:
    names = {
        "macro_f1": "macro F1",
        "micro_f1": "micro F1",
        "mean_average_precision": "mean average precision",
        "off_topic_tagged": f"share of {found['off_topic_posts']} off-topic posts with a tag",
    }
    rows = [[said, _with_interval(found, name)] for name, said in names.items()]
    rows.append(["share of posts with something unsure", _shown(found["posts_with_unsure"])])
    return _table([f"{found['posts']} posts", "figure"], rows)


def _languages(figures: dict[str, Any]) -> str:
    names = ("macro_f1", "micro_f1", "off_topic_tagged")
    rows = [
        [LANGUAGES.get(code, code), *(_with_interval(found, name) for name in names), str(found["posts"])]
        for code, found in figures["languages"].items()
    ]
    return _table(["language", "macro F1", "micro F1", "off-topic posts with a tag", "posts"], rows)


def _topics(figures: dict[str, Any]) -> str:
    names = ("precision", "recall", "f1", "average_precision", "calibration_error")
    rows = [
        [slug, *(_with_interval(found, name) for name in names), str(found["support"])]
        for slug, found in figures["topics"].items()
    ]
    return _table(["topic", "precision", "recall", "F1", "average precision", "calibration error", "posts"], rows)


def _by_language(figures: dict[str, Any]) -> str:
    """F1 of each topic in each language, and of how many posts."""
    languages = figures["languages"]
    rows = [
        [slug, *(f"{_shown(found['topics'][slug]['f1'])} of {found['topics'][slug]['support']}"
                 for found in languages.values())]
        for slug in figures["topics"]
    ]  # fmt: skip
    return _table(["F1 of posts", *(LANGUAGES.get(code, code) for code in languages)], rows)


def others(compared: dict[str, Any]) -> list[str]:
    """What else was tried on the same posts (classifier.compare), if it was."""
    if not compared:
        return []
    head = ["way", "macro F1", "micro F1", "average precision", "off topic", *LANGUAGES.values()]
    return [
        "## Beside other ways",
        "Each with thresholds chosen on the validation part by the same rule; by language: macro F1.",
        *(
            part
            for where in ("validation", "test")
            for part in (
                f"On the {where} part:",
                _table(head, [_way(entry["name"], entry[where]) for entry in compared["ways"] if where in entry]),
            )
        ),
    ]


def _way(name: str, found: dict[str, Any]) -> list[str]:
    names = ("macro_f1", "micro_f1", "mean_average_precision", "off_topic_tagged")
    return [name, *(_shown(found[n]) for n in names), *(_shown(found["languages"][code]) for code in LANGUAGES)]


def _with_interval(found: dict[str, Any], name: str) -> str:
    between = found["intervals"][name]
    return _shown(found[name]) + (f" ({_shown(between[0])} to {_shown(between[1])})" if between else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(value: float) -> str:
    return f"{value:.3f}"
