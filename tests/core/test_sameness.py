"""Which texts say the same: what the rules promise, one by one."""

import pytest
from hypothesis import given

from core.readings import index_words
from core.sameness import Said, likeness, runs
from tests.strategies import texts

SAID = "On Monday Gen. Varn met 14 officers of the guard in Erbil to plan joint patrols and share what they learned"


def same(one, other):
    return likeness(Said(one), Said(other)) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14 officers", "15 officers"),
        ("Monday", "Thursday"),
        ("Erbil", "Duhok"),
        ("Varn", "Oskel"),
        ("Gen. Varn", "Col. Varn"),
    ],
)
def test_a_number_date_place_name_or_rank_replaced_is_another_announcement(one, other):
    assert not same(SAID, SAID.replace(one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gen. Varn", "General Varn"),
        ("Gen. Varn", "@varn_office"),
        ("officers", "offiecrs"),
        ("14 officers", "14th officers"),
        ("to plan", "in order to plan"),
        ("joint patrols", "#JointPatrols"),
        ("Erbil", "#Erbil 🇮🇶 https://t.example/Duhok"),
    ],
)
def test_the_same_spelled_otherwise_is_the_same(one, other):
    assert same(SAID, SAID.replace(one, other))


def test_numbers_are_the_same_with_and_without_a_separator_and_in_any_digits():
    said = "The ministry of the region received 3,500 sets of equipment for the joint brigades this week"
    assert same(said, said.replace("3,500", "3500")) and same(said, said.replace("3,500", "٣٥٠٠"))
    assert not same(said, said.replace("3,500", "3,600"))


def test_how_much_is_shared_and_which_is_longer():
    short = " ".join(SAID.split()[:11])
    cut = likeness(Said(SAID), Said(short + " gua…"))
    assert cut is not None and (cut.overlap, cut.kind) == (1, "excerpt")
    fuller = likeness(Said(short), Said(SAID))
    assert fuller is not None and fuller.kind == "fuller"


def test_a_few_words_within_many_say_nothing():
    assert not same("share what they learned", SAID)
    assert not same("", "") and not same("🎉", "🎉")


@given(said=texts)
def test_every_text_with_words_is_a_copy_of_itself(said):
    alike = likeness(Said(said), Said(said))
    assert (alike is not None and alike == (1, "copy")) is bool(Said(said).words)


@given(one=texts, other=texts)
def test_it_does_not_matter_which_is_asked_first(one, other):
    there, back = likeness(Said(one), Said(other)), likeness(Said(other), Said(one))
    assert (there is None) is (back is None)
    assert there is None or back is None or there.overlap == back.overlap


@given(said=texts)
def test_runs_are_words_as_the_index_has_them(said):
    indexed = f" {' '.join(index_words(said))} "
    assert all(f" {' '.join(run)} " in indexed for run in runs(f"{said} https://a.example/b {said}"))


def test_runs_leave_out_links():
    assert runs("See https://a.example/b?c=d now www.e.example/f") == [["see"], ["now"]]
