"""verify on messages: what was told, to whom, by which message, and what they hold."""

from typing import Any

import pytest
from sqlalchemy import text, update

from db.models import Delivery
from db.upsert import table
from tests.db.conftest import Room, post
from tests.db.letters import Letters
from tests.db.proof.conftest import erase


@pytest.fixture
def letters(room: Room) -> Letters:
    room.archive(post(1), post(2, "B"), post(3, "C"))
    made = Letters(room)
    made.subscriber_too("two")
    made.ended(made.tell(post(1).id, post(2).id))
    made.enclose(post(3).id)
    made.match(post(3).id)
    room.assert_sound()
    return made


SPOILED = {
    "told/1 is not what its message tells": "UPDATE told SET subscriber_id = 2 WHERE id = 1",
    "told/2 is not what its message tells": "UPDATE told SET late = NOT late WHERE id = 2",
    "told/3 is not what its message tells": "UPDATE told SET delivery_id = 2 WHERE id = 3",
    "told/1 is for somebody who never asked": "DELETE FROM subscription WHERE subscriber_id = 1",
    "told/2 tells of what nobody saw": "UPDATE told SET edition = 7 WHERE id = 2",
    "delivery/1 was sent, and no attempt says so": "DELETE FROM attempt",
    "delivery/1 does not hold the posts that it tells of": "DELETE FROM told WHERE id = 1",
    "delivery/2 does not hold the posts that it tells of": "DELETE FROM enclosed",
}


@pytest.mark.parametrize("said", SPOILED)
def test_what_does_not_fit_is_named(letters: Letters, said: str) -> None:
    with letters.room.database.write() as session:
        session.execute(text(SPOILED[said]))
    problem = letters.room.verify()["first_problem"]
    assert problem.startswith(said), problem


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "the body of delivery/1 cannot be read"),
        ({"data": {"alert": {"id": 1}, "posts": [1]}}, "the body of delivery/1 cannot be read"),
        ({"data": {"alert": {"id": 9}, "posts": []}}, "delivery/1 is of another alert than it says"),
        ({"data": {"alert": {"id": 1}, "posts": [{"id": "x:1"}]}}, "delivery/1 does not hold the posts"),
    ],
)
def test_a_body_that_was_changed_is_named(letters: Letters, body: dict[str, Any], said: str) -> None:
    deliveries = table(Delivery)
    with letters.room.database.write() as session:
        session.execute(update(deliveries).where(deliveries.c.id == 1).values(body=body))
    assert letters.room.verify()["first_problem"].startswith(said)


def test_words_of_an_erased_post_in_a_message_are_found(letters: Letters) -> None:
    room, deliveries = letters.room, table(Delivery)
    before = {row.id: row.body for row in room.rows(Delivery)}
    for number, platform_id in ((1, "m.example/2"), (2, "m.example/3")):
        erase(room, platform_id)
        room.assert_sound()
        mine = update(deliveries).where(deliveries.c.id == number)
        with room.database.write() as session:
            session.execute(mine.values(body=before[number]))
        found = room.verify()["first_problem"]
        assert found == f"mastodon:{platform_id} was erased, and delivery/{number} still says something of it"
        with room.database.write() as session:
            session.execute(mine.values(body={"data": {**before[number]["data"], "posts": _bare(before[number])}}))
        room.assert_sound()


def _bare(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": one["id"]} for one in body["data"]["posts"]]


def test_an_erased_post_that_somebody_is_to_be_told_of_is_found(letters: Letters) -> None:
    room = letters.room
    erase(room, "m.example/3")
    with room.database.write() as session:
        key = letters.key(session, post(3).id)
        session.execute(
            text(
                "INSERT INTO told (subscriber_id, post_id, edition, alert_id, late, why, due_at) "
                "SELECT subscriber_id, :key, 0, alert_id, late, why, due_at FROM told WHERE id = 1"
            ),
            {"key": key},
        )
    assert room.verify()["first_problem"].endswith("was erased, and somebody is to be told of it")
