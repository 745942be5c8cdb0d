"""Logistic regression with an L2 penalty, by Newton's method, in numpy.

Our own 30 lines instead of scikit-learn, so that `kle model train` runs in the default install (scikit-learn and
scipy would add some 150 MB for this one fit), and because Newton's method converges to the last digits: the same
data give the same heads, whatever the library versions.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS, _TOLERANCE = 50, 1e-9
_BIAS_PENALTY = 1e-6  # keeps the solution finite where all examples have one class


def fit(x: Floats, y: Floats, weights: Floats, penalty: float) -> Floats:
    """Coefficients (bias last) that minimise the weighted log loss + penalty/2 * |coefficients without bias|^2.

    `x` is examples x features, `y` holds 0, 1 or a probability, `weights` one weight an example.
    """
    if len(x) < x.shape[1]:  # the solution lies in the space that the examples span: far fewer unknowns
        basis = np.linalg.qr(x.T)[0]
        inner = fit(x @ basis, y, weights, penalty)
        return np.append(basis @ inner[:-1], inner[-1])
    design = np.hstack([x, np.ones((len(x), 1))])
    ridge = np.full(design.shape[1], penalty)
    ridge[-1] = _BIAS_PENALTY
    coefficients = np.zeros(design.shape[1])
    loss = _loss(design, y, weights, ridge, coefficients)
    for _ in range(_STEPS):
        step = _newton_step(design, y, weights, ridge, coefficients)
        loss, coefficients, moved = _descend(design, y, weights, ridge, coefficients, step, loss)
        if moved < _TOLERANCE:
            break
    return coefficients


def sigmoid(z: Floats) -> Floats:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def log_odds(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    return np.log(clipped / (1 - clipped))


def _newton_step(design: Floats, y: Floats, weights: Floats, ridge: Floats, coefficients: Floats) -> Floats:
    p = sigmoid(design @ coefficients)
    gradient = design.T @ (weights * (p - y)) + ridge * coefficients
    curvature = weights * np.maximum(p * (1 - p), 1e-9)
    scaled = design * np.sqrt(curvature)[:, None]
    hessian = scaled.T @ scaled  # of one matrix with itself: numpy then computes only half of it
    hessian[np.diag_indices_from(hessian)] += ridge
    return np.asarray(np.linalg.solve(hessian, gradient), np.float64)


def _descend(
    design: Floats, y: Floats, weights: Floats, ridge: Floats, old: Floats, step: Floats, loss: float
) -> tuple[float, Floats, float]:
    """The Newton step, halved until the loss falls: (loss, coefficients, how far they moved)."""
    for _ in range(30):
        new = old - step
        new_loss = _loss(design, y, weights, ridge, new)
        if new_loss <= loss:
            return new_loss, new, float(np.abs(step).max())
        step = step / 2
    return loss, old, 0.0


def _loss(design: Floats, y: Floats, weights: Floats, ridge: Floats, coefficients: Floats) -> float:
    z = design @ coefficients
    return float(weights @ (np.logaddexp(0, z) - y * z) + ridge @ coefficients**2 / 2)
