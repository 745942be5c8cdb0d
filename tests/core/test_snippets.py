"""Snippets: hits stand where the words stand in the text as it is, whatever was folded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.readings import Spots, index_words
from core.snippets import LONGEST, READ, Snippet, Wanted, places, snippet
from core.text import search_words
from tests.strategies import WORDS


def asked(*queries: str) -> list[Wanted]:
    """ "two words" are a phrase, "begun*" is a prefix."""
    return [Wanted(tuple(search_words(q)), q.endswith("*")) for q in queries]


def shown(text: str, *queries: str) -> list[str]:
    found = snippet(text, asked(*queries))
    return [found.text[start:end] for start, end in found.hits]


@pytest.mark.parametrize(
    ("text", "queries", "hits"),
    [
        ("The Reform of reforms", ["reform"], ["Reform"]),
        ("The Reform of reforms", ["reform*"], ["Reform", "reforms"]),
        ("key leader, leader key", ["key leader"], ["key leader"]),
        ("Key  #Leader", ["key leader"], ["Key  #Leader"]),
        ("the key leaders", ["key lead*"], ["key leaders"]),
        ("key leader", ["leader", "key leader"], ["key leader"]),  # one inside the other is one
        ("A #KeyLeaderEngagement!", ["leader"], ["Leader"]),
        ("A #KeyLeaderEngagement!", ["key leader engagement"], ["KeyLeaderEngagement"]),
        ("A #KeyLeaderEngagement!", ["keyleaderengagement"], ["KeyLeaderEngagement"]),
        ("A #Key_Leader!", ["leader", "keyleader"], ["Key_Leader"]),
        ("#قوات_البيشمركة", ["قوات"], ["قوات"]),
        ("الشُّرْطَةُ العِرَاقِيَّةُ.", ["العراقية"], ["العِرَاقِيَّةُ"]),
        ("قال ﷲ أكبر", ["الله"], ["ﷲ"]),
        ("پيشمه‌رگه‌ هات", ["پێشمەرگە"], ["پيشمه‌رگه"]),
        ("کتاب‌ها", ["کتاب"], ["کتاب"]),
        ("\u202bکردستان\u202c!", ["كردستان"], ["کردستان"]),
        ("🇮🇶🤝 ÇEKDAR 🤝 cafe\u0301s", ["cekdar", "cafe*"], ["ÇEKDAR", "cafe\u0301s"]),
        ("Straße, ﬁre", ["strasse", "fire"], ["Straße", "ﬁre"]),
        ("in the U.S. and ٧٢٬٠٠٠ men", ["us", "72000"], ["U.S", "٧٢٬٠٠٠"]),
        ("Sinjar's O’Brien", ["sinjar", "brien"], ["Sinjar's", "Brien"]),
        ("li Hewlêr’ê dît", ["li hewler"], ["li Hewlêr"]),
        ("Erbil’de “IKBY” Peşmerge’nin", ["erbil ikby", "ikby pesmerge"], ["Erbil’de “IKBY” Peşmerge"]),
        ("A #KeyLeaderEngagement in Erbil", ["engagement in erbil"], ["Engagement in Erbil"]),
        ("این برنامه‌های جدید", ["برنامه"], ["برنامه"]),
        ("این برنامه‌های جدید", ["برنامه های جدید"], ["برنامه‌های جدید"]),
        ("with @Office_B and 72\u202f000 men", ["officeb", "72000 men"], ["Office_B", "72\u202f000 men"]),
        ("ref https://t.co/reform", ["reform"], []),
        ("nothing of it", ["reform"], []),
        ("", ["reform"], []),
    ],
)
def test_hits_are_the_words_as_they_stand_there(text, queries, hits):
    assert shown(text, *queries) == hits


def test_short_texts_are_shown_whole_and_long_ones_where_most_is_told():
    text = (
        "filler words " * 40 + "one reform here. " + "filler words " * 40 + "reform of the payroll. " + "rest " * 80
    )
    found = snippet(text, asked("reform", "payroll"))
    assert "reform of the payroll" in found.text and len(found.text) <= LONGEST
    assert text[found.start : found.start + len(found.text)] == found.text
    assert text[found.start - 1].isspace() and text[found.start + len(found.text)].isspace()
    assert [found.text[a:b] for a, b in found.hits] == ["reform", "payroll"]
    assert snippet("short", asked("reform")) == Snippet("short", 0, [])


def test_without_a_hit_the_beginning_is_shown_cut_between_words():
    text = "every word is whole " * 30
    for wanted in (asked("reform"), []):
        found = snippet(text, wanted)
        assert found.start == 0 and found.hits == [] and found.text == text[: len(found.text)]
        assert LONGEST - 30 <= len(found.text) <= LONGEST and text[len(found.text)] == " "


def test_what_is_far_behind_in_a_long_article_is_not_looked_for():
    text = "a " * (READ // 2) + "reform"
    assert snippet(text, asked("reform")).hits == []
    assert snippet("reform " + text, asked("reform")).hits == [(0, 6)]


pieces = st.sampled_from(
    [*WORDS, "#KeyLeader", "Da’esh", "می‌شود", "ﷲ", "الشُّرْطَة", "🤝", "ß", "U.S.", "x" * 90, "\n"]
)
texts = st.lists(pieces, max_size=60).map(" ".join)
phrases = st.lists(pieces, min_size=1, max_size=2).map(lambda found: tuple(search_words(" ".join(found))))
wanted = st.lists(st.builds(Wanted, phrases.filter(bool), st.booleans()), max_size=3)


@given(text=texts, asked_for=wanted, limit=st.integers(1, 300))
def test_a_snippet_is_a_part_of_the_text_with_its_hits_in_it(text, asked_for, limit):
    found = snippet(text, asked_for, limit)
    assert text[found.start : found.start + len(found.text)] == found.text and len(found.text) <= limit
    last = 0
    for start, end in found.hits:
        assert last <= start < end <= len(found.text)
        last = end
    if len(text) <= limit:
        assert found.text == text


@given(text=texts, asked_for=wanted)
def test_there_are_hits_just_where_the_index_has_them(text, asked_for):
    said, spots = index_words(text), Spots.of(text)
    for number, (found, begun) in enumerate(asked_for):
        runs = [(n, said[n : n + len(found)]) for n in range(len(said) - len(found) + 1)]
        matches = [
            (n, n + len(found) - 1)
            for n, r in runs
            if r[:-1] == list(found[:-1]) and (r[-1].startswith(found[-1]) if begun else r[-1] == found[-1])
        ]
        hits = [(hit.start, hit.end) for hit in places(text, asked_for) if hit.number == number]
        assert hits == sorted(set(spots.places(matches)))
