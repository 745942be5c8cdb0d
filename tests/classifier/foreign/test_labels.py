"""What a label means: a topic by its slug or name, an answer of inference, or what the settings say."""

import pytest

from classifier import taxonomy
from classifier.foreign import labels
from classifier.foreign.labels import Inference, Named
from core.errors import ModelError

TOPICS = taxonomy.topics()


def read(*names: str, **given: str):
    return labels.read(names, given, TOPICS)


def test_labels_are_topics_by_slug_or_name_in_any_spelling():
    found = read("Counter-ISIS Operations", "KEY LEADER ENGAGEMENT", "reform")
    assert found == Named({"key_leader_engagement": 1, "reform": 2, "counter_isis_operations": 0})
    assert list(found.columns) == ["key_leader_engagement", "reform", "counter_isis_operations"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("CONTRADICTION", "NEUTRAL", "ENTAILMENT"), Inference(2, 0)),
        (("entailment", "not_entailment"), Inference(0, 1)),
        (("entailment", "neutral", "contradiction"), Inference(0, 2)),
    ],
)
def test_labels_of_inference_make_a_zero_shot_model(names, found):
    assert read(*names) == found


def test_the_settings_say_what_nameless_labels_mean():
    given = {"LABEL_0": "stability", "LABEL_1": "none", "LABEL_2": "Reform"}
    assert read(*given, **given) == Named({"stability": 0, "reform": 2})
    inference = {"LABEL_0": "entailment", "LABEL_1": "neutral", "LABEL_2": "contradiction"}
    assert read(*inference, **inference) == Inference(0, 2)


@pytest.mark.parametrize(
    ("names", "given", "says"),
    [
        (
            ("reform", "weather"),
            {},
            r"its label 'weather' is no topic. Its labels are reform, weather; topics are key_",
        ),
        (("reform", "weather"), {}, r'model_labels = { "weather" = "key_leader_engagement" }, or "none"'),
        (("reform", "x"), {"x": "y"}, "its label 'x' is no topic"),
        (("reform", "x"), {"z": "none"}, "model_labels names 'z', but its labels are reform, x"),
        (("reform", "x"), {"x": "Reform"}, "two of its labels mean reform: reform, x"),
        (("a", "b"), {"a": "none", "b": "none"}, "none of its labels means a topic"),
        (("entailment", "neutral"), {}, "an entailment label but no contradiction"),
    ],
)
def test_what_does_not_fit_says_what_there_is_and_what_to_do(names, given, says):
    with pytest.raises(ModelError) as told:
        read(*names, **given)
    assert says in told.value.message
