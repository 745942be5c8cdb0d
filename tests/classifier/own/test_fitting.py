"""A head from a handful of examples."""

import numpy as np
import pytest

from classifier.model import judged
from classifier.own import fitting
from classifier.own.heads import OwnHeads
from tests.classifier.own.conftest import INSIDE, UNSEEN, topic

OTHERS = ("The central bank lowered its rate.", "Our team won the match.", "The minister received the ambassador.")


@pytest.fixture(scope="module")
def head(model, others):
    return fitting.fit(topic(), model.encoder, others, "name")


def scores(model, head, texts):
    return [found.topics[0] for found in judged(model.encoder, OwnHeads((head,)), texts)]


def test_an_unseen_post_in_the_topic_is_tagged_and_others_are_not(model, head):
    assert [s.decision for s in scores(model, head, [UNSEEN, *OTHERS])] == ["tagged", "not", "not", "not"]


def test_the_evidence_is_the_sentence_that_speaks_for_the_topic(model, head):
    text = f"The governor opened a school. {UNSEEN} The weather stays mild."
    (found,) = scores(model, head, [text])
    assert text[found.evidence_start : found.evidence_end] == UNSEEN


def test_of_an_empty_text_nothing_holds(model, head):
    (found,) = scores(model, head, [""])
    assert found.decision == "not" and found.probability < 1e-6


def test_the_figures_say_how_few_texts_they_come_from_and_lie_in_their_range(head):
    told = head.figures
    assert (told["examples"], told["counter_examples"], told["background"]) == (len(INSIDE), 1, 80)
    for name in ("precision", "recall", "f1", "average_precision"):
        assert 0 <= told[name]["low"] <= told[name]["value"] <= told[name]["high"] <= 1
    assert told["recall"]["high"] - told["recall"]["low"] > 0.2  # nine examples say little


def test_at_most_its_part_of_the_background_is_tagged_and_the_unsure_lies_below(model, others, head):
    assert 0 < head.unsure_from <= head.threshold < 1
    own = OwnHeads((head,))
    found = own.probabilities(others.passages.scores(own.log_odds).texts)[:, 0]
    assert (found >= head.threshold).mean() <= fitting.MOST_TAGGED
    assert head.figures["f1"]["value"] > 0.5


def test_the_same_texts_make_the_same_head(model, others, head):
    again = fitting.fit(topic(), model.encoder, others, "name")
    assert np.array_equal(again.weights, head.weights)
    assert (again.bias, again.threshold, again.figures) == (head.bias, head.threshold, head.figures)


def test_counter_examples_push_their_kind_out_of_the_topic(model, others, head):
    near = "A helicopter brought supplies to the base near the airport last night."
    against = topic(counter_examples=["A helicopter landed at the airport last night.", near])
    (before,) = scores(model, head, [near])
    (after,) = scores(model, fitting.fit(against, model.encoder, others, "name"), [near])
    assert after.probability < before.probability


def test_examples_without_anything_in_common_promise_nothing(model, others, posts):
    texts = [post.text for post in posts]
    noise = topic(name="-", definition=".", examples=texts[:8], counter_examples=texts[8:20])
    told = fitting.fit(noise, model.encoder, others, "name").figures
    assert told["f1"]["value"] < 0.35


@pytest.mark.parametrize(
    "more",
    [{"name": "Other"}, {"definition": "Other."}, {"examples": [*INSIDE[:-1], "Other."]}, {"counter_examples": []}],
)
def test_the_digest_changes_with_every_text(posts, more):
    assert fitting.digest(topic(), "encoder", posts) != fitting.digest(topic(**more), "encoder", posts)


def test_the_digest_changes_with_encoder_and_background(posts):
    same = fitting.digest(topic(), "encoder", posts)
    assert same == fitting.digest(topic(), "encoder", list(posts))
    assert same not in (fitting.digest(topic(), "another", posts), fitting.digest(topic(), "encoder", posts[1:]))


def test_examples_in_one_language_teach_the_topic_and_not_the_language(model, others):
    english = topic(examples=[*INSIDE[:6], "A drone crashed near the base.", "Two quadcopters were jammed."])
    found = scores(model, fitting.fit(english, model.encoder, others, "name"), [*INSIDE[6:], *OTHERS])
    assert min(s.probability for s in found[:2]) > max(s.probability for s in found[3:])
    assert [s.decision for s in found[3:]] == ["not"] * len(OTHERS)
