"""The texts that own topics are told apart from."""

from classifier.own import background
from classifier.train import DATA, read_folder


def test_it_is_a_sample_of_the_labelled_posts_each_once():
    found = background.texts()
    assert len(set(found)) == len(found) == background.SIZE
    assert found == background.texts()
    assert found[:10] == background.texts(10)


def test_it_holds_posts_in_all_languages_on_topic_and_off(model):
    posts = {post.text: post for post in read_folder(DATA, model.topics)}
    found = [posts[text] for text in background.texts()]
    assert {post.language for post in found} == {"en", "ar", "ckb", "kmr"}
    assert 0.2 < sum(not post.labels for post in found) / len(found) < 0.8
