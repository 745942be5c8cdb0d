"""How windows and sentences are joined, on made-up log odds: topics are the numbers of the vectors themselves."""

import numpy as np
import pytest

from classifier.passages import SENTENCE_SHARE, Passages
from classifier.windows import Piece, Reading, Tokens


def judge(vectors):
    return vectors.astype(np.float64)


@pytest.fixture
def passages() -> Passages:
    """Text 0: two windows, of two sentences and one. Text 1: empty. Text 2: one window that is one sentence."""
    a, b, c = Piece(0, 2, 0, 10), Piece(2, 4, 11, 20), Piece(4, 9, 21, 40)
    tokens = Tokens(list(range(9)), [(0, 1)] * 9)
    first = Reading(tokens, [a, b, c], [Piece(0, 4, 0, 20), c])
    third = Reading(tokens, [a], [a])
    return Passages(
        readings=[first, Reading(Tokens([], []), [], []), third],
        windows=np.array([[0.0, 3.0], [1.5, -2.0], [-1.0, 0.5]], np.float32),
        text_of=np.array([0, 0, 2]),
        pieces=[a, b, c, a],
        sentences=np.array([[-3.0, 9.0], [3.0, 0.0], [1.5, -2.0], [-1.0, 0.5]], np.float32),
        window_of=np.array([0, 0, 1, 2]),
    )


def test_a_window_counts_with_its_best_sentence(passages):
    share = SENTENCE_SHARE
    expected = [(1 - share) * 0 + share * 3, (1 - share) * 3 + share * 9]
    assert passages.scores(judge).windows[0] == pytest.approx(expected)


def test_a_window_of_one_sentence_counts_as_itself(passages):
    assert passages.scores(judge).windows[1:] == pytest.approx(np.array([[1.5, -2.0], [-1.0, 0.5]]))


def test_a_text_counts_as_its_best_window_topic_by_topic(passages):
    texts = passages.scores(judge).texts
    assert texts[0] == pytest.approx([1.5, 5.0])
    assert texts[2] == pytest.approx([-1.0, 0.5])


def test_an_empty_text_has_no_topic_and_no_vector(passages):
    assert passages.scores(judge).texts[1].max() < -20
    assert not passages.vectors()[1].any()


def test_a_text_has_one_vector_the_mean_of_its_windows_by_tokens(passages):
    vectors = passages.vectors()
    mean = 4 * np.array([0.0, 3.0]) + 5 * np.array([1.5, -2.0])
    assert vectors[0] == pytest.approx(mean / np.linalg.norm(mean))
    assert vectors[2] == pytest.approx([-1.0, 0.5])


def test_evidence_is_the_best_sentence_of_the_best_window(passages):
    scores = passages.scores(judge)
    assert passages.evidence(scores, text=0, topic=0) == (21, 40)
    assert passages.evidence(scores, text=0, topic=1) == (0, 10)
    assert passages.evidence(scores, text=2, topic=1) == (0, 10)


def test_a_passage_that_is_window_and_sentence_is_read_once(model):
    seen = []
    Passages.read(model.encoder, ["One sentence only.", "Two. Sentences."], lambda n, of: seen.append(of))
    assert seen[-1] == 1 + 3


def test_passages_of_the_same_tokens_are_read_once_whichever_texts_they_stand_in(model):
    seen = []
    found = Passages.read(model.encoder, ["Met. Met. Met.", "Met.", "Met."], lambda n, of: seen.append(of))
    assert seen[-1] == 2  # the first text as a whole, and "Met."
    assert len({row.tobytes() for row in found.sentences}) == 1
    assert len(found.sentences) == 5


def test_two_topics_in_two_sentences_are_both_found(model):
    """What one sentence states is not drowned by the other."""
    text = "Recruits finished basic training at the academy. Blankets reached the camp for displaced families."
    (found,) = model.predict([text])
    assert {"training", "humanitarian"} <= found.tagged
