"""Near neighbours in meaning: all of them, exact, among those that a query selects."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from core.errors import BadRequest, Busy, NotFound, NotReady
from db import near as matrix
from db import posts, similar
from db.near import Meaning
from db.query import PostQuery
from tests.conftest import NOW
from tests.db.conftest import Score, post
from tests.db.meanings import Reader, meant, near, read, tagged

FIRST = "mastodon:m.example/1"
WORDS = ("leaders", "advisors", "payroll", "brigade", "course", "soldiers", "border", "water", "camp", "school")


def names(found):
    return [int(public_id.rpartition("/")[2]) for public_id, _ in found]


def chance(seed, count):
    """Posts of some words each, so that some are alike."""
    pick = np.random.default_rng(seed)
    return [post(n, " ".join(pick.choice(WORDS, pick.integers(1, 5)))) for n in range(1, count + 1)]


def test_the_nearest_come_first_and_the_post_itself_is_not_among_them(room):
    room.topics()
    tagged(room, post(1, "leaders met advisors"), post(2, "water for the camp"), post(3, "leaders met"),
           post(4, "leaders met advisors"))  # fmt: skip
    found = near(room, FIRST)
    assert names(found) == [4, 3, 2]
    assert found[0][1] == pytest.approx(1, abs=1e-3) and found[1][1] > 0.7 > found[2][1]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_is_that_of_a_plain_comparison_of_all(room, seed):
    room.topics()
    seen = chance(seed, 60)
    tagged(room, *seen)
    asked = meant(seen[0].text)
    plain = {n: float(meant(p.text) @ asked) for n, p in enumerate(seen, 1) if n > 1}
    found = near(room, FIRST)
    assert sorted(names(found)) == sorted(plain)
    assert [cosine for _, cosine in found] == sorted((c for _, c in found), reverse=True)
    assert {n: cosine for n, (_, cosine) in zip(names(found), found, strict=True)} == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize("few", [similar.FEW, 1])
@pytest.mark.parametrize(
    "query", [{"lang": "ar"}, {"q": "leaders"}, {"since": "2026-08-02T12:20"}, {"q": "-water"}]
)
def test_what_a_query_selects_is_what_is_compared(room, monkeypatch, query, few):
    """However many match: their own vectors alone, or those of all and then theirs."""
    monkeypatch.setattr(similar, "FEW", few)
    monkeypatch.setattr(matrix, "_FIRST", 3)
    room.topics()
    seen = [replace(p, lang="ar" if n % 3 else "en") for n, p in enumerate(chance(3, 40))]
    tagged(room, *seen)
    found = near(room, FIRST, **query)
    everything = near(room, FIRST)
    matches = set(room.ids(**query)) - {FIRST}
    assert matches and found == [pair for pair in everything if pair[0] in matches]


def test_a_selection_far_from_the_post_is_found_though_the_ranking_begins_elsewhere(room, monkeypatch):
    monkeypatch.setattr(similar, "FEW", 1)
    monkeypatch.setattr(matrix, "_FIRST", 2)
    room.topics()
    tagged(room, *(post(n, "leaders met") for n in range(1, 20)), post(20, "water", lang="ar"),
           post(21, "camp", lang="ar"))  # fmt: skip
    assert sorted(names(near(room, FIRST, lang="ar"))) == [20, 21]


def test_what_came_went_or_changed_since_the_last_search_is_seen(room):
    room.topics()
    meaning = Meaning()
    tagged(room, post(1, "leaders met"), post(2, "leaders met advisors"), post(3, "water"))
    assert names(near(room, FIRST, meaning)) == [2, 3]
    tagged(room, post(4, "leaders met"), post(3, "leaders met"))
    assert names(near(room, FIRST, meaning))[:2] == [4, 3]
    room.archive(post(4, "something else"))
    assert names(near(room, FIRST, meaning)) == [3, 2]  # waits for its tags: it means nothing yet
    room.tag(Score("reform"))
    read(room)
    assert names(near(room, FIRST, meaning))[-1] == 4
    assert near(room, FIRST, meaning) == near(room, FIRST)


def test_a_post_that_is_not_read_yet_says_so(room):
    room.topics()
    room.archive(post(1, "leaders met"))
    with pytest.raises(NotReady, match="try again in a minute"):
        near(room, FIRST)
    room.tag(Score("reform"))
    with pytest.raises(NotFound, match="KLE_MODEL"), room.database.read() as session:
        similar.similar(session, Meaning(), posts.key_of(session, FIRST), PostQuery(), reads=False)


def test_a_text_that_says_nothing_is_similar_to_none(room):
    room.topics()
    tagged(room, post(1, "!!!"), post(2, "leaders"), post(3, "leaders met"))
    assert near(room, FIRST) == []
    assert names(near(room, "mastodon:m.example/2")) == [3]


def test_of_before_nothing_is_similar(room):
    room.topics()
    tagged(room, post(1, "leaders"))
    with pytest.raises(BadRequest, match="as_of"):
        near(room, FIRST, as_of=(NOW - timedelta(days=1)).isoformat())


def test_vectors_of_another_encoder_are_not_compared(room):
    room.topics()
    tagged(room, post(1, "leaders met"), post(2, "leaders met"))
    meaning = Meaning()
    room.archive(post(3, "leaders met"))
    room.tag(Score("reform"))
    assert names(near(room, FIRST, meaning)) == [2]
    read(room, Reader("encoder-2"))
    assert names(near(room, FIRST, meaning)) == [3, 2]


def test_who_comes_while_the_vectors_are_read_in_does_not_wait_for_ever(room, monkeypatch):
    monkeypatch.setattr(matrix, "_PATIENCE", 0.01)
    room.topics()
    tagged(room, post(1, "leaders"), post(2, "leaders met"))
    meaning = Meaning()
    with meaning._lock, pytest.raises(Busy, match="try again"):
        near(room, FIRST, meaning)
    assert names(near(room, FIRST, meaning)) == [2]


def test_read_ahead_are_the_vectors_of_who_read_last(room):
    room.topics()
    meaning = Meaning()
    with room.database.read() as session:
        meaning.read_ahead(session)
    assert not meaning._held
    tagged(room, post(1, "leaders"), post(2, "leaders met"))
    with room.database.read() as session:
        meaning.read_ahead(session)
    (held,) = meaning._held.values()
    assert held.size == 2


def test_many_vectors_and_their_replacements_stay_in_step(room, monkeypatch):
    """Over several pieces of memory, with orders made anew, as in an archive of some size."""
    for name, value in (("_SHELF", 8), ("_BLOCK", 3), ("_TAIL", 5), ("_READ", 7)):
        monkeypatch.setattr(matrix, name, value)
    room.topics()
    meaning = Meaning()
    for turn in range(4):
        tagged(room, *(post(n, f"{WORDS[(n + turn) % 10]} {WORDS[n % 7]}") for n in range(turn * 5, 30 + turn * 5)))
        assert near(room, f"mastodon:m.example/{20 + turn}", meaning) == near(
            room, f"mastodon:m.example/{20 + turn}"
        )
        for number in (16, 22):
            assert near(room, f"mastodon:m.example/{number}", meaning, q="water") == near(
                room, f"mastodon:m.example/{number}", q="water"
            )
