import numpy as np
import pytest

from classifier import calibrate
from classifier.calibrate import platt, thresholds, unsure_from
from classifier.figures import calibration_error
from classifier.logistic import log_odds, sigmoid


def drawn(n: int = 4000, topics: int = 3, seed: int = 5):
    """True log odds, and labels drawn from them."""
    random = np.random.default_rng(seed)
    odds = random.normal(-1, 2, size=(n, topics))
    return odds, (random.random((n, topics)) < sigmoid(odds)).astype(float)


def test_calibration_undoes_a_scale_and_a_shift():
    odds, labels = drawn()
    slope, offset = platt(odds / 2 - 1, labels)
    assert (slope, offset) == pytest.approx((2.0, 2.0), abs=0.15)


def test_calibrated_probabilities_have_a_small_error_and_overconfident_ones_a_large():
    odds, labels = drawn()
    assert calibration_error(sigmoid(odds[:, 0]), labels[:, 0])[0] < 0.02
    assert calibration_error(sigmoid(3 * odds[:, 0]), labels[:, 0])[0] > 0.05


def test_a_threshold_is_where_f1_is_best():
    p = np.array([[0.9], [0.8], [0.7], [0.6], [0.3], [0.25]])
    labels = np.array([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]])
    (found,) = thresholds(p, labels)
    assert 0.6 < found <= 0.7


def test_wrong_tags_on_off_topic_posts_push_the_threshold_up():
    p = np.array([[0.9, 0.0], [0.45, 0.0], [0.4, 0.0], [0.4, 0.0]])
    on = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])  # the two at 0.4 have another topic
    off = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])  # the two at 0.4 have none
    p_mixed = np.vstack([p, p])
    labels_on, labels_off = np.vstack([on, 1 - on]), np.vstack([off, off])
    assert thresholds(p_mixed, labels_off)[0] >= thresholds(p_mixed, labels_on)[0]
    assert thresholds(p, off)[0] > 0.4


def test_a_topic_with_few_posts_takes_its_threshold_from_all_topics(monkeypatch):
    """Two posts alone would say 0.6 to 0.9, above one wrong tag; a hundred of another topic say 0.4 to 0.5."""
    common = [[0.0, 0.5, 0, 1]] * 100 + [[0.0, 0.4, 0, 0]] * 100
    few = [[0.9, 0.0, 1, 0]] * 2 + [[0.6, 0.0, 0, 1]]
    table = np.array(common + few)
    p, labels = table[:, :2], table[:, 2:]
    assert 0.4 < thresholds(p, labels)[0] <= 0.5
    monkeypatch.setattr(calibrate, "POOLED_POSITIVES", 0.0)
    assert 0.6 < thresholds(p, labels)[0] <= 0.9


def test_the_unsure_band_lies_below_every_threshold_by_the_same_log_odds_and_not_too_far():
    odds, labels = drawn()
    tagged_from = np.array([0.3, 0.5, 0.7])
    found = unsure_from(sigmoid(odds), labels, tagged_from)
    widths = log_odds(tagged_from) - log_odds(found)
    assert (found < tagged_from).all()
    assert widths == pytest.approx([widths[0]] * 3)
    assert 0 < widths[0] <= 0.8


def test_without_a_missed_tag_there_is_no_band():
    p, labels = np.array([[0.9], [0.1]]), np.array([[1.0], [0.0]])
    assert unsure_from(p, labels, np.array([0.5])) == pytest.approx([0.5])
