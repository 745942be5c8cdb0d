"""Messages of alerts when their posts are forgotten, move to another row, or are old; and the claims on them."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import BadRequest
from core.post import Media, View
from db import alert_retention, deliveries, enclosed, posts, sources, work
from db.erasing import messages, purge
from db.erasing.erase import Why, erase
from db.models import Attempt, Delivery, Enclosed, Told
from db.upsert import table
from tests.db.conftest import OFFICE, Room, Score, post, snowflake
from tests.db.letters import Letters

ASKED = Why("request", "the author of wordsecretreason asked", "operator")
SECRETS = ("zwordone", "zwordtwo", "zaltword", "zlinkword", "zpathword")


@pytest.fixture
def letters(room: Room) -> Letters:
    return Letters(room)


secret = post(1, "zwordone reform", url="https://m.example/zpathword", links=("https://a.example/zlinkword",),
              media=(Media("image", "https://i.example/zlinkword", "zaltword"),))  # fmt: skip
other = post(2, "Another reform")


def forget(room: Room, public_id: str, why: Why = ASKED) -> None:
    with room.database.write() as session:
        assert erase(session, posts.key_of(session, public_id), why, room.tick())


def in_rows(room: Room) -> str:
    """All that stands in the tables of messages."""
    return repr([tuple(row) for model in (Delivery, Told, Attempt) for row in room.rows(model)])


def test_what_is_forgotten_stands_in_no_message_whatever_became_of_it(letters: Letters) -> None:
    room = letters.room
    room.archive(secret, other)
    second, third = letters.subscriber_too("two"), letters.subscriber_too("three")
    sent = letters.tell(secret.id, other.id)
    letters.ended(sent, answer="I read: zwordone reform")
    room.archive(replace(secret, text="zwordtwo reform"))
    letters.match(secret.id, edition=2)
    edited = letters.take_up()
    waiting = letters.tell(secret.id, other.id, subscriber=second)
    parked = letters.tell(secret.id, subscriber=third)
    letters.ended(parked, parked=True, answer="zwordtwo is too long")
    tested, ruled = letters.enclose(secret.id), letters.enclose(other.id, secret.id, kind="rule")
    assert [word for word in SECRETS if word not in in_rows(room)] == []
    forget(room, secret.id)
    said = in_rows(room)
    assert [word for word in SECRETS if word in said] == [] and "secretreason" not in said
    for number in (sent, edited, waiting, parked, tested, ruled):
        (gone,) = [p for p in letters.posts(number) if p["id"] == secret.id]
        assert messages.is_buried(gone) and gone["erasure"]["cause"] == "request"
        assert gone["page"] == f"https://kle.example/posts/{secret.id}" and gone["created_at"]
        assert gone["url"] is None and gone["media"] == [] and gone["links"] == []
        assert gone["reasons"][0]["topic"] == "reform" and gone["reasons"][0]["text"] == "the post was erased"
    (stays,) = [p for p in letters.posts(sent) if p["id"] == other.id]
    assert stays["text"] == "Another reform" and stays["reasons"][0]["evidence"]["text"] == "Another reform"
    room.assert_sound()


def test_what_waits_is_not_told_when_it_is_forgotten(letters: Letters) -> None:
    letters.room.archive(secret, other)
    letters.match(secret.id)
    letters.match(other.id)
    forget(letters.room, secret.id)
    assert letters.waiting() == 1
    assert [p["id"] for p in letters.posts(letters.take_up())] == [other.id]


def test_a_message_of_which_nothing_is_left_is_not_sent_unless_somebody_may_have_it(letters: Letters) -> None:
    room = letters.room
    room.archive(secret, other)
    alone, both = letters.tell(secret.id), letters.tell(secret.id, other.id, subscriber=letters.subscriber_too("b"))
    tried = letters.tell(secret.id, subscriber=letters.subscriber_too("c"))
    ruled = letters.enclose(secret.id, kind="rule")
    with room.database.write() as session:
        rows = table(Delivery)
        assert work.claim(session, Delivery, rows.c.id == tried, [rows.c.id], "host:1:a", room.tick())
    forget(room, secret.id)
    gone = letters.get(alone)
    assert gone.outcome == "dropped" and gone.answer == messages.UNSENT
    assert [letters.get(number).ended_at for number in (both, tried, ruled)] == [None] * 3
    forget(room, other.id)
    assert letters.get(both).answer == messages.UNSENT
    room.assert_sound()


def test_what_was_told_and_comes_back_is_not_told_again(letters: Letters) -> None:
    room = letters.room
    room.archive(secret)
    letters.tell(secret.id)
    forget(room, secret.id, Why("deleted", "deleted there", "terms"))
    room.archive(replace(secret, text="zwordtwo reform again"))
    assert letters.match(secret.id) == 0 and letters.waiting() == 0
    (row,) = room.rows(Told)
    assert row.why == [{**row.why[0], "reasons": []}], "what it told stays, why does not"


def test_no_trace_is_left_in_the_file(sqlite: Room) -> None:
    letters = Letters(sqlite)
    sqlite.archive(*(post(n, f"zwordone{n} reform") for n in range(10, 60)))
    names = [post(n).id for n in range(10, 60)]
    letters.ended(letters.tell(*names[:30]), answer=" ".join(f"zwordone{n}" for n in range(10, 40)))
    letters.tell(*names[30:])
    letters.enclose(*names)
    for name in names[:25] + names[35:45]:
        forget(sqlite, name)
    assert purge.purge(sqlite.database, sqlite.tick) is True
    file = sqlite.database.file
    assert file
    data = b"".join(p.read_bytes() for p in (file, Path(f"{file}-wal")) if p.exists())
    kept = {n for n in range(10, 60) if f"zwordone{n} reform".encode() in data}
    assert kept == {*range(35, 45), *range(55, 60)}
    with sqlite3.connect(file) as archived:
        assert archived.execute("SELECT count(*) FROM delivery").fetchone() == (3,)


def test_a_message_that_names_a_post_by_a_former_id_is_found(letters: Letters) -> None:
    room = letters.room
    moment = post(1).created_at
    assert moment
    quoted = post(1, "zwordone reform of the peshmerga forces, and of what pays them", platform="x",
                  platform_id="~0123456789abcdef", account=OFFICE, view=View.QUOTE, url=None,
                  embedded_in="https://news.example/q", precision="day")  # fmt: skip
    room.archive(quoted)
    number = letters.tell(quoted.id)
    tested = letters.enclose(quoted.id)
    whole = replace(quoted, platform_id=snowflake(moment), view=View.FULL, embedded_in=None, precision="second")
    room.archive(whole)
    assert letters.match(whole.id) == 0, "told already, by another id"
    (row,) = room.rows(Told)
    with room.database.read() as session:
        assert row.post_id == letters.key(session, whole.id)
    assert [e.post_id for e in room.rows(Enclosed)] == [row.post_id]
    assert letters.posts(number)[0]["id"] == quoted.id
    room.assert_sound()
    forget(room, whole.id)
    assert "zwordone" not in in_rows(room) and messages.is_buried(letters.posts(tested)[0])
    room.assert_sound()


def test_what_waits_moves_with_its_post_and_is_told_under_the_better_id(letters: Letters) -> None:
    room = letters.room
    seen = post(3, "reform seen on a day", precision="day", platform="feed", platform_id="a", account=None,
                url="https://news.example/a", view=View.ENTRY)  # fmt: skip
    room.archive(seen)
    letters.match(seen.id)
    exact = replace(seen, platform="article", platform_id="0123456789abcdef", precision="second", view=View.FULL)
    room.archive(exact)
    assert room.get(seen.id)["id"] == exact.id
    assert [p["id"] for p in letters.posts(letters.take_up())] == [exact.id]
    room.assert_sound()


def test_only_posts_that_stand_are_put_into_messages(letters: Letters) -> None:
    room = letters.room
    room.archive(secret, other)
    forget(room, secret.id)
    with room.database.write() as session:
        keys = {name: letters.key(session, name) for name in (secret.id, other.id)}
        assert enclosed.hold(session, [*keys.values(), 7]) == {keys[other.id]}


# -- for how long -------------------------------------------------------------------------------------------


def test_messages_are_whole_for_ninety_days_then_they_name_their_posts(letters: Letters) -> None:
    room = letters.room
    room.topics()
    room.archive(secret, other)
    room.tag(Score("reform"))
    sent, given_up = letters.tell(secret.id), letters.tell(other.id)
    waiting = letters.enclose(other.id)
    letters.ended(sent)
    letters.ended(given_up, parked=True)
    room.now += alert_retention.KEPT - timedelta(seconds=10)
    with room.database.write() as session:
        assert not alert_retention.is_due(session, room.now) and not alert_retention.cut_some(session, room.now, 5)
    room.now += timedelta(seconds=20)
    with room.database.write() as session:
        assert alert_retention.is_due(session, room.now)
        assert alert_retention.cut_some(session, room.now, 5) == 1
        assert alert_retention.cut_some(session, room.now, 5) == 0
    assert letters.posts(sent) == [{"id": secret.id, "page": f"https://kle.example/posts/{secret.id}"}]
    assert letters.get(sent).cut_at == room.now and letters.get(sent).body["data"]["alert"]["name"] == "Reform"
    assert [letters.posts(number)[0]["text"] for number in (given_up, waiting)] == ["Another reform"] * 2
    assert letters.match(secret.id) == 0, "told is told"
    room.assert_sound()
    with room.database.write() as session, pytest.raises(BadRequest, match="only the ids were kept"):
        deliveries.replay(session, letters.alert, sent, room.tick())
    forget(room, secret.id)
    assert letters.posts(sent)[0]["erasure"]["cause"] == "request"
    room.assert_sound()


# -- claims -------------------------------------------------------------------------------------------------


def test_messages_that_a_dead_process_held_are_free_at_the_next_start(letters: Letters) -> None:
    room = letters.room
    room.archive(secret)
    number = letters.tell(secret.id)
    rows = table(Delivery)
    waiting = rows.c.ended_at.is_(None)
    with room.database.write() as session:
        assert work.claim(session, Delivery, waiting, [rows.c.id], "here:1:a", room.tick()) == [number]
    with room.database.write() as session:
        assert work.claim(session, Delivery, waiting, [rows.c.id], "here:2:b", room.tick()) == []
        assert sources.release_dead_claims(session, "here", lambda pid: pid == 2, room.tick()) == 1
        assert work.claim(session, Delivery, waiting, [rows.c.id], "here:2:b", room.tick()) == [number]
        assert session.execute(text("SELECT attempts FROM delivery")).scalar_one() == 2
