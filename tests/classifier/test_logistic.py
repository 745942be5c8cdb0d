import numpy as np
import pytest

from classifier.logistic import fit, log_odds, sigmoid


def example(n: int = 200, seed: int = 3):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 3))
    y = (random.random(n) < sigmoid(x @ np.array([2.0, -1.0, 0.0]) + 0.5)).astype(float)
    return x, y, np.ones(n)


def test_the_slope_of_the_loss_is_zero_where_it_stops():
    x, y, weights = example()
    found = fit(x, y, weights, penalty=0.7)
    error = sigmoid(x @ found[:-1] + found[-1]) - y
    assert np.abs(x.T @ error + 0.7 * found[:-1]).max() < 1e-8
    assert abs(error.sum()) < 1e-4


def test_fewer_examples_than_features_change_nothing():
    random = np.random.default_rng(4)
    x, y = random.normal(size=(12, 40)), np.array([0.0, 1.0] * 6)
    found = fit(x, y, np.ones(12), penalty=0.3)
    error = sigmoid(x @ found[:-1] + found[-1]) - y
    assert np.abs(x.T @ error + 0.3 * found[:-1]).max() < 1e-8


def test_it_finds_the_direction_that_made_the_labels():
    x, y, weights = example(4000)
    found = fit(x, y, weights, penalty=1e-3)
    assert found == pytest.approx([2.0, -1.0, 0.0, 0.5], abs=0.2)


def test_a_stronger_penalty_gives_smaller_weights():
    x, y, weights = example()
    sizes = [np.abs(fit(x, y, weights, penalty)[:-1]).sum() for penalty in (0.01, 1, 100)]
    assert sizes == sorted(sizes, reverse=True)


def test_weights_count_like_repetitions():
    x, y, weights = example(60)
    doubled = fit(x, y, weights * 2, 1.0)
    repeated = fit(np.vstack([x, x]), np.concatenate([y, y]), np.ones(120), 1.0)
    assert doubled == pytest.approx(repeated, abs=1e-7)


def test_separable_and_one_sided_labels_stay_finite():
    x = np.array([[-1.0], [1.0]])
    assert np.isfinite(fit(x, np.array([0.0, 1.0]), np.ones(2), 0.1)).all()
    assert np.isfinite(fit(x, np.ones(2), np.ones(2), 0.1)).all()


def test_sigmoid_and_log_odds_undo_each_other_and_never_overflow():
    z = np.array([-1000.0, -3.0, 0.0, 3.0, 1000.0])
    p = sigmoid(z)
    assert p == pytest.approx([0, 0.04742587, 0.5, 0.95257413, 1])
    assert log_odds(p[1:4]) == pytest.approx(z[1:4])
    assert np.isfinite(log_odds(p)).all()
