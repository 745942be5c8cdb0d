import subprocess
import sys
from pathlib import Path

import pytest

from classifier import taxonomy
from core.errors import ModelError

SLUGS = (
    "key_leader_engagement", "capacity_building", "training", "stability", "reform", "partnership",
    "counter_isis_operations", "logistics_support", "transition", "humanitarian",
)  # fmt: skip
ENTRY = '[[topic]]\nslug = "{slug}"\nname = "A"\ndefinition = "What it is."\n'


def read(tmp_path: Path, text: str) -> tuple[taxonomy.Topic, ...]:
    file = tmp_path / "topics.toml"
    file.write_text(text, encoding="utf-8")
    return taxonomy.read(file)


def test_the_shipped_topics_are_the_ten_of_the_design_in_their_order():
    assert tuple(topic.slug for topic in taxonomy.topics()) == SLUGS


def test_every_shipped_topic_has_a_definition_borderlines_and_examples_on_both_sides():
    for topic in taxonomy.topics():
        assert len(topic.definition) > 40
        assert topic.borderlines
        assert len(topic.inside) >= 5
        assert len(topic.outside) >= 5
        assert not set(topic.inside) & set(topic.outside)


def test_a_topic_cannot_be_changed():
    with pytest.raises(AttributeError):
        taxonomy.topics()[0].name = "other"


def test_a_missing_list_is_an_empty_one(tmp_path):
    (topic,) = read(tmp_path, ENTRY.format(slug="own"))
    assert topic == taxonomy.Topic("own", "A", "What it is.", (), (), ())


def test_the_digest_follows_every_word(tmp_path):
    before = taxonomy.digest(read(tmp_path, ENTRY.format(slug="own")))
    after = taxonomy.digest(read(tmp_path, ENTRY.format(slug="own").replace("What", "Which")))
    assert before != after
    assert before == taxonomy.digest(read(tmp_path, ENTRY.format(slug="own")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no \\[\\[topic\\]\\]"),
        ("topic = 3 = 4", "cannot be read"),
        (ENTRY.format(slug="a1") * 2, "'a1' is there twice"),
        (ENTRY.format(slug="Über uns"), "a slug is 2 to 40"),
        (ENTRY.format(slug="own") + 'colour = "red"', "unknown key 'colour'"),
        (ENTRY.format(slug="own") + 'inside = "one"', "inside must be a list"),
        (ENTRY.format(slug="own") + 'inside = [" "]', "inside must be a text that is not empty"),
        ('[[topic]]\nslug = "own"\nname = "A"\n', "definition must be a text"),
    ],
)
def test_a_wrong_taxonomy_says_what_is_wrong(tmp_path, text, said):
    with pytest.raises(ModelError, match=said):
        read(tmp_path, text)


def test_importing_the_classifier_loads_nothing_heavy():
    heavy = "{'transformers', 'onnxruntime', 'torch', 'onnx'}"
    code = f"import sys, classifier.model, classifier.train, classifier.evaluate; print({heavy} & set(sys.modules))"
    root = Path(taxonomy.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
