"""The dictionary of the index's words: always those that stand there, so that prefixes find what they begin."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.readings import BORDER, index_words
from db import dictionary, posts, search
from db.erasing import purge
from db.erasing.erase import Why, erase
from db.language import Phrase, Prefix
from tests.db.conftest import Score, post

WHY = Why("request", "asked", "operator")
MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def known(room):
    with room.database.read() as session:
        return list(session.execute(text("SELECT word FROM word ORDER BY word")).scalars())


def said(*texts):
    return sorted({word for one in texts for word in index_words(one)} - {BORDER})


def forget(room, number):
    with room.database.write() as session:
        erase(session, posts.key_of(session, post(number).id), WHY, room.tick())


@only_sqlite
def test_the_words_of_new_posts_are_known_and_nothing_else(room):
    room.archive(post(1, "Reform of the #KeyLeader"), post(2, "پێشمەرگە, Da'esh"), post(3, "", lang=None))
    assert known(room) == said("Reform of the #KeyLeader", "پێشمەرگە, Da'esh")


@only_sqlite
def test_words_that_an_edit_took_away_leave_and_those_that_others_say_stay(room):
    room.archive(post(1, "reform unification payroll"), post(2, "payroll"))
    room.archive(post(1, "reform goes on"), source="two")
    assert known(room) == said("reform goes on", "payroll")
    room.assert_sound()


@only_sqlite
def test_names_of_erased_posts_leave(room):
    room.archive(post(1, "General Example met us"), post(2, "They met"))
    room.archive(post(1, "General Sample met us"), source="two")
    forget(room, 1)
    assert known(room) == ["met", "they"]
    assert purge.purge(room.database, room.tick) is True
    room.assert_sound()


@only_sqlite
def test_tags_change_an_entry_and_no_word(room):
    room.topics()
    room.archive(post(1, "reform"), post(2, "training"))
    before = known(room)
    room.tag(Score("reform"), Score("training", 0.4, decision="unsure"))
    assert known(room) == before == ["reform", "training"]


@only_sqlite
def test_a_rebuilt_index_has_the_same_words(room):
    room.archive(*(post(n, f"number{n} reform") for n in range(20)))
    before = known(room)
    with room.database.write() as session:
        session.execute(text("INSERT INTO word VALUES ('stale')"))
        search.rebuild(session)
    assert known(room) == before


@only_sqlite
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM word WHERE word = 'reform'", "the dictionary does not know 'reform'"),
        ("INSERT INTO word VALUES ('erased')", "the dictionary says 'erased', which no post says"),
        ("UPDATE word SET word = 'reforn' WHERE word = 'reform'", "the dictionary"),
    ],
)
def test_verify_finds_what_is_missing_and_what_is_stale(room, statement, says):
    room.archive(post(1, "reform and training"), post(2, "a reform"))
    room.assert_sound()
    with room.database.write() as session:
        session.execute(text(statement))
    assert says in room.verify()["first_problem"]


@pytest.mark.parametrize("most", [0, 2, 1000])
def test_a_prefix_finds_the_same_however_many_words_begin_so(room, most, monkeypatch):
    """Asked for each word, or by the index's own scan above the cap."""
    monkeypatch.setattr(dictionary, "LEAST", most)
    room.archive(
        post(1, "reform"), post(2, "reforming of the forces"), post(3, "reforms"), post(4, "the ref"),
        post(5, "re"), post(6, "پێشمەرگە"), post(7, "پێشمەرگەی"), post(8, "key leader"), post(9, "key lead"),
        post(10, "leader key"),
    )  # fmt: skip

    def numbers(q):
        return sorted(int(i.rpartition("/")[2]) for i in room.ids(q))

    assert numbers("reform*") == [1, 2, 3]
    assert numbers("re*") == [1, 2, 3, 4, 5]
    assert numbers("reform* -reforms") == [1, 2]
    assert numbers("-reform*") == [4, 5, 6, 7, 8, 9, 10]
    assert numbers("پێشمەر*") == [6, 7]
    assert numbers('"key lead*"') == [8, 9] == numbers("key-lead*") == numbers('"key lead"*')
    assert numbers("nothing*") == [] == numbers('"leader nothing*"')
    assert numbers("reform* OR key*") == [1, 2, 3, 8, 9, 10]


@only_sqlite
def test_a_prefix_becomes_the_words_that_begin_so_unless_those_are_many(room, monkeypatch):
    room.archive(post(1, "reform reforms training"))
    with room.database.read() as session:
        assert search._spread(session, Prefix(("the", "ref"))) == search.Or(
            (Phrase(("the", "reform")), Phrase(("the", "reforms")))
        )
        assert search._spread(session, Prefix(("train",))) == Phrase(("training",))
        monkeypatch.setattr(dictionary, "LEAST", 1)
        assert search._spread(session, Prefix(("ref",))) == Prefix(("ref",))


@only_sqlite
def test_a_large_archive_asks_for_more_words(room):
    room.archive(*(post(n, f"word{n:03}") for n in range(150)))
    with room.database.write() as session:
        assert dictionary.begun(session, "word") is None
        session.execute(text("UPDATE version SET id = id + 100000"))
        assert len(dictionary.begun(session, "word") or ()) == 150


WORDS = st.sampled_from(
    ["reform", "reforms", "#KeyLeader", "Da'esh", "training", "پێشمەرگە", "می‌شود", "U.S.", "72,000"]
)
STEPS = st.tuples(st.sampled_from(["write", "erase"]), st.integers(1, 4), st.lists(WORDS, max_size=4).map(" ".join))


@only_sqlite
@MANY
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_whatever_happens_the_dictionary_has_the_words_of_the_index(room, steps):
    room.tick()
    generation = f"g{room.now.timestamp():.0f}"
    for step, number, said_now in steps:
        name = replace(post(number, said_now), platform_id=f"{generation}/{number}", url=None)
        if step == "write":
            room.archive(name, source=generation)
            continue
        with room.database.write() as session:
            found = session.execute(
                text("SELECT id FROM post WHERE platform_id = :id"), {"id": name.platform_id}
            ).scalar()
            if found is not None:
                erase(session, found, WHY, room.tick())
    with room.database.read() as session:
        current = session.execute(
            text("SELECT text FROM version JOIN post ON post.id = post_id AND number = current "
                 "WHERE version.erasure_id IS NULL")
        ).scalars()  # fmt: skip
        assert known(room) == said(*current)
