"""One logistic head a topic on the encoder's vectors: weights, calibration, thresholds; a small JSON file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from classifier.embed import ENCODER, REMEDY, Vectors, digest_files
from classifier.logistic import Floats, sigmoid
from core.errors import ModelError

FILE = "heads.json"
FORMAT = 1
Decision = Literal["tagged", "unsure", "not"]


class Bench(Protocol):
    """What judges vectors: the heads of a model, those of own topics, or both together."""

    @property
    def topics(self) -> tuple[str, ...]: ...
    @property
    def thresholds(self) -> Floats: ...
    def log_odds(self, vectors: Vectors) -> Floats: ...
    def probabilities(self, log_odds: Floats) -> Floats: ...
    def decision(self, topic: int, probability: float) -> Decision: ...


@dataclass(frozen=True)
class Heads:
    """K topics and, as the last row of `weights` (K+1 x D) and `bias`, relevance: whether any topic holds at all.

    `slope` and `offset` are the calibration, one for all topics. `thresholds`: from which probability a topic is
    tagged; `unsure_from`: from which it is unsure. `trained`: digests of encoder, data and taxonomy, and the seed.
    """

    topics: tuple[str, ...]
    weights: Floats
    bias: Floats
    slope: float
    offset: float
    thresholds: Floats
    unsure_from: Floats
    trained: dict[str, Any]

    def log_odds(self, vectors: Vectors) -> Floats:
        """N x D vectors to n x K log odds before calibration."""
        # einsum, not @: a row of a matrix product may depend on how many rows there are
        raised = np.einsum("nd,kd->nk", vectors.astype(np.float64), self.weights, optimize=False)
        return gated(raised + self.bias)

    def probabilities(self, log_odds: Floats) -> Floats:
        return sigmoid(self.slope * log_odds + self.offset)

    def decision(self, topic: int, probability: float) -> Decision:
        return decided(probability, float(self.thresholds[topic]), float(self.unsure_from[topic]))


def decided(probability: float, tagged_from: float, unsure_from: float) -> Decision:
    """What a probability comes to, whichever model gave it."""
    if probability >= tagged_from:
        return "tagged"
    return "unsure" if probability >= unsure_from else "not"


def gated(raised: Floats) -> Floats:
    """Log odds n x K of the topics: their own, lowered by the doubt (last column) that the text is on topic at all.

    Hard negatives look like one topic each, but all alike are posts about something else: what tells them apart is
    learned once, from all topics together.
    """
    doubt: Floats = np.logaddexp(0, -raised[:, -1:])
    return raised[:, :-1] - doubt


def save(heads: Heads, path: Path) -> None:
    """Rounded to 6 digits: far below what changes a decision, and the same bytes after the same training."""
    rows = {
        topic: {
            "threshold": _short(heads.thresholds[k]),
            "unsure_from": _short(heads.unsure_from[k]),
            **_row(heads, k),
        }
        for k, topic in enumerate(heads.topics)
    }
    content = {
        "format": FORMAT,
        "trained": heads.trained,
        "calibration": {"slope": _short(heads.slope), "offset": _short(heads.offset)},
        "relevance": _row(heads, len(heads.topics)),
        "topics": rows,
    }
    (path / FILE).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def load(path: Path, width: int) -> Heads:
    """The heads beside the encoder in the directory `path`, whose vectors have `width` numbers."""
    try:
        heads = _parse(json.loads((path / FILE).read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise ModelError(f"{path / FILE}: not readable as heads ({error!r}); {REMEDY}") from error
    if heads.weights.shape[1] != width:
        raise ModelError(
            f"{path / FILE}: for vectors of {heads.weights.shape[1]}, the encoder's have {width}; {REMEDY}"
        )
    if heads.trained.get("encoder") != digest_files(path, [ENCODER]):
        raise ModelError(f"{path}: heads.json was trained on another encoder than the one beside it; {REMEDY}")
    return heads


def _parse(content: dict[str, Any]) -> Heads:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']}, this program reads {FORMAT}")
    topics, calibration = content["topics"], content["calibration"]
    rows = [*topics.values(), content["relevance"]]
    weights, bias = _numbers([row["weights"] for row in rows], 2), _numbers([row["bias"] for row in rows], 1)
    slope, offset = _numbers([calibration["slope"], calibration["offset"]], 1)
    thresholds, unsure = (_numbers([row[k] for row in topics.values()], 1) for k in ("threshold", "unsure_from"))
    return Heads(
        tuple(topics),
        weights,
        bias,
        float(slope),
        float(offset),
        thresholds,
        unsure,
        dict(content["trained"]),
    )


def _numbers(values: list[Any], dimensions: int) -> Floats:
    found = np.array(values, np.float64)
    if found.ndim != dimensions or not np.isfinite(found).all():
        raise ValueError("weights, calibration and thresholds must be finite numbers, as many for each topic")
    return found


def _row(heads: Heads, k: int) -> dict[str, Any]:
    return {"bias": _short(heads.bias[k]), "weights": [_short(w) for w in heads.weights[k]]}


def _short(value: float) -> float:
    return float(f"{value:.6g}")
