from collections import Counter

from classifier.lines import Labelled
from classifier.split import PARTS, data_digest, part, without_near_duplicates


def post(text: str, group: str = "", language: str = "en") -> Labelled:
    return Labelled(text, frozenset(), language, group)


def many(n: int) -> list[Labelled]:
    return [post(f"post number {n} about {n * 7} things") for n in range(n)]


def test_15_in_100_test_15_validate_and_the_others_train():
    counts = Counter(part(one, 7) for one in many(4000))
    assert set(counts) == set(PARTS)
    assert 0.13 < counts["test"] / 4000 < 0.17
    assert 0.13 < counts["validation"] / 4000 < 0.17


def test_paraphrases_of_one_group_stay_together():
    for n in range(50):
        group = f"g{n}"
        assert (
            len({part(post(f"text {i}", group, language), 7) for i, language in enumerate(("en", "ar", "kmr"))})
            == 1
        )


def test_case_signs_and_spelling_variants_do_not_move_a_post():
    assert part(post("KLE in Erbil!"), 7) == part(post("kle  in erbil"), 7)


def test_another_seed_splits_otherwise():
    posts = many(200)
    assert [part(one, 7) for one in posts] != [part(one, 8) for one in posts]


def test_of_near_duplicates_one_stays():
    first = post("A Coalition advisor met the general in Erbil on Monday to discuss logistics")
    again = post("A Coalition advisor met the general in Erbil on Tuesday to discuss logistics!")
    other = post("The general opened a school for mine clearance in Bnaslawa with Italian help")
    assert len(without_near_duplicates([first, again, other])) == 2
    assert other in without_near_duplicates([first, again, other])


def test_short_posts_are_alike_only_if_their_words_are_the_same():
    kept = without_near_duplicates([post("KLE today"), post("kle, today"), post("KLE tomorrow"), post("KLE")])
    assert sorted(one.text for one in kept) == ["KLE", "KLE today", "KLE tomorrow"]


def test_the_order_of_files_changes_neither_posts_nor_digest():
    posts = many(30)
    assert without_near_duplicates(posts) == without_near_duplicates(posts[::-1])
    assert data_digest(posts) == data_digest(posts[::-1])


def test_the_digest_follows_labels_and_groups():
    one = post("a")
    assert len({data_digest([one]), data_digest([post("a", "g")]), data_digest([post("b")])}) == 3
