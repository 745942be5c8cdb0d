"""The order by relevance: the same posts, by words and meaning; right while posts arrive."""

from dataclasses import replace

import numpy as np
import pytest

from core import cursor
from core.errors import BadRequest, CursorError
from db import language, posts, relevance
from db.near import Meaning
from db.query import PostQuery, selection
from tests.db.conftest import Score, post
from tests.db.meanings import Reader, read, tagged
from tests.db.test_similar import WORDS, chance


def page(room, q, limit=50, after=None, reads=None, meaning=None, **query):
    with room.database.read() as session:
        asked = PostQuery.build(q, **query)
        return posts.page(
            session, asked, "relevance", limit, after, meaning=meaning or Meaning(), reads=reads or Reader()
        )


def numbers(found):
    return [int(post["id"].rpartition("/")[2]) for post in found.items]


def walk(room, q, limit, between=lambda turn: None, **more):
    """All pages; `between` them something may happen."""
    found, after, turn = [], None, 0
    while turn == 0 or after:
        got = page(room, q, limit, after, **more)
        found, after, turn = [*found, *numbers(got)], got.next_cursor, turn + 1
        between(turn)
    return found


def test_who_says_it_more_often_and_in_fewer_words_comes_first(room):
    room.topics()
    tagged(room, post(1, "payroll"), post(2, "payroll of a brigade at the border and water for a school"),
           post(3, "payroll payroll"), post(4, "water"))  # fmt: skip
    assert numbers(page(room, "payroll")) == [3, 1, 2]


def test_who_means_it_comes_before_who_only_says_it(room):
    room.topics()
    same = {"pay": "payroll", "salaries": "payroll"}
    tagged(room, post(1, "on pay: salaries"), post(2, "on water camp"), post(3, "on border school"), **same)
    assert numbers(page(room, "on", reads=Reader(same=same)))[-1] == 1
    found = page(room, "on OR payroll", reads=Reader(same=same))
    assert numbers(found)[0] == 1 and found.total == 3


def test_a_rare_word_weighs_more_than_a_common_one(room):
    room.topics()
    tagged(room, *(post(n, "water here") for n in range(1, 30)), post(30, "border here"))
    with room.database.read() as session:
        asked = PostQuery.build("water OR border")
        keys, _ = relevance.keys(session, asked, selection(session, asked), 50)  # words alone
        assert posts.forms.posts(session, keys[:1])[0]["text"] == "border here"


def test_without_a_reader_words_alone_order(room):
    room.topics()
    room.archive(post(1, "payroll and water"), post(2, "payroll"))
    with room.database.read() as session:
        found = posts.page(session, PostQuery.build("payroll"), "relevance")
    assert numbers(found) == [2, 1]


@pytest.mark.parametrize("q", ["", "topic:reform", "-payroll"])
def test_a_query_without_words_says_what_to_do(room, q):
    room.topics()
    with pytest.raises(BadRequest, match="needs words"):
        page(room, q)


def test_of_before_there_is_no_relevance(room):
    with pytest.raises(BadRequest, match="as_of"):
        page(room, "payroll", as_of="2026-08-01")


def test_a_cursor_of_another_list_is_refused(room):
    room.topics()
    tagged(room, *(post(n, "payroll") for n in range(1, 4)))
    with pytest.raises(CursorError):
        page(room, "payroll", after=page(room, "payroll OR water", 1).next_cursor)


@pytest.mark.parametrize("weight", [0, -1])
def test_a_cursor_that_somebody_made_up_is_refused(room, weight):
    room.topics()
    tagged(room, post(1, "payroll"))
    with pytest.raises(CursorError):
        page(room, "payroll", after=cursor.encode("relevance", 5, 5, 0, 0, 0, 0, 0, 0, weight))


@pytest.fixture(
    params=[(7, 3, 2), (relevance.WINDOW, 5, 4), (relevance.WINDOW, relevance.NEAREST, relevance.NEWEST)]
)
def bounds(request, monkeypatch):
    for name, value in zip(("WINDOW", "NEAREST", "NEWEST"), request.param, strict=True):
        monkeypatch.setattr(relevance, name, value)


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_membership_is_that_of_every_other_order(room, bounds, limit):
    room.topics()
    tagged(room, *chance(5, 40))
    found = walk(room, "leaders OR water", limit, meaning=Meaning())
    assert len(found) == len(set(found))
    assert {f"mastodon:m.example/{n}" for n in found} == set(room.ids("leaders OR water"))


def test_no_post_comes_twice_and_none_is_lost_while_others_arrive(room, bounds):
    """New ones, late ones of before, vectors of what had none: what was there at first is shown once."""
    room.topics()
    tagged(room, *(replace(p, text=p.text + " here") for p in chance(6, 40)))
    room.archive(post(50, "leaders water here"))
    stood, pick = set(room.ids("here")), np.random.default_rng(7)

    def arrive(turn):
        text = " ".join(pick.choice(WORDS, 3)) + " here"
        room.archive(post(100 + turn, text), post(-turn, text))
        if turn % 2:
            room.tag(Score("reform"))
            read(room)

    found = walk(room, "here leaders OR here water OR here", 4, arrive, meaning=Meaning())
    assert len(found) == len(set(found))
    assert stood <= {f"mastodon:m.example/{n}" for n in found}


@pytest.mark.parametrize(
    ("q", "said"),
    [
        ("payroll reform*", "payroll reform"),
        ('"Key Leader" -training topic:reform', "Key Leader"),
        ("(water OR الرواتب) -(camp school) from:@office", "water الرواتب"),
        ("-payroll", ""),
        ("", ""),
    ],
)
def test_read_are_the_words_as_they_were_written(q, said):
    assert language.spoken(q) == said
