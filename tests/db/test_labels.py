"""What labels are held against: posts by any of their ids, models' last words, and people's."""

from core.ids import public_id
from db import campaigns, corrections, credentials, labels
from db.corrections import Author
from db.labels import PURPOSE, Word
from db.models import Alias, Post, Version
from db.upsert import table
from tests.conftest import NOW
from tests.db.conftest import Room, Score, post

ONE, TWO = "mastodon:m.example/1", "mastodon:m.example/2"
UNSURE = Score("reform", 0.4, 0.5, "unsure")


def key(room: Room, id_: str) -> int:
    return next(int(row.id) for row in room.rows(Post) if public_id(row.platform, row.platform_id) == id_)


def test_a_post_is_found_by_any_of_its_ids(room: Room) -> None:
    room.archive(post(1), post(2))
    with room.database.write() as session:
        session.execute(table(Alias).insert(), [{"public_id": "mastodon:old.example/9", "post_id": key(room, TWO)}])
    with room.database.read() as session:
        found = labels.find(session, [ONE, "mastodon:old.example/9", "mastodon:m.example/404", "", "x:\x00"])
    assert {given: place.id for given, place in found.items()} == {ONE: ONE, "mastodon:old.example/9": TWO}
    assert found[ONE].key == key(room, ONE) and not found[ONE].erased


def test_the_version_with_the_text_that_was_labelled(room: Room) -> None:
    room.archive(post(1, "Before"))
    room.archive(post(1, "After"))
    first, second = sorted(room.rows(Version), key=lambda row: row.number)
    with room.database.read() as session:
        assert labels.find(session, [ONE])[ONE].text_sha256 == second.text_sha256
        assert labels.read_by(session, {first.post_id: first.text_sha256}) == {first.post_id: first.id}
        assert labels.read_by(session, {first.post_id: "0" * 64}) == {}


def test_a_models_last_word_is_told_where_a_persons_stands(room: Room) -> None:
    room.topics()
    room.archive(post(1))
    room.tag(UNSURE, Score("training"))
    with room.database.write() as session:
        author = Author(credentials.issue(session, "key", "ana", ["annotate"], NOW)[0], "ana")
        corrections.put(session, ONE, "reform", "tagged", None, author, room.tick())
    room.adopt("another-model")
    room.tag(Score("reform", 0.1, decision="not"), Score("training"), model="another-model")
    (version,) = room.rows(Version)
    with room.database.read() as session:
        assert campaigns.chosen(session)
        assert labels.said_by_models(session, [version.id]) == {
            (version.id, "reform"): "not", (version.id, "training"): "tagged",
        }  # fmt: skip
        assert labels.said_by_people(session, [version.post_id]) == {
            (version.post_id, "reform"): Word("tagged", "ana", labelled=False)
        }


def test_whose_word_came_by_a_label_is_known(room: Room) -> None:
    room.topics()
    room.archive(post(1))
    with room.database.write() as session:
        number = credentials.named(session, PURPOSE, "labels: ana", NOW)
        assert credentials.named(session, PURPOSE, "labels: ana", NOW) == number
        assert credentials.named(session, PURPOSE, "labels: ben", NOW) != number
        corrections.put(session, ONE, "reform", "not", "ana.csv", Author(number, "labels: ana"), NOW)
        corrections.put(session, ONE, "training", "not", None, Author(number, "labels: ana"), NOW)
        corrections.withdraw(session, ONE, "training", Author(number, "labels: ana"), NOW)
    with room.database.read() as session:
        (found,) = labels.said_by_people(session, [key(room, ONE)]).values()
        assert found == Word("not", "labels: ana", labelled=True)
        assert credentials.list_keys(session) == []
    room.assert_sound()


def test_more_ids_than_one_statement_takes(room: Room) -> None:
    room.archive(*(post(n) for n in range(1, 30)))
    wanted = [f"mastodon:m.example/{n}" for n in range(1, 2500)]
    with room.database.read() as session:
        assert len(labels.find(session, wanted)) == 29
