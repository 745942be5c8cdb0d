"""A deletion that an import alone tells of: shown, asked for at once, and erased only once it was seen to be so."""

from datetime import timedelta

import pytest

from core.post import Account, View
from db import rechecks, sources
from db.erasing import due, erase
from db.models import IMPORT, Post
from tests.db.conftest import post

ID = "mastodon:m.example/1"
GONE = post(1, "", deleted=True, account=None, url=None)


def erased(room):
    with room.database.write() as session:
        return [one for rule in due.by_terms(room.now) for one in due.erase_some(session, rule, 9, room.tick())]


def asked(room):
    origin, _ = room.source("one")
    with room.database.read() as session:
        return [found.platform_id for found in rechecks.due(session, origin.id, room.now, 9).values()]


@pytest.fixture
def told(room):
    """Our own text, of which an imported file says that it was deleted."""
    room.archive(post(1, "Our own evidence"))
    room.archive(post(1, "Our own evidence", deleted=True), source=IMPORT)
    return room


def test_our_own_text_stays_and_its_platform_is_asked_at_once(told):
    assert told.get(ID)["deleted_at"] and asked(told) == ["m.example/1"]
    assert erased(told) == []
    with told.database.read() as session:
        assert due.oldest_deletion(session) is None and due.waiting(session, told.now)["posts"] == 0
    assert told.archive(post(1, "Our own evidence", deleted=True), source=IMPORT).changed == 0
    told.assert_sound()


def test_it_goes_once_a_source_of_ours_finds_it_gone(told):
    assert told.archive(GONE).changed == 1
    assert asked(told) == [] and told.rows(Post)[0].recheck_at is None
    assert told.get(ID)["versions"] == 3
    told.archive(post(1, "Our own evidence", deleted=True), source=IMPORT)  # whose word changes nothing any more
    assert [one["cause"] for one in erased(told)] == [erase.DELETED]
    told.assert_sound()


def test_it_is_back_where_it_is_seen_there(told):
    assert told.archive(post(1, "Our own evidence")).changed == 1
    assert told.get(ID)["deleted_at"] is None and erased(told) == []
    assert told.archive(GONE).changed == 1 and len(erased(told)) == 1
    told.assert_sound()


def test_a_quotation_confirms_nothing_and_keeps_it_waiting(room):
    room.archive(post(1, "Our own evidence", account=None))
    room.archive(post(1, "Our own evidence", account=None, deleted=True), source=IMPORT)
    quoted = post(1, "Our own", view=View.QUOTE, embedded_in="https://news.example/a",
                  account=Account("mastodon", "office@m.example"))  # fmt: skip
    assert room.archive(quoted, source="paper").changed == 1  # whose it is
    assert room.get(ID)["deleted_at"] and erased(room) == []
    assert room.rows(Post)[0].recheck_at is not None
    room.assert_sound()


def test_a_post_that_came_as_deleted_waits_too(room):
    room.archive(post(1, "Gone", deleted=True), source=IMPORT)
    assert room.rows(Post)[0].recheck_at == room.now and erased(room) == []
    room.archive(GONE)
    assert len(erased(room)) == 1


def test_what_no_platform_can_be_asked_for_stays(room):
    room.archive(post(1, "An entry", platform="feed", platform_id="1", account=Account("feed", "m.example")))
    with room.database.write() as session:
        origin = sources.by_name(session, "one")
        origin.erase_deleted = True
        session.add(origin)
    gone = post(1, "An entry", platform="feed", platform_id="1", account=Account("feed", "m.example"), deleted=True)
    room.archive(gone, source=IMPORT)
    room.tick(timedelta(days=400))
    assert erased(room) == [] and room.rows(Post)[0].recheck_at is None
