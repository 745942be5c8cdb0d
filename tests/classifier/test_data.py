"""The shipped training posts are sane, and the shipped heads were trained on just these."""

import json
from collections import Counter

import pytest

from classifier import taxonomy
from classifier.corpus import SHIPPED as DATA
from classifier.corpus import Corpus
from classifier.lines import read
from classifier.model import SHIPPED, read_card
from classifier.split import part, without_near_duplicates
from core.text import squeeze

SLUGS = tuple(topic.slug for topic in taxonomy.topics())


@pytest.fixture(scope="module")
def posts():
    """As they lie there, near-duplicates too."""
    return [post for file in sorted(DATA.glob("*.jsonl")) for post in read(file, SLUGS)]


def test_there_are_enough_posts_in_four_languages_and_of_every_topic(posts):
    assert len(posts) >= 2500
    assert set(Counter(post.language for post in posts)) == {"en", "ar", "ckb", "kmr"}
    assert min(Counter(post.language for post in posts).values()) >= 600
    assert min(Counter(label for post in posts for label in post.labels)[slug] for slug in SLUGS) >= 250
    assert sum(not post.labels for post in posts) >= len(posts) / 3


def test_no_two_posts_are_near_duplicates(posts):
    assert len(without_near_duplicates(posts)) == len(posts)


def test_no_post_is_there_twice(posts):
    twice = [text for text, n in Counter(squeeze(post.text) or post.text for post in posts).items() if n > 1]
    assert twice == []


def test_no_group_is_on_both_sides_of_the_split(posts):
    sides = {(post.group, part(post, 7)) for post in posts if post.group}
    assert max(Counter(group for group, _ in sides).values(), default=1) == 1


def test_every_line_is_marked_synthetic_and_names_the_manner_of_office():
    for file in DATA.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            assert entry["synthetic"] is True
            assert entry["office"]


def test_the_shipped_heads_were_trained_on_these_posts_and_this_taxonomy():
    trained = read_card(SHIPPED)["trained"]
    assert trained["data"] == Corpus.read(DATA, SLUGS, trained["seed"]).digest
    assert trained["taxonomy"] == taxonomy.digest(taxonomy.topics())
