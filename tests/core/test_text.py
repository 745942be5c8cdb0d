"""Folding: what people mix up while typing is one word, in the index and in the query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.readings import BORDER, Spots, index_words
from core.text import fold, search_words, squeeze, storable, words
from tests.strategies import texts

AWKWARD = ["#KeyLeader", "_", "'", "’", "\u200c", "U.S.", "72,000", "ﷲ", "كُرْدِ", "e\u0301", "ß", "İ", "🇮🇶", " ",
           "#", "ه", "https://t.co/a", "https://a.example/b?c"]  # fmt: skip


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
        ("#CJTFOIRMission #ISIS", ["cjtfoir", "mission", "isis"]),
        ("#OIR2025", ["oir", "2025"]),
        ("#PêşmergeyênHerêmê", ["pesmergeyen", "hereme"]),
        ("#Peshmerga_Reform", ["peshmergareform"]),
        ("#قوات_البيشمركة", ["قواتالبيشمركه"]),
        ("#CJTFOIR2025", ["cjtfoir", "2025"]),
        ("#70sForces", ["70s", "forces"]),
        ("#KLEs", []),
        ("#KLEsInErbil", ["kles", "in", "erbil"]),
        ("＃KeyLeader", ["key", "leader"]),
        ("Da'esh", ["da", BORDER, "da", "esh"]),
        ("Kürdistan’da", ["kurdistan", BORDER, "kurdistan", "da"]),
        ("O'Brien'ê", ["obrien", BORDER, "brien"]),
        ("don't we'll they're", []),
        ("Sinjar's O'Neil's", ["sinjar", "neil"]),
        ("the 80's", []),
        ("می‌شود", ["مي", "شود"]),
        ("ده‌که‌ن", ["ده", "كه", "ن"]),
        ("ێ ده‌که‌ن", []),  # the first letter says that it is Kurdish
        ("نمی‌دانسته‌اند", ["نمي", "دانسته", "اند", BORDER, "نمي", "دانستهاند"]),
        ("the Ph.D. and U.S.", ["the", "ph", "d", "and", "us"]),
        ("72.000 and 72\u202f000", ["72000", "and", "72000"]),
        ("no hashtag, HereIsNone", []),
    ],
)
def test_what_stands_inside_of_words_is_found_too(text, inside):
    assert index_words(text) == search_words(text) + ([BORDER, *inside] if inside else [])


def test_what_is_written_in_another_way_has_its_neighbours():
    found = index_words("one two three four five #KeyLeader in #Iraq now a b c d e f g h #Office_B j k l m n")
    runs = " ".join(found).split(f" {BORDER} ")
    assert runs[1:] == ["two three four five key leader in iraq now a", "e f g h officeb j k l m"]


def test_a_neighbour_may_be_left_as_it_is():
    """Whoever searches for "Erbil'de Peşmerge" writes one of the two without its ending."""
    said = " ".join(["", *index_words("Erbil'de Peşmerge'nin"), ""])
    for one in ("erbilde pesmergenin", "erbil pesmerge", "erbil pesmergenin", "erbilde pesmerge"):
        assert f" {one} " in said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("72,000 and 1,200, 12,34 and 1,2,3", ["72000", "and", "1200", "12", "34", "and", "1", "2", "3"]),
        ("٧٢٬٠٠٠ و ٧٢،٠٠٠", ["72000", "و", "72000"]),
        ("3.5 and 17.8.", ["3", "5", "and", "17", "8"]),
        ("U.S. and U.K., the U.S.-led p.m.", ["us", "and", "uk", "the", "us", "led", "pm"]),
        ("J.R.Example at m.example", ["jr", "example", "at", "m", "example"]),
        ("Ph.D. I.K.B.Y.’nin U.S.'s p.m.", ["phd", "ikbynin", "us", "pm"]),
        ("don't O’Brien Sinjar's 80's 'quoted'", ["dont", "obrien", "sinjar", "80s", "quoted"]),
        ("partner-force re–train", ["partner", "force", "re", "train"]),
        ("see https://t.co/AbC12 or t.co/x, pic.x.com/y", ["see", "or"]),
        ("https://www.office.example/key-leader?utm_source=a#Top", ["office", "example", "key", "leader"]),
        ("HTTPS://Office.example/%D9%82/a", ["office", "example", "a"]),
        ("https://BIT.LY/3xYz", []),
        ("key/leader", ["key", "leader"]),
    ],
)
def test_words_are_cut_as_people_search_for_them(text, found):
    assert search_words(text) == found


@given(texts)
def test_searching_words_again_finds_the_same_words(text):
    found = search_words(text)
    assert search_words(" ".join(found)) == found


@given(texts | st.lists(st.sampled_from(AWKWARD), max_size=8).map("".join))
def test_every_word_of_the_index_has_its_place(text):
    found = Spots.of(text)
    assert found.words == index_words(text)
    for word, (start, end) in zip(found.words, found.places((n, n) for n in range(len(found.words))), strict=True):
        assert word == BORDER or (0 <= start < end <= len(text) and word in "".join(words(text[start:end])))


@given(texts)
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)
    assert words(squeeze(text)) == words(text)


@given(texts)
def test_no_word_holds_what_a_tokenizer_or_a_query_would_cut_at(text):
    for word in index_words(text):
        assert word.isalnum() or word == BORDER, word
        assert word == word.lower()


@given(texts)
def test_storable_text_encodes_and_loses_nothing_else(text):
    kept = storable(text)
    assert b"\x00" not in kept.encode()
    assert kept == "".join(c for c in text if c != "\x00" and not "\ud800" <= c <= "\udfff")
    assert words(kept.replace("\x00", "")) == words(text.replace("\x00", ""))


def test_storable_drops_nul_and_surrogates():
    assert storable("a\x00b\ud800c") == "abc"
