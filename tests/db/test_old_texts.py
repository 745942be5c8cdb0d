"""The index of superseded texts: what is in it, what leaves it, and that it is checked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import posts, search
from db.erasing.erase import Why, erase
from db.language import Phrase
from db.models import Post, Version
from db.proof import fulltext
from db.query import PostQuery
from db.upsert import table
from tests.db.conftest import post

version = table(Version)


@pytest.fixture
def edited(room):
    """Three texts of one post, of which the last stands in the first index; one post that never changed."""
    for words in ("alpha stays", "beta comes", "gamma is now"):
        room.archive(post(1, words))
    room.archive(post(2, "alpha alone"))
    return room


def found(room, *words):
    with room.database.read() as session:
        ids = session.execute(search.matching_old(session, Phrase(words))).scalars()
        rows = session.execute(
            select(version.c.number).where(version.c.id.in_(list(ids))).order_by(version.c.number)
        )
        return list(rows.scalars())


def problem(room):
    with room.database.read() as session:
        return fulltext.problem(session)


def test_it_has_the_texts_that_were_current_once_and_no_other(edited):
    assert [found(edited, word) for word in ("alpha", "beta", "gamma")] == [[1], [2], []]
    assert found(edited, "alpha", "stays") == [1] and found(edited, "stays", "alpha") == []
    assert problem(edited) is None


def test_two_versions_of_one_look_are_both_kept(room):
    room.archive(post(1, "alpha"))
    room.archive(post(1, "beta"), post(1, "gamma"))
    assert len(room.rows(Version)) == 3
    assert sorted(found(room, "alpha") + found(room, "beta") + found(room, "gamma")) == [1, 2]
    assert problem(room) is None


def test_judging_again_leaves_it_alone(edited):
    edited.topics()
    edited.tag()
    assert [found(edited, word) for word in ("alpha", "beta", "gamma")] == [[1], [2], []]


def test_it_is_built_again_from_the_rows(edited):
    with edited.database.write() as session:
        search.rebuild(session)
    assert [found(edited, word) for word in ("alpha", "beta", "gamma")] == [[1], [2], []]
    assert problem(edited) is None


def test_what_is_to_be_erased_leaves_it_word_for_word(edited):
    ids = {row.number: row.id for row in edited.rows(Version) if row.post_id == edited.rows(Version)[0].post_id}
    with edited.database.write() as session:
        search.forget_versions(session, [ids[1], ids[3]])  # the third is current: it never stood there
        search.forget_versions(session, [ids[1]])
    assert [found(edited, word) for word in ("alpha", "beta")] == [[], [2]]
    assert "superseded texts" in problem(edited) and "version 1 of mastodon:m.example/1" in problem(edited)


def test_an_erasure_takes_its_words_out(edited):
    post_id = edited.rows(Version)[0].post_id
    with edited.database.write() as session:
        erase(session, post_id, Why("request", "a test", "a tester"), edited.tick())
    assert [found(edited, word) for word in ("alpha", "beta", "gamma")] == [[], [], []]
    assert problem(edited) is None
    edited.assert_sound()


def test_what_was_erased_since_is_no_answer_of_then_unless_asked_for(edited):
    row = edited.rows(Version)[0]
    with edited.database.write() as session:
        erase(session, row.post_id, Why("request", "a test", "a tester"), edited.tick())
    with edited.database.read() as session:
        for q, total in (("", 0), ("alpha", 0), ("-alpha", 0), ("is:erased", 1)):
            page = posts.page(session, PostQuery.build(q, as_of=row.seen_at.isoformat()))
            assert page.total == total, q
        (item,) = page.items
    assert (item["text"], item["erasure"]["cause"], item["versions"]) == (None, "request", 1)


def test_a_search_as_of_then_finds_the_words_of_then(edited):
    query = PostQuery.build("alpha", as_of=edited.rows(Version)[0].seen_at.isoformat())
    with edited.database.read() as session:
        assert [p["text"] for p in posts.page(session, query).items] == ["alpha stays"]
        assert [p["text"] for p in posts.page(session, PostQuery.build("alpha")).items] == ["alpha alone"]


def test_words_beside_each_other_are_one_match(edited):
    moment = (edited.now - timedelta(seconds=3)).isoformat()
    with edited.database.read() as session:
        for q, texts in (("alpha OR beta", 1), ("stays -beta", 1), ("stays (alpha OR nothing)", 1), ("-alpha", 0)):
            assert posts.page(session, PostQuery.build(q, as_of=moment)).total == texts, q


def test_late_versions_are_no_state_of_this_archive(edited):
    """Another archive saw a state before ours: it is kept, and never was what this one knew."""
    (first,) = [row for row in edited.rows(Version) if row.number == 1 and row.text == "alpha stays"]
    moment = edited.now.isoformat()
    with edited.database.write() as session:
        row = dict(session.execute(select(version).where(version.c.id == first.id)).mappings().one())
        session.execute(version.insert(), {**row, "id": 99, "number": 4, "change": "late", "text": "delta"})
        session.execute(table(Post).update().where(table(Post).c.id == first.post_id).values(versions=4))
        search.rebuild(session)
    assert found(edited, "delta") == [] and problem(edited) is None
    with edited.database.read() as session:
        assert posts.page(session, PostQuery.build("delta", as_of=moment)).total == 0
        assert posts.page(session, PostQuery.build("gamma", as_of=moment)).total == 1
