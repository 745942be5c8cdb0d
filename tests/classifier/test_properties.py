"""What the shipped model promises for any text: sound numbers and evidence, the same again and in any company."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifier.model import Model, Prediction
from classifier.sentences import sentences

LONG = 100_000
NEAR = 1e-6
POSTS = (
    "The ambassador met the minister of defence in his office today.",
    "Forty soldiers graduated from the mine clearance course.",
    "ألقت القوات الأمنية القبض على إرهابيين من عصابات داعش.",
    "یەکخستنی هێزەکانی ٧٠ و ٨٠ی پێشمەرگە بەردەوامە.",
    "Malbatên koçber ji kampê vegeriyan gundên xwe.",
    "Cake at noon! See you there?",
)
ODD = (
    "\x00", "\x01\x1f\x7f", "\x85\u2028", "\ud83c", "\udfff\ud800", "\ufffd", "\ufeff", "\u200b", "\u200d\u200c",
    "\u202e", "\u2066mixed\u2069", "\u200f", "e\u0301\u0323", "ـــ", "🇮🇶🤝🇺🇸", "👩🏽‍🚒👨‍👩‍👧", "☪️", "1️⃣",
    "\U0010ffff", "漢字", "Пешмерга", "αβ", "๑๒", "ﷺ", "ﷺ" * 150, "...", "؟!", "#KLE_2025", "@office",
    "https://a.example/b?c=d", "x", "أa" * 40, "7" * 300, " ", "\n\n", "\t", "\xa0", "\u3000",
)  # fmt: skip
pieces = st.sampled_from(POSTS) | st.sampled_from(ODD) | st.text(st.characters(), max_size=8)
texts = st.lists(pieces, max_size=9).map(" ".join) | st.lists(pieces, max_size=9).map("".join)
crowds = st.lists(st.tuples(texts, st.integers(1, 4)).map(lambda pair: pair[0] * pair[1]), min_size=2, max_size=7)


@pytest.fixture(scope="module")
def eager(model: Model) -> Model:
    """The shipped model, but unsure of nearly nothing: each topic of any text then has its evidence."""
    return replace(model, heads=replace(model.heads, unsure_from=np.full(len(model.topics), 1e-9)))


def check(model: Model, text: str, found: Prediction) -> None:
    assert tuple(score.topic for score in found.topics) == model.topics
    assert np.isfinite(found.vector).all()
    length = float(np.linalg.norm(found.vector))
    assert length == pytest.approx(1, abs=1e-5) or length == 0
    whole = sentences(text)
    for k, score in enumerate(found.topics):
        assert 0 <= score.probability <= 1
        assert score.decision == model.heads.decision(k, score.probability)
        if score.decision == "not":
            assert (score.evidence_start, score.evidence_end) == (None, None)
        else:
            check_evidence(text, whole, score.evidence_start, score.evidence_end)


def check_evidence(text: str, whole: list[tuple[int, int]], start: int | None, end: int | None) -> None:
    """Inside one sentence: all of it, or a part of one that is too long for a window."""
    assert start is not None
    assert end is not None
    assert 0 <= start < end <= len(text)
    assert text[start:end].strip()
    assert any(first <= start and end <= last for first, last in whole)


def check_alike(found: Prediction, other: Prediction) -> None:
    assert found.vector == pytest.approx(other.vector, abs=NEAR)
    for mine, theirs in zip(found.topics, other.topics, strict=True):
        assert mine.probability == pytest.approx(theirs.probability, abs=NEAR)
        assert (mine.decision, mine.evidence_start, mine.evidence_end) == (
            theirs.decision, theirs.evidence_start, theirs.evidence_end
        )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(texts)
@example("")
@example("x")
@example(" \n\t\u3000 ")
@example("".join(map(chr, range(32))))
@example("\ud83c lone half")
@example("".join(ODD))
def test_any_text_gets_sound_numbers_and_evidence_and_the_same_again(eager, text):
    (first,), (second,) = eager.predict([text]), eager.predict([text])
    check(eager, text, first)
    assert first.topics == second.topics
    assert first.vector.tobytes() == second.vector.tobytes()


@settings(max_examples=12, deadline=None)
@given(crowds)
@example([*POSTS, "", "Met. Met. Met.", "x" * 600, " ".join(POSTS) * 3])
def test_a_text_is_judged_alone_as_in_any_batch(eager, crowd):
    for text, found in zip(crowd, eager.predict(crowd), strict=True):
        check_alike(found, eager.predict([text])[0])


def test_texts_of_a_hundred_thousand_characters_are_read_to_the_end(eager):
    chance = random.Random(4)
    many = chance.choices(["international", "organisation", "stability", "cooperation", "بەردەوامە"], k=LONG // 8)
    word, ends = "".join(many)[:LONG], itertools.cycle([*["" for _ in range(60)], "."])
    last = "Forty soldiers graduated from the mine clearance course at the army training centre."
    wordy = " ".join(part.capitalize() + end for part, end in zip(many, ends, strict=False))
    article = f"{wordy[: LONG - len(last) - 1]}\n{last}"
    crowd = [word, article, " \n" * (LONG // 2), "\x00" * LONG, POSTS[0]]
    assert [len(text) for text in crowd[:4]] == [LONG] * 4
    together = eager.predict(crowd)
    for text, found in zip(crowd, together, strict=True):
        check(eager, text, found)
    training = together[1].topics[eager.topics.index("training")]
    assert article[training.evidence_start : training.evidence_end] == last
    for n in (0, 4):
        check_alike(together[n], eager.predict([crowd[n]])[0])
