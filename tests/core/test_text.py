"""Folding: what people mix up while typing is one word, in the index and in the query."""

import pytest
from hypothesis import given

from core.text import fold, index_words, squeeze, storable, words
from tests.strategies import texts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Peshmerga", "PESHMERGA"),
        ("كوردي", "کوردی"),  # Arabic and Persian kaf and yeh
        ("موسى", "موسي"),  # alef maksura
        ("پێشمەرگە", "پيشمهرگه"),  # Sorani letters as an Arabic keyboard has them
        ("هه‌ولێر", "هەولێر"),  # heh with zero-width non-joiner, and the letter ae
        ("وزارة", "وزاره"),  # teh marbuta
        ("أمن", "امن"),
        ("إقليم", "اقليم"),
        ("آمن", "امن"),
        ("مسؤول", "مسوول"),
        ("ٱلعراق", "العراق"),
        ("كـــردستان", "كردستان"),  # tatweel
        ("كُرْدِسْتَان", "كردستان"),  # harakat
        ("ﻛﺮﺩﺳﺘﺎﻥ", "كردستان"),  # presentation forms
        ("ﷲ", "الله"),  # a ligature
        ("گۆڕان", "گوران"),
        ("کوڵ", "کول"),
        ("کردستان\u200f", "\u202bکردستان"),  # direction marks
        ("١٢٣", "123"),  # Arabic digits
        ("۱۲۳", "123"),  # Persian digits
        ("१२३", "123"),
        ("１２３", "123"),  # full width
        ("pêşmerge", "pesmerge"),
        ("HÊZÊN ÇEKDAR", "hezen cekdar"),
        ("Dîyarbakır", "diyarbakir"),
        ("İstanbul", "istanbul"),
        ("Straße", "STRASSE"),
        ("Søren Łódź đ", "soren lodz d"),
        ("cafe\u0301", "café"),
        ("ﬁre", "fire"),
        ("ab\u00adcd", "abcd"),  # soft hyphen
        ("re\ue000form", "reform"),  # private use: where filter tokens begin
        ("re\U000f0000form", "reform"),
    ],
)
def test_spellings_of_one_word_fold_together(one, other):
    assert fold(one) == fold(other)
    assert words(one) == words(other) != []


def test_letters_that_mean_different_words_stay_apart():
    assert len({fold(w) for w in ("پ", "ب", "چ", "ج", "گ", "ك", "ژ", "ز")}) == 8


@pytest.mark.parametrize("text", ["🇮🇶 🤝", "— … ¡", "", "\ue000\ue001", "\u200f\u200c", "___", "#"])
def test_signs_alone_are_no_words(text):
    assert words(text) == []


def test_words_keep_their_order_and_lose_what_stands_between():
    assert words("Gen. O'Neil: 1,200 troops_at @CJTFOIR (17/8)") == [
        "gen", "o", "neil", "1", "200", "troops", "at", "cjtfoir", "17", "8",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("#KeyLeaderEngagement", ["key", "leader", "engagement"]),
        ("#KLE", []),
        ("#peshmerga", []),
        ("#CJTFOIRMission #ISIS", ["cjtfoir", "mission"]),
        ("#OIR2025", ["oir", "2025"]),
        ("#PêşmergeyênHerêmê", ["pesmergeyen", "hereme"]),
        ("#Peshmerga_Reform", ["peshmerga", "reform"]),
        ("no hashtag, HereIsNone", []),
    ],
)
def test_camel_case_hashtags_are_found_by_their_words_too(text, inside):
    assert index_words(text) == words(text) + inside


@given(texts)
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert words(squeeze(text)) == words(text)


@given(texts)
def test_no_word_holds_what_a_tokenizer_or_a_query_would_cut_at(text):
    for word in index_words(text):
        assert word.isalnum(), word
        assert "\ue000" not in word
        assert word == word.lower()


@given(texts)
def test_storable_text_encodes_and_loses_nothing_else(text):
    kept = storable(text)
    assert b"\x00" not in kept.encode()
    assert kept == "".join(c for c in text if c != "\x00" and not "\ud800" <= c <= "\udfff")
    assert words(kept.replace("\x00", "")) == words(text.replace("\x00", ""))


def test_storable_drops_nul_and_surrogates():
    assert storable("a\x00b\ud800c") == "abc"
