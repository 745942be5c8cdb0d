"""Figures against numbers worked out by hand, and intervals against what they must do."""

import numpy as np
import pytest

from classifier import figures
from classifier.figures import Judged, average_precision, calibration_error, interval


def judged(labels, tagged, probabilities=None) -> Judged:
    tagged = np.array(tagged, bool)
    return Judged(np.array(labels, bool), tagged.astype(float) if probabilities is None else probabilities, tagged)


def test_precision_recall_and_f1_of_a_topic():
    found = figures.of(judged([[1], [1], [1], [0], [0]], [[1], [1], [0], [1], [0]])).topics
    assert found["precision"][0, 0] == found["recall"][0, 0] == found["f1"][0, 0] == pytest.approx(2 / 3)


def test_what_cannot_be_counted_is_nan_and_left_out_of_the_mean():
    found = figures.of(judged([[1, 0], [0, 0]], [[1, 0], [0, 0]]))
    assert np.isnan(found.topics["f1"][0, 1])
    assert np.isnan(found.topics["average_precision"][0, 1])
    assert found.overall["macro_f1"][0] == 1


def test_a_topic_that_nobody_labelled_but_the_model_tags_has_no_f1_and_a_precision_of_0():
    found = figures.of(judged([[0], [0]], [[1], [0]])).topics
    assert np.isnan(found["f1"][0, 0])
    assert found["precision"][0, 0] == 0


def test_average_precision_ranks_and_keeps_equal_scores_together():
    assert average_precision(np.array([0.9, 0.8, 0.7]), np.array([1.0, 0, 1]))[0] == pytest.approx((1 + 2 / 3) / 2)
    for labels in ([1.0, 0], [0, 1.0]):  # both score the same: which stands first must not matter
        assert average_precision(np.array([0.5, 0.5]), np.array(labels))[0] == 0.5


def test_average_precision_is_that_of_a_well_kept_library():
    ranking = pytest.importorskip("sklearn.metrics", reason="needs the extra [train]")
    random = np.random.default_rng(5)
    scores, labels = np.round(random.random(300), 2), (random.random(300) < 0.2).astype(float)
    assert average_precision(scores, labels)[0] == pytest.approx(ranking.average_precision_score(labels, scores))


def test_calibration_error_is_0_where_shares_are_as_said_and_1_where_all_is_wrong():
    assert calibration_error(np.full(4, 0.25), np.array([1.0, 0, 0, 0]))[0] == pytest.approx(0)
    assert calibration_error(np.array([1.0, 0]), np.array([0, 1.0]))[0] == 1


def test_a_post_that_is_drawn_twice_counts_as_two_posts():
    one = judged([[1], [0], [1]], [[1], [1], [0]], np.array([[0.9], [0.8], [0.3]]))
    twice = judged([[1], [1], [0], [1]], [[1], [1], [1], [0]], np.array([[0.9], [0.9], [0.8], [0.3]]))
    drawn, plain = figures._weighted(one, np.array([[2.0, 1, 1]])), figures.of(twice)
    for name, values in plain.topics.items():
        assert drawn.topics[name] == pytest.approx(values), name
    for name, values in plain.overall.items():
        assert drawn.overall[name] == pytest.approx(values, nan_ok=True), name


def test_intervals_hold_the_figure_are_the_same_on_every_call_and_narrow_with_more_posts():
    random = np.random.default_rng(3)

    def width(n: int) -> float:
        labels = random.random((n, 1)) < 0.5
        given = judged(labels, labels ^ (random.random((n, 1)) < 0.2))
        first, second = (interval(figures.bootstrap(given).overall["micro_f1"]) for _ in range(2))
        assert first == second
        assert first[0] < figures.of(given).overall["micro_f1"][0] < first[1]
        return first[1] - first[0]

    assert width(4000) < width(100) / 3


def test_the_95_in_100_interval_holds_the_truth_about_that_often():
    random = np.random.default_rng(4)
    held = 0
    for _ in range(60):  # recall of a tagger that finds 7 of 10: its true F1 is that of precision 1
        labels = np.ones((200, 1), bool)
        low, high = interval(
            figures.bootstrap(judged(labels, random.random((200, 1)) < 0.7), 300).topics["recall"][:, 0]
        )
        held += low <= 0.7 <= high
    assert 51 <= held <= 60


def test_a_figure_that_most_draws_cannot_count_has_no_interval():
    labels = np.zeros((50, 1), bool)
    assert interval(figures.bootstrap(judged(labels, labels)).topics["f1"][:, 0]) is None


def test_large_files_are_drawn_in_portions_with_the_same_shape(monkeypatch):
    given = judged(np.eye(3, dtype=bool), np.eye(3, dtype=bool))
    monkeypatch.setattr(figures, "_CELLS", 7)
    assert figures.bootstrap(given, 11).topics["f1"].shape == (11, 3)


def test_nothing_to_measure_gives_no_figures_and_no_error():
    nothing = Judged(np.zeros((0, 2), bool), np.zeros((0, 2)), np.zeros((0, 2), bool))
    assert np.isnan(figures.of(nothing).overall["macro_f1"][0])
    assert interval(figures.bootstrap(nothing).overall["macro_f1"]) is None
