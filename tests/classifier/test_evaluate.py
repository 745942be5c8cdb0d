"""Figures against numbers worked out by hand."""

import numpy as np
import pytest

from classifier.evaluate import evaluate, measure
from classifier.lines import Labelled
from core.errors import BadRequest

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


def flags(found: list[str]) -> np.ndarray:
    return np.array([[slug in one.split() for slug in SLUGS] for one in found], bool).reshape(
        len(found), len(SLUGS)
    )


@pytest.fixture(scope="module")
def found():
    tagged = flags([tags for _, tags in PAIRS])
    return measure([labelled for labelled, _ in PAIRS], tagged.astype(float), tagged, SLUGS)


def test_each_topic_has_precision_recall_f1_and_support(found):
    reform, training = found["topics"]["reform"], found["topics"]["training"]
    assert [reform[name] for name in ("precision", "recall", "f1", "support")] == [0.6667, 0.6667, 0.6667, 3]
    assert [training[name] for name in ("precision", "recall", "f1", "support")] == [0.5, 0.5, 0.5, 2]


def test_a_topic_that_nobody_labelled_counts_nothing_and_is_left_out_of_the_mean(found):
    transition = found["topics"]["transition"]
    assert [transition[name] for name in ("precision", "recall", "f1", "average_precision", "support")] == [0] * 5
    assert transition["intervals"]["f1"] is None
    assert found["macro_f1"] == round((2 / 3 + 1 / 2) / 2, 4)


def test_micro_f1_counts_all_tags_together(found):
    assert found["micro_f1"] == 0.6  # 3 hits, 2 false, 2 missed: 6 / 10
    low, high = found["intervals"]["micro_f1"]
    assert low < 0.6 < high


def test_off_topic_tagged_is_the_share_of_unlabelled_posts_with_a_tag(found):
    assert (found["off_topic_tagged"], found["off_topic_posts"], found["posts"]) == (0.5, 2, 6)


def test_languages_are_measured_on_their_own_posts_and_topics(found):
    told = {code: [one[n] for n in ("macro_f1", "micro_f1", "posts")] for code, one in found["languages"].items()}
    # ar: reform 0, training 1; 1 hit, 1 false, 1 missed   en: reform 1, training 0; 2 hits, 1 false, 1 missed
    assert told == {"ar": [0.5, 0.5, 3], "en": [0.5, 0.6667, 3]}
    assert found["languages"]["ar"]["topics"]["training"]["f1"] == 1
    assert found["languages"]["ar"]["off_topic_tagged"] == 0


def test_nothing_to_measure_gives_zeros_not_an_error():
    nothing = measure([], np.zeros((0, 3)), flags([]), SLUGS)
    assert (nothing["macro_f1"], nothing["off_topic_tagged"], nothing["languages"]) == (0, 0, {})


def test_a_file_without_a_line_says_so(tmp_path, model):
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(BadRequest, match="no labelled lines"):
        evaluate(tmp_path / "empty.jsonl", model)


def test_a_labelled_file_is_measured_with_the_model_and_unsure_counts_as_not_tagged(model, tmp_path):
    file = tmp_path / "posts.jsonl"
    file.write_text(
        '{"text": "Recruits finished basic training today.", "labels": ["training"], "language": "en"}\n'
        '{"text": "Good morning!", "labels": [], "language": "en"}\n',
        encoding="utf-8",
    )
    found = evaluate(file, model)
    assert {"macro_f1", "micro_f1", "off_topic_tagged", "topics", "languages"} <= set(found)
    assert found["topics"]["training"]["f1"] == 1
    assert found["topics"]["training"]["average_precision"] == 1
    assert found["off_topic_tagged"] == 0
    assert found["languages"]["en"]["posts"] == 2
