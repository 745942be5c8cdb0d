"""Figures against numbers worked out by hand."""

import pytest

from classifier.evaluate import evaluate, measure
from classifier.lines import Labelled

SLUGS = ("reform", "training", "transition")


def post(labels: str, language: str = "en") -> Labelled:
    return Labelled("text", frozenset(labels.split()), language)


#          labels                found
PAIRS = [
    (post("reform"), "reform"),
    (post("reform training"), "reform"),
    (post("training", "ar"), "training reform"),
    (post("reform", "ar"), ""),
    (post(""), "training"),
    (post("", "ar"), ""),
]
# reform: 2 hits, 1 false, 1 missed   training: 1 hit, 1 false, 1 missed   transition: nothing


@pytest.fixture(scope="module")
def figures():
    posts = [labelled for labelled, _ in PAIRS]
    return measure(posts, [frozenset(found.split()) for _, found in PAIRS], SLUGS)


def test_each_topic_has_precision_recall_f1_and_support(figures):
    assert figures["topics"]["reform"] == {"precision": 0.6667, "recall": 0.6667, "f1": 0.6667, "support": 3}
    assert figures["topics"]["training"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}


def test_a_topic_that_nobody_labelled_counts_nothing_and_is_left_out_of_the_mean(figures):
    assert figures["topics"]["transition"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}
    assert figures["macro_f1"] == round((2 / 3 + 1 / 2) / 2, 4)


def test_micro_f1_counts_all_tags_together(figures):
    assert figures["micro_f1"] == 0.6  # 3 hits, 2 false, 2 missed: 6 / 10


def test_off_topic_tagged_is_the_share_of_unlabelled_posts_with_a_tag(figures):
    assert figures["off_topic_tagged"] == 0.5


def test_languages_are_measured_on_their_own_posts_and_topics(figures):
    assert figures["languages"] == {
        "ar": {"macro_f1": 0.5, "micro_f1": 0.5, "posts": 3},  # reform 0, training 1; 1 hit, 1 false, 1 missed
        "en": {"macro_f1": 0.5, "micro_f1": 0.6667, "posts": 3},  # reform 1, training 0; 2 hits, 1 false, 1 missed
    }


def test_nothing_to_measure_gives_zeros_not_an_error():
    assert measure([], [], SLUGS)["macro_f1"] == 0
    assert measure([], [], SLUGS)["off_topic_tagged"] == 0


def test_predictions_and_labels_must_be_as_many():
    with pytest.raises(ValueError, match="argument"):
        measure([post("")], [], SLUGS)


def test_a_labelled_file_is_measured_with_the_model_and_unsure_counts_as_not_tagged(model, tmp_path):
    file = tmp_path / "posts.jsonl"
    file.write_text(
        '{"text": "Recruits finished basic training today.", "labels": ["training"], "language": "en"}\n'
        '{"text": "Good morning!", "labels": [], "language": "en"}\n',
        encoding="utf-8",
    )
    figures = evaluate(file, model)
    assert set(figures) == {"macro_f1", "micro_f1", "off_topic_tagged", "topics", "languages"}
    assert figures["topics"]["training"]["f1"] == 1
    assert figures["off_topic_tagged"] == 0
    assert figures["languages"]["en"]["posts"] == 2
