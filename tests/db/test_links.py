"""has:link finds what its source names a link of and what has an address in its text, now and as of then."""

from sqlalchemy import text, update

from core import addresses
from db import counts
from db.models import IndexEntry, Version
from db.query import PostQuery
from db.upsert import table
from tests.core.test_addresses import WITH, WITHOUT
from tests.db.conftest import Room, post

TEXTS = [said for said in (*WITH, *WITHOUT) if said]
FOUND = {f"mastodon:m.example/{n}" for n, said in enumerate(TEXTS) if addresses.stands_in(said)}
LINKED = "mastodon:m.example/900"


def filled(room: Room) -> None:
    room.archive(*(post(n, said) for n, said in enumerate(TEXTS)))
    room.archive(post(900, "named by its source", links=("https://office.example/a",)), post(901, "of none"))


def test_an_address_in_the_text_is_a_link(room: Room) -> None:
    filled(room)
    assert set(room.ids("has:link")) == FOUND | {LINKED}
    assert len(room.ids("-has:link")) == len(TEXTS) + 2 - len(FOUND) - 1
    room.assert_sound()


def test_what_was_sealed_stays_as_it_was(room: Room) -> None:
    filled(room)
    (version,) = room.versions("mastodon:m.example/0")
    assert version["links"] == [] and room.get(LINKED)["links"] == ["https://office.example/a"]
    assert room.archive(post(0, TEXTS[0])).changed == 0, "seen again it is no edit"


def test_counts_agree(room: Room) -> None:
    filled(room)
    for moment in ("", "2100-01-01"):
        query = PostQuery.build("has:link", **({"as_of": moment} if moment else {}))
        with room.database.read() as session:
            assert counts.total(session, query) == len(FOUND) + 1
            assert counts.facets(session, query)["platform"] == [{"value": "mastodon", "count": len(FOUND) + 1}]


def test_as_of_a_moment_the_text_of_then_counts(room: Room) -> None:
    filled(room)
    then = room.now
    room.archive(*(post(n, f"Another text {n}") for n in range(len(TEXTS))))
    assert room.ids("has:link") == [LINKED]
    assert set(room.ids("has:link", as_of=then.isoformat())) == FOUND | {LINKED}


def test_posts_of_before_are_found_once_the_index_is_made_anew(room: Room) -> None:
    filled(room)
    entry = table(IndexEntry)
    with room.database.write() as session:
        session.execute(text("UPDATE meta SET value = '2/15.0.0' WHERE name = 'fold_version'"))
        rows = session.execute(entry.select()).mappings().all()
        for row in rows:
            tokens = " ".join(t for t in row["tokens"].split() if "has:link" not in t)
            session.execute(update(entry).where(entry.c.post_id == row["post_id"]).values(tokens=tokens))
    assert room.database.refresh_index() is True
    assert set(room.ids("has:link")) == FOUND | {LINKED}
    assert {row.links == [] for row in room.rows(Version) if row.text in TEXTS} == {True}
    room.assert_sound()
