"""Vectors stand with the text that they are of, and go when it goes."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text, update

from core.post import Account, View
from db import posts, vectors
from db.erasing import purge
from db.erasing.erase import Why, erase
from db.models import Embedding, Encoder
from db.near import Meaning
from db.upsert import table
from tests.conftest import NOW
from tests.db.conftest import Score, post, snowflake
from tests.db.meanings import Reader, kept, meant, near, read, tagged

FIRST = "mastodon:m.example/1"


def forget(room, public_id, cause="request"):
    with room.database.write() as session:
        assert erase(session, posts.key_of(session, public_id), Why(cause, "asked", "desk"), room.tick())


def test_a_version_is_read_once_by_an_encoder_and_anew_by_another(room):
    room.topics()
    room.archive(post(1, "leaders met"), post(2, "water"))
    assert read(room) == 0, "it waits for its tags"
    room.tag(Score("reform"))
    assert [read(room), read(room)] == [2, 0]
    before = kept(room)
    room.tag(Score("training"), model="other heads on the same encoder")
    assert read(room) == 0
    assert read(room, Reader("encoder-2")) == 2
    assert {row.encoder_id for row in kept(room).values()} == {row.id for row in room.rows(Encoder)} - {
        row.encoder_id for row in before.values()
    }
    room.assert_sound()


def test_a_byte_a_dimension_keeps_the_cosine(room):
    one, other = meant("leaders met advisors"), meant("leaders met soldiers")
    a, b = (np.frombuffer(vectors.packed(v), np.int8).astype(np.float32) for v in (one, other))
    assert len(vectors.packed(one)) == 384
    assert float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) == pytest.approx(float(one @ other), abs=0.005)


def test_a_new_version_takes_the_old_one_s_away_until_it_is_read(room):
    room.topics()
    tagged(room, post(1, "leaders met"))
    (old,) = kept(room)
    room.archive(post(1, "water for the camp"))
    assert kept(room) == {}
    room.tag(Score("reform"))
    assert read(room) == 1, "the old version is not current"
    (new,) = kept(room)
    assert new > old
    room.assert_sound()


def test_ids_are_never_used_again(room):
    """Who holds the vectors in memory goes by them."""
    room.topics()
    tagged(room, post(1, "leaders"))
    (first,) = kept(room).values()
    room.archive(post(1, "water"))
    room.tag(Score("reform"))
    read(room)
    (second,) = kept(room).values()
    assert second.id > first.id


@pytest.mark.parametrize("cause", ["request", "deleted"])
def test_an_erased_text_leaves_no_vector_in_rows_or_in_memory(room, cause):
    room.topics()
    meaning = Meaning()
    tagged(room, post(1, "leaders met"), post(2, "leaders met"), post(3, "water"))
    assert near(room, FIRST, meaning)[0][0] == "mastodon:m.example/2"
    forget(room, "mastodon:m.example/2", cause)
    assert [public_id for public_id, _ in near(room, FIRST, meaning)] == ["mastodon:m.example/3"]
    assert len(kept(room)) == 2
    (held,) = meaning._held.values()
    assert np.count_nonzero(held.shelves[0].any(axis=1)) == 2
    assert read(room) == 0, "there is nothing left to read"
    room.assert_sound()


def test_a_post_that_moves_to_a_better_key_takes_its_vector_along(room):
    room.topics()
    meaning = Meaning()
    moment = NOW - timedelta(days=3)
    account = Account("x", "@office", "The office")
    said = "The advisors met the leaders of the brigade and spoke about payroll"
    quoted = post(0, said, platform="x", platform_id="~0123456789abcdef", account=account, url=None,
                  created_at=moment.replace(hour=0, minute=0, second=0, microsecond=0), precision="day",
                  view=View.QUOTE, embedded_in="https://press.example/a")  # fmt: skip
    tagged(room, quoted, post(1, "advisors met leaders"), post(2, "water"))
    assert near(room, FIRST, meaning)[0][0] == quoted.id
    first_hand = post(0, said, platform="x", platform_id=snowflake(moment), account=account,
                      url=f"https://x.com/office/status/{snowflake(moment)}", created_at=moment)  # fmt: skip
    room.archive(first_hand)
    room.tag(Score("reform"))
    read(room)
    assert near(room, FIRST, meaning)[0][0] == first_hand.id
    room.assert_sound()


def missing(room, width=2, encoder="encoder-1"):
    """The texts that a pass meets, stretch by stretch."""
    found, below, first = [], None, True
    while first or below is not None:
        with room.database.read() as session:
            rows, below = vectors.missing(session, encoder, below, width)
        found, first = [*found, [said for _, said in rows]], False
    return found


def test_what_lacks_a_vector_is_met_newest_first_and_nothing_else(room):
    room.topics()
    tagged(room, post(1, "one"), post(2, "two"), post(3, "three"))
    assert missing(room) == [[], []]
    room.archive(post(4, "four"), post(5, "five"))
    room.tag(Score("reform"))
    room.archive(post(6, "waits"))
    assert missing(room) == [["five"], ["four"], [], []]
    other = [said for part in missing(room, encoder="encoder-2") for said in part]
    assert other == ["five", "four", "three", "two", "one"]


def test_no_trace_of_a_vector_is_left_in_the_bytes_of_the_archive(room):
    if room.database.dialect != "sqlite":
        pytest.skip("reads the bytes of SQLite's file")
    room.topics()
    tagged(room, *(post(n, f"leaders met {n}") for n in range(300)))
    vector = bytes(vectors.packed(meant("leaders met 7")))
    pieces = {vector[at : at + 24] for at in range(0, len(vector), 24)}

    def stands():
        file = room.database.file
        files = [file, file.with_name(f"{file.name}-wal")]
        data = b"".join(one.read_bytes() for one in files if one.exists())
        return any(piece in data for piece in pieces)

    assert stands()
    forget(room, "mastodon:m.example/7")
    assert stands(), "the log still holds it"
    assert purge.purge(room.database, room.tick)
    assert not stands()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE embedding SET version_id = 2 WHERE version_id = 1",
        "UPDATE version SET tag_priority = 0 WHERE number = 1",
        "UPDATE post SET current = 7",
    ],
)
def test_a_vector_that_is_of_no_current_text_is_told_by_verify(room, damage):
    room.topics()
    tagged(room, post(1, "leaders met"), post(2, "water"))
    room.assert_sound()
    with room.database.write() as session:
        session.execute(text(damage))
    assert not room.verify()["ok"]


def test_a_vector_of_another_length_is_told_by_verify(room):
    room.topics()
    tagged(room, post(1, "leaders met"), post(2, "water"))
    rows = table(Embedding)
    last = max(kept(room).values(), key=lambda row: row.id)
    short = {**last._mapping, "vector": bytes(last.vector)[:100]}
    with room.database.write() as session:
        values = {"vector": short["vector"], "checksum": vectors.checksum(short)}
        session.execute(update(rows).where(rows.c.id == last.id).values(values))
    assert room.verify()["first_problem"] == f"the vector of version/{last.version_id} is not as it was written"


def test_of_two_entries_of_one_look_each_has_its_own(room):
    room.topics()
    tagged(room, replace(post(1, "same words"), lang="en"), post(2, "same words"))
    assert len({bytes(row.vector) for row in kept(room).values()}) == 1 and len(kept(room)) == 2
