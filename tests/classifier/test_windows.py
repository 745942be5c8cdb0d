"""Windows on made-up tokens: each word is a token, so that sizes can be counted by eye."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.windows import Piece, Reading, Tokens, says_something, sentence_pieces, windows


def tokens(text: str) -> Tokens:
    """Words as the tokenizer gives them: the space before a word belongs to it."""
    spans = [match.span() for match in re.finditer(r"\s*\S+", text)]
    return Tokens(list(range(len(spans))), spans)


def read(text: str, limit: int) -> list[str]:
    reading = Reading.of(text, tokens(text), limit)
    return [text[window.start : window.end] for window in reading.windows]


def test_a_short_text_is_one_window():
    assert read("One two. Three four.", 10) == ["One two. Three four."]


@pytest.mark.parametrize(
    ("text", "says"),
    [("a", False), ("1", False), ("@CJTFOIR", False), ("https://t.co/abc pic.twitter.com/x", False),
     ("🇮🇶🇺🇸", False), ("a\na\nb", False), ("\u200b", False), ("2/5 @office", False), ("KLE", True), ("#KLE", True),
     ("كركوك", True), ("سوپاس @office", True), ("@office: no", True), ("see example.org/a today", True)],
)  # fmt: skip
def test_a_text_without_a_word_beside_addresses_and_mentions_says_nothing(text, says):
    assert says_something(text) is says
    assert bool(read(text, 8)) is says


def test_an_empty_text_has_no_window():
    assert read("", 10) == []


def test_a_long_text_is_cut_between_sentences():
    assert read("One two three. Four five six. Seven eight nine.", 6) == [
        "One two three. Four five six.",
        "Seven eight nine.",
    ]


def test_windows_are_of_about_equal_size_so_that_none_lacks_its_context():
    text = " ".join(f"Word {n}a." for n in range(11))  # 22 tokens in windows of at most 20
    assert [len(found.split()) for found in read(text, 20)] == [12, 10]


def test_a_sentence_longer_than_a_window_is_cut_between_words():
    assert read("one two three four five six seven", 3) == ["one two three", "four five six", "seven"]


def test_a_word_longer_than_a_window_is_cut_all_the_same():
    letters = Tokens(list(range(8)), [(n, n + 1) for n in range(8)])
    assert [(p.first, p.last) for p in sentence_pieces("abcdefgh", letters, 3)] == [(0, 3), (3, 6), (6, 8)]


def test_the_sentences_of_a_window_are_those_inside_it():
    text = "One two. Three four. Five six. Seven eight."
    reading = Reading.of(text, tokens(text), 4)
    found = [[text[p.start : p.end] for p in reading.sentences_in(window)] for window in reading.windows]
    assert found == [["One two.", "Three four."], ["Five six.", "Seven eight."]]


@given(st.lists(st.integers(1, 7), max_size=30), st.integers(7, 20))
def test_no_window_is_too_long_and_no_token_is_lost_or_read_twice(sizes, limit):
    pieces, first = [], 0
    for size in sizes:
        pieces.append(Piece(first, first + size, first, first + size))
        first += size
    found = windows(pieces, limit)
    assert all(0 < window.size <= limit for window in found)
    assert [n for window in found for n in range(window.first, window.last)] == list(range(first))


@given(st.text(alphabet="ab .!\n", max_size=200), st.integers(1, 12))
def test_every_word_of_any_text_is_read_exactly_once(text, limit):
    reading = Reading.of(text, tokens(text.rstrip()), limit)
    words = len(text.split()) if says_something(text) else 0
    assert [n for window in reading.windows for n in reading.ids(window)] == list(range(words))
