"""Echoes: which posts say the same, who published first, and how far apart."""

from core.post import Account
from db import echoes, posts
from tests.db.conftest import post

SAID = (
    "Advisors of the mission met the commander of the second brigade in the northern camp today to speak of one"
    " payroll for all units and of the training that begins in spring."
)


def group(room, public_id, moment=None):
    with room.database.read() as session:
        found = echoes.echoes(session, posts.key_of(session, public_id), moment)
        return [(e.platform_id.rpartition("/")[2], e.relation, found.lag(e).exact) for e in found.echoes]


def test_a_copy_on_another_account_is_an_echo_and_the_first_comes_first(room):
    other = Account("mastodon", "brigade@m.example")
    room.archive(
        post(1, SAID), post(5, f"RT @office: {SAID}", account=other), post(7, "Another text of many words")
    )
    assert group(room, "mastodon:m.example/5") == [("1", "first", 0), ("5", "this", 240)]
    assert group(room, "mastodon:m.example/1") == [("1", "first", 0), ("5", "copy", 240)]
    assert group(room, "mastodon:m.example/7") == [("7", "first", 0)]
