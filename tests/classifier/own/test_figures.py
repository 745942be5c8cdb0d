"""Figures from few examples, with what chance may do to them."""

import numpy as np
import pytest

from classifier.own.figures import figures

LABELS = np.array([1.0] * 4 + [0.0] * 10)


def measured(inside, outside, threshold=0.5, share=0.1):
    return figures(np.array([*inside, *outside]), LABELS, threshold, share)


def test_a_perfect_head_has_ones_throughout():
    found = measured([0.9] * 4, [0.1] * 10)
    assert all(found[n] == {"value": 1, "low": 1, "high": 1} for n in ("precision", "recall", "f1"))
    assert found["average_precision"]["value"] == 1
    assert found["as_if_share"] == 0.1


def test_precision_is_that_of_the_share_and_not_of_the_sample():
    found = measured([0.9, 0.9, 0.9, 0.1], [0.9] + [0.1] * 9)
    assert found["recall"]["value"] == 0.75
    hits, false = 0.1 * 0.75, 0.9 * 0.1
    assert found["precision"]["value"] == pytest.approx(hits / (hits + false), abs=1e-3)
    assert found["f1"]["value"] == pytest.approx(2 * hits / (hits + false + 0.1), abs=1e-3)
    assert found["f1"]["low"] < found["f1"]["value"] < found["f1"]["high"]


def test_a_head_that_tags_nothing_has_no_precision_and_no_f1():
    found = measured([0.4] * 4, [0.1] * 10)
    assert (found["precision"]["value"], found["f1"]["value"]) == (0, 0)
    assert found["average_precision"]["value"] == 1  # it ranks well all the same


def test_average_precision_falls_with_what_stands_above():
    assert measured([0.5] * 4, [0.9] + [0.1] * 9)["average_precision"]["value"] == pytest.approx(
        0.1 / (0.1 + 0.9 / 10), abs=1e-3
    )


def test_the_same_input_gives_the_same_range():
    assert measured([0.9, 0.8, 0.4, 0.3], [0.6] * 2 + [0.1] * 8) == measured(
        [0.9, 0.8, 0.4, 0.3], [0.6] * 2 + [0.1] * 8
    )
