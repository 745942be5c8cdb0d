from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They met. Then they left! Why? Nobody knows…", ["They met.", "Then they left!", "Why?", "Nobody knows…"]),
        ("قال الوزير كذا. هل يكفي ذلك؟ نعم، يكفي؛ شكراً", ["قال الوزير كذا.", "هل يكفي ذلك؟", "نعم، يكفي؛", "شكراً"]),
        ("کۆبوونەوە کرا. ئایا تەواو بوو؟ بەڵێ.", ["کۆبوونەوە کرا.", "ئایا تەواو بوو؟", "بەڵێ."]),
        ("Ev xweş e. Em diçin. Çima? Baş e!", ["Ev xweş e.", "Em diçin.", "Çima?", "Baş e!"]),
        ("First line\nSecond line\r\n\r\nThird", ["First line", "Second line", "Third"]),
        ('He said "Go." Then "Stop!" They left.', ['He said "Go."', 'Then "Stop!"', "They left."]),
    ],
)
def test_sentences_end_in_all_four_languages_and_at_line_breaks(text, expected):
    assert split(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Maj. Gen. Smith met Lt. Col. Jones and Dr. Ali.",
        "The U.S. Ambassador and the U.K. Consul General spoke.",
        "J. R. Smith came on Jan. 5 to room No. 7 of the ministry.",
        "It takes approx. 3.5 hours, i.e. half a day.",
        "“Why now?” he asked.",
        "قال د. أحمد إن الأمر انتهى.",
        "See pic.twitter.com/abc and www.example.org for more",
        "1. The first of three points",
        "Wait... what is that",
    ],
)
def test_abbreviations_numbers_and_links_do_not_end_a_sentence(text):
    assert split(text) == [text]


def test_a_number_ends_a_sentence_but_a_list_number_does_not():
    assert split("It began in 2014. It goes on.") == ["It began in 2014.", "It goes on."]
    assert split("There were 12. 2 left.") == ["There were 12.", "2 left."]
    assert split("Agenda:\n1. Reform\n2. Training") == ["Agenda:", "1. Reform", "2. Training"]


def test_an_empty_text_has_no_sentence():
    assert sentences("") == []
    assert sentences(" \n\t ") == []


@given(st.text(alphabet=st.sampled_from("aB1.!?؟؛،…\n \"'”ەبê🇮"), max_size=80) | st.text(max_size=80))
def test_sentences_hold_every_character_that_is_not_white_space_once_and_in_order(text):
    spans = sentences(text)
    kept = "".join(character for a, b in spans for character in text[a:b] if not character.isspace())
    assert kept == "".join(character for character in text if not character.isspace())
    assert all(a < b and not text[a].isspace() and not text[b - 1].isspace() for a, b in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
