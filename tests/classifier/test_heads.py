import json

import numpy as np
import pytest

from classifier import heads as head_files
from classifier.embed import ENCODER, digest_files
from classifier.heads import Heads, gated
from core.errors import ModelError


@pytest.fixture
def home(tmp_path):
    (tmp_path / ENCODER).write_bytes(b"an encoder")
    return tmp_path


@pytest.fixture
def heads(home) -> Heads:
    return Heads(
        topics=("reform", "training"),
        weights=np.array([[1.0, 0.0], [0.0, 2.0], [0.5, 0.5]]),
        bias=np.array([0.0, -1.0, 100.0]),  # relevance is beyond doubt
        slope=1.5,
        offset=0.25,
        thresholds=np.array([0.6, 0.5]),
        unsure_from=np.array([0.4, 0.5]),
        trained={"encoder": digest_files(home, [ENCODER]), "seed": 7},
    )


def probabilities(heads: Heads, vectors: list[list[float]]):
    return heads.probabilities(heads.log_odds(np.array(vectors, np.float32)))


def test_the_probability_is_the_calibrated_sigmoid_of_weights_and_bias(heads):
    (found,) = probabilities(heads, [[2.0, 1.0]])
    expected = [1 / (1 + np.exp(-(1.5 * 2.0 + 0.25))), 1 / (1 + np.exp(-(1.5 * 1.0 + 0.25)))]
    assert found == pytest.approx(expected, abs=1e-6)


def test_doubt_that_a_text_is_on_topic_lowers_every_topic_and_certainty_none():
    raised = np.array([[2.0, -1.0, 50.0], [2.0, -1.0, 0.0], [2.0, -1.0, -3.0]])
    sure, even, off = gated(raised)
    assert sure == pytest.approx([2.0, -1.0])
    assert even == pytest.approx([2.0 - np.log(2), -1.0 - np.log(2)])
    assert off == pytest.approx([-1.0, -4.0], abs=0.06)


def test_decisions_follow_threshold_and_band(heads):
    assert [heads.decision(0, p) for p in (0.7, 0.6, 0.59, 0.4, 0.39)] == [
        "tagged", "tagged", "unsure", "unsure", "not",
    ]  # fmt: skip
    assert heads.decision(1, 0.49) == "not"


def test_what_is_saved_is_what_is_loaded(heads, home):
    head_files.save(heads, home)
    found = head_files.load(home, width=2)
    assert found.topics == heads.topics
    assert found.trained == heads.trained
    vectors = [[0.3, 0.7], [-1.0, 2.0]]
    assert probabilities(found, vectors) == pytest.approx(probabilities(heads, vectors), abs=1e-5)
    assert found.thresholds.tolist() == [0.6, 0.5]


def test_saving_twice_gives_the_same_bytes(heads, home):
    head_files.save(heads, home)
    before = (home / head_files.FILE).read_bytes()
    head_files.save(head_files.load(home, width=2), home)
    assert (home / head_files.FILE).read_bytes() == before


def spoil(home, **changes):
    file = home / head_files.FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 99}, "format 99"),
        ({"topics": {"reform": {}}}, "weights"),
        ({"topics": []}, "not readable as heads"),
        ({"calibration": {"slope": float("nan"), "offset": 0}}, "finite"),
        ({"trained": {"encoder": "0" * 64}}, "another encoder"),
    ],
)
def test_spoilt_heads_say_what_is_wrong_and_what_to_do(heads, home, changes, said):
    head_files.save(heads, home)
    spoil(home, **changes)
    with pytest.raises(ModelError, match=f"(?s){said}.*KLE_MODEL"):
        head_files.load(home, width=2)


def test_heads_for_other_vectors_are_refused(heads, home):
    head_files.save(heads, home)
    with pytest.raises(ModelError, match="for vectors of 2, the encoder's have 384"):
        head_files.load(home, width=384)


def test_half_a_file_is_refused(home):
    (home / head_files.FILE).write_text('{"format": 1')
    with pytest.raises(ModelError, match="not readable as heads"):
        head_files.load(home, width=2)
