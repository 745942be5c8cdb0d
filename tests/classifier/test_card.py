from classifier import card
from classifier.lines import Labelled
from classifier.model import SHIPPED, read_card


def test_the_data_are_counted_after_near_duplicates_are_out():
    posts = [
        Labelled("a", frozenset({"reform", "training"}), "en"),
        Labelled("b", frozenset(), "ar"),
        Labelled("c", frozenset({"reform"}), "en"),
    ]
    found = card.describe([*posts, posts[0]], posts, posts[:1], ("reform", "training", "transition"))
    assert found == {
        "posts": 3,
        "near_duplicates_removed": 1,
        "test_posts": 1,
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
