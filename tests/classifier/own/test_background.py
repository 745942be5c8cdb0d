"""The posts that own topics are told apart from."""

import numpy as np
import pytest

from classifier.own import background


def test_it_is_a_sample_of_the_labelled_posts_each_once():
    found = background.posts()
    assert len({post.text for post in found}) == len(found) == background.SIZE
    assert found == background.posts()
    assert found[:10] == background.posts(10)


def test_it_holds_posts_in_all_languages_on_topic_and_off():
    found = background.posts()
    assert {post.language for post in found} == {"en", "ar", "ckb", "kmr"}
    assert 0.2 < sum(not post.labels for post in found) / len(found) < 0.8


def test_the_languages_stand_alike_once_their_directions_are_taken_away(others):
    tongues, vectors, spoken = others.tongues, others.passages.vectors(), np.array(others.languages)
    assert tongues.T @ tongues == pytest.approx(np.eye(3), abs=1e-9)
    freed = vectors - vectors @ tongues @ tongues.T
    means = np.array([freed[spoken == one].mean(axis=0) for one in sorted(set(others.languages))])
    assert means - means[0] == pytest.approx(np.zeros_like(means), abs=1e-6)
