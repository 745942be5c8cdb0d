"""Own topics beside a model: what tags then, and what a second start costs."""

import json

import numpy as np
import pytest

from classifier.evaluate import evaluate
from classifier.model import Prediction, TopicScore
from classifier.own import background, fitting
from classifier.own.beside import CACHE, beside
from core.errors import BadRequest
from tests.classifier.own.conftest import UNSEEN, topic

POSTS = (UNSEEN, "The ambassador met the minister of defence in his office today.", "", "Rain on Sunday.")


@pytest.fixture(autouse=True)
def _few(monkeypatch, posts):
    monkeypatch.setattr(background, "posts", lambda: posts)


@pytest.fixture(scope="module")
def made(tmp_path_factory, model, posts):
    """A data folder and the model with one own topic."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(background, "posts", lambda: posts)
        folder = tmp_path_factory.mktemp("data")
        return folder, beside(model, [topic()], folder)


def plain(prediction, topics=None):
    return [s for s in prediction.topics if topics is None or s.topic in topics]


def test_without_own_topics_the_model_stays_as_it_is(model, tmp_path):
    assert beside(model, [], tmp_path) is model
    assert not list(tmp_path.iterdir())


def test_the_own_topic_comes_after_the_model_s_and_those_say_what_they_said(model, made):
    _, both = made
    assert both.topics == (*model.topics, "drones")
    assert len(both.thresholds) == len(both.topics)
    for alone, found in zip(model.predict(POSTS), both.predict(POSTS), strict=True):
        assert plain(found, model.topics) == plain(alone)
        assert np.array_equal(found.vector, alone.vector)
    assert "drones" in both.predict([UNSEEN])[0].tagged


def test_a_text_alone_has_what_it_has_in_a_batch(made):
    _, both = made
    for text, found in zip(POSTS, both.predict(POSTS), strict=True):
        (alone,) = both.predict([text])
        assert [s.probability for s in alone.topics] == pytest.approx(
            [s.probability for s in found.topics], abs=1e-6
        )


def test_the_digest_and_the_card_speak_of_model_and_own_topics(model, made):
    _, both = made
    assert len(both.digest) == 64 and both.digest != model.digest
    assert both.card["own_topics"]["drones"]["examples"] == 9
    assert {**both.card, "own_topics": None} == {**model.card, "own_topics": None}
    assert both.path == model.path


def test_an_unchanged_topic_costs_nothing_at_the_next_start(monkeypatch, model, made):
    folder, both = made
    monkeypatch.setattr(fitting, "fit", None)
    again = beside(model, [topic()], folder)
    assert again.digest == both.digest
    assert [plain(p) for p in again.predict(POSTS)] == [plain(p) for p in both.predict(POSTS)]


def test_a_changed_topic_is_fitted_anew_and_changes_the_digest(model, made):
    folder, both = made
    changed = beside(model, [topic(definition="Unmanned aircraft.")], folder)
    assert changed.digest != both.digest


def test_the_order_of_topics_does_not_matter_for_the_digest(model, made):
    folder, _ = made
    one, other = topic(), topic(slug="aircraft")
    assert beside(model, [one, other], folder).digest == beside(model, [other, one], folder).digest


@pytest.mark.parametrize("damage", ["", "[]", '{"weights": [1]}'])
def test_a_damaged_cache_is_fitted_again(model, made, tmp_path, damage):
    folder, both = made
    (file,) = [f for f in (folder / CACHE).iterdir() if both.own.heads[0].digest in f.name]
    (tmp_path / CACHE).mkdir()
    (tmp_path / CACHE / file.name).write_text(damage, "utf-8")
    assert beside(model, [topic()], tmp_path).digest == both.digest
    assert json.loads((tmp_path / CACHE / file.name).read_text("utf-8")) == json.loads(file.read_text("utf-8"))


def test_a_data_folder_that_cannot_be_written_is_no_reason_to_stop(model, tmp_path, made):
    (tmp_path / "file").write_text("", "utf-8")
    assert beside(model, [topic()], tmp_path / "file").digest == made[1].digest


class Foreign:
    """Another kind of model, which knows one topic and no vectors of ours."""

    topics, thresholds, digest, card = ("reform",), np.array([0.5]), "f" * 64, {"what": "foreign"}
    reader = None

    def __init__(self, path):
        self.path = path

    def predict(self, texts, *, progress=None):
        score = TopicScore("reform", 0.25, 0.5, "not")
        return [Prediction((score,), np.zeros(0, np.float32)) for _ in texts]


def test_own_topics_stand_beside_another_kind_of_model_too(made, tmp_path):
    folder, both = made
    found = beside(Foreign(tmp_path), [topic()], folder)
    assert found.topics == ("reform", "drones")
    (prediction,) = found.predict([UNSEEN])
    assert prediction.tagged == {"drones"}
    assert plain(prediction, {"drones"}) == plain(both.predict([UNSEEN])[0], {"drones"})


def test_a_labelled_file_may_name_the_own_topic(made, model, tmp_path):
    file = tmp_path / "labelled.jsonl"
    file.write_text(json.dumps({"text": UNSEEN, "labels": ["drones"], "language": "en"}) + "\n", "utf-8")
    assert evaluate(file, made[1])["topics"]["drones"]["recall"] == 1
    with pytest.raises(BadRequest, match="unknown topic 'drones'"):
        evaluate(file, model)
