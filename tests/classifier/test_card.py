import json
import shutil

import pytest

from classifier import card
from classifier.corpus import Corpus
from classifier.lines import Labelled
from classifier.model import CARD, SHIPPED, read_card


def test_the_data_are_counted_after_near_duplicates_are_out():
    posts = (
        Labelled("a", frozenset({"reform", "training"}), "en"),
        Labelled("b", frozenset(), "ar"),
        Labelled("c", frozenset({"reform"}), "en"),
    )
    corpus = Corpus(("reform", "training", "transition"), posts, ("train", "validation", "test"), 1)
    assert card.describe(corpus, shipped=True) == {
        "posts": 3,
        "near_duplicates_removed": 1,
        "parts": {"train": 1, "validation": 1, "test": 1},
        "off_topic": 1,
        "languages": {"ar": 1, "en": 2},
        "topics": {"reform": 2, "training": 1, "transition": 0},
        "synthetic": True,
    }


def test_the_shipped_card_for_people_says_what_the_one_for_programs_says():
    content = read_card(SHIPPED)
    assert (SHIPPED / card.MARKDOWN).read_text(encoding="utf-8") == card.markdown(content)


def test_the_card_names_its_figures_its_limits_and_the_notice():
    text = card.markdown(read_card(SHIPPED))
    for said in ("## Measured on the test part", "macro F1", "off-topic posts with a tag", "## Limits", "NOTICE"):
        assert said in text


def test_the_shipped_card_holds_the_model_against_other_ways():
    ways = [way["name"] for way in read_card(SHIPPED)["compared"]["ways"]]
    for wanted in ("keyword list", "TF-IDF", "descriptions", "contrast", "the encoder as it came, heads"):
        assert any(wanted in name for name in ways)


@pytest.mark.parametrize(("data", "kept"), [("same", True), ("other", False)])
def test_what_was_compared_on_other_posts_is_not_held_against_these_figures(tmp_path, data, kept):
    shipped = read_card(SHIPPED)
    shutil.copyfile(SHIPPED / card.ENCODER_FACTS, tmp_path / card.ENCODER_FACTS)
    found = shipped["compared"] | {"data": shipped["trained"]["data"] if data == "same" else "0" * 64}
    (tmp_path / card.COMPARED).write_text(json.dumps(found), encoding="utf-8")
    content = card.write(
        tmp_path, **{part: shipped[part] for part in ("trained", "data", "method", "validation", "test")}
    )
    assert bool(content["compared"]) is kept
    assert json.loads((tmp_path / CARD).read_text(encoding="utf-8")) == content
    assert ("## Beside other ways" in (tmp_path / card.MARKDOWN).read_text(encoding="utf-8")) is kept
