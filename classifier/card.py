"""The model card: what is known of a model, as card.json for programs and card.md for people."""

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifier.calibrate import OFF_TOPIC_COST, POOLED_POSITIVES, WIDEST_BAND
from classifier.lines import Labelled
from classifier.model import CARD
from classifier.split import FOLDS, TEST_PERCENT

MARKDOWN = "card.md"
ENCODER_FACTS = "encoder.toml"
LANGUAGES = {"en": "English", "ar": "Arabic", "ckb": "Sorani Kurdish", "kmr": "Kurmanji Kurdish"}
METHOD = (
    "The encoder is frozen. Each topic has a logistic regression with an L2 penalty on its vectors, fitted by "
    "Newton's method; one more tells posts on any topic from all others, and the odds of every topic are "
    "multiplied by its probability. Names, definitions and examples of the taxonomy are training examples as "
    "well. Near-duplicates (half of the three-word runs shared) are removed. A window's log odds are two thirds "
    "its own and one third those of its best sentence; a text's are those of its best window.",
    f"The parts come by hash of a post's group or words: {TEST_PERCENT} in 100 posts are the test part, the rest "
    f"validates in {FOLDS} folds. Penalty and class weight have the best out-of-fold average precision. One slope "
    "and offset for all topics calibrate the out-of-fold log odds (Platt). A topic's threshold has the best "
    f"out-of-fold F1 (smoothed), where a tag on an off-topic post counts {OFF_TOPIC_COST:g} times and all topics "
    f"pooled count as much as {POOLED_POSITIVES:g} posts of the topic. The unsure band begins the same distance "
    "in log odds below every threshold, as far down as it takes to hold a third of the missed tags, at most "
    f"{WIDEST_BAND:g}. The heads are then fitted on all folds, without the test part.",
)
LIMITS = (
    "Every training and test post was written for this project; none is a real post. Real posts differ, so real "
    "figures will be lower than those of the test part: measure on your own with `kle model evaluate FILE`.",
    "The test part was written by the same hands as the training part and shares its habits.",
    "That there is a head for relevance, and how much the best sentence counts, was found by cross-validation over "
    "all posts, those of the test part among them.",
    "Kurdish, Kurmanji above all, is served less well than English and Arabic: the encoder saw little of it.",
    "A topic holds by what a text says. Irony, pictures, videos and linked pages are not read.",
    "A long text's probability is that of its most telling window: long texts are tagged more readily than posts.",
)


def describe(
    given: Sequence[Labelled], kept: Sequence[Labelled], test: Sequence[Labelled], slugs: Sequence[str]
) -> dict[str, Any]:
    """The data in figures: `given` as read, `kept` without near-duplicates, `test` of these."""
    labels = Counter(label for post in kept for label in post.labels)
    return {
        "posts": len(kept),
        "near_duplicates_removed": len(given) - len(kept),
        "test_posts": len(test),
        "off_topic": sum(not post.labels for post in kept),
        "languages": dict(sorted(Counter(post.language for post in kept).items())),
        "topics": {slug: labels[slug] for slug in slugs},
        "synthetic": True,
    }


def write(home: Path, **parts: Any) -> dict[str, Any]:
    """Both cards into the model directory `home`; returns what card.json holds."""
    facts = home / ENCODER_FACTS
    encoder = tomllib.loads(facts.read_text(encoding="utf-8")) if facts.is_file() else {}
    content = {"encoder": encoder, **parts, "description": list(METHOD), "limits": list(LIMITS)}
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
        "Recipe, calibration and thresholds were chosen without these posts; of the method itself see the limits.",
        _averages(card["test"]),
        _languages(card["test"]),
        _topics(card["test"]),
        "## Measured out of fold",
        "Recipe, calibration and thresholds were chosen on these predictions, so they flatter a little.",
        _averages(card["validation"]),
        _languages(card["validation"]),
        _topics(card["validation"]),
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
    head = (
        f"{data['posts']} posts written for this project in the manner of official accounts and news sentences "
        f"({languages}), {data['off_topic']} of them off topic; {data['near_duplicates_removed']} near-duplicates "
        f"removed; {data['test_posts']} posts in the test part. Posts a topic:"
    )
    return head + "\n\n" + _table(["topic", "posts"], [[slug, str(n)] for slug, n in data["topics"].items()])


def _recipe(method: dict[str, Any]) -> str:
    rows = [[f"{c['penalty']:g}", f"{c['positive_weight']:g}", _shown(c["map"])] for c in method["compared"]]
    chosen = method["recipe"]
    head = f"Chosen: penalty {chosen['penalty']:g}, weight of positives {chosen['positive_weight']:g}. Compared:"
    return head + "\n\n" + _table(["penalty", "weight of positives", "mean average precision"], rows)


def _averages(figures: dict[str, Any]) -> str:
    rows = [
        ["posts", str(figures["posts"])],
        ["macro F1", _shown(figures["macro_f1"])],
        ["micro F1", _shown(figures["micro_f1"])],
        ["mean average precision", _shown(figures["mean_average_precision"])],
        ["off-topic posts with a tag", _shown(figures["off_topic_tagged"])],
        ["posts with something unsure", _shown(figures["posts_with_unsure"])],
        ["calibration error", _shown(figures["calibration_error"])],
    ]
    return _table(["figure", "value"], rows)


def _languages(figures: dict[str, Any]) -> str:
    rows = [
        [LANGUAGES.get(code, code), _shown(found["macro_f1"]), _shown(found["micro_f1"]), str(found["posts"])]
        for code, found in figures["languages"].items()
    ]
    return _table(["language", "macro F1", "micro F1", "posts"], rows)


def _topics(figures: dict[str, Any]) -> str:
    rows = [
        [slug, *(_shown(found[key]) for key in ("precision", "recall", "f1")), str(found["support"])]
        for slug, found in figures["topics"].items()
    ]
    return _table(["topic", "precision", "recall", "F1", "posts"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(value: float) -> str:
    return f"{value:.3f}"
