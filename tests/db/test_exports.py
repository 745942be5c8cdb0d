"""Exports as rows: one process builds one at a time, and none keeps a text that was erased."""

from datetime import timedelta

import numpy as np
import pytest

from core.errors import CursorError, NotFound
from db import exports, work
from db.erasing import purge
from db.erasing.erase import REQUEST, Why, erase
from db.models import Export, Exported
from db.posts import key_of
from tests.db.conftest import post, snowflake

WHY = Why(REQUEST, "asked by its author", "a test")
ME, OTHER = "host:1:a", "host:2:b"


def ask(room, owner="analyst", **more):
    row = {"query": "", "format": "csv", "as_of": room.now, "audience": "public", "options": {}, "owner": owner}
    with room.database.write() as session:
        return exports.ask(session, {**row, **more}, room.tick())


def claim(room, worker=ME):
    with room.database.write() as session:
        return exports.claim(session, worker, room.tick())


def keys(room, *names):
    with room.database.read() as session:
        return np.array(sorted(key_of(session, name) for name in names), np.int64)


def build(room, number, *names, worker=ME):
    with room.database.write() as session:
        exports.note_posts(session, number, keys(room, *names))
        return exports.finish(session, number, worker, room.tick(), {"counts": {"posts": len(names)}}, 10)


def there(room, number):
    with room.database.read() as session:
        row = exports.get(session, number)
        return exports.state(row, room.now), row


def forget(room, name):
    with room.database.write() as session:
        return erase(session, key_of(session, name), WHY, room.tick())


@pytest.fixture
def three(room):
    room.archive(*(post(n, f"text {n}") for n in (1, 2, 3)))
    return [f"mastodon:m.example/{n}" for n in (1, 2, 3)]


def test_one_process_builds_it_and_it_is_there(room, three):
    number = ask(room)
    assert there(room, number)[0] == "waiting"
    row = claim(room)
    assert row.id == number and there(room, number)[0] == "running"
    assert claim(room, OTHER) is None
    assert build(room, number, *three)
    state, row = there(room, number)
    assert (state, row.posts, row.total, row.bytes, row.claimed_by) == ("done", 3, 3, 10, None)
    with room.database.read() as session:
        assert not exports.is_due(session, room.now)


def test_the_one_that_waits_longest_comes_first(room):
    first, second = ask(room), ask(room)
    assert [claim(room).id, claim(room, OTHER).id] == [first, second]


def test_another_process_takes_on_what_one_left(room, three):
    number = ask(room)
    claim(room)
    room.tick(work.HOLD * 2)
    with room.database.read() as session:
        assert exports.is_due(session, room.now)
    assert claim(room, OTHER).attempts == 2
    assert not build(room, number, *three)  # the first one wakes up
    with room.database.write() as session:
        assert not exports.keep_up(session, number, ME, room.now, 1)
        assert exports.keep_up(session, number, OTHER, room.now, 1)


def test_one_that_kills_every_process_is_given_up(room):
    number = ask(room)
    for _ in range(exports.MOST_TRIES):
        assert claim(room)
        room.tick(work.HOLD * 2)
    assert claim(room) is None
    state, row = there(room, number)
    assert state == "failed" and "5 processes" in row.error


def test_to_be_stopped_is_no_try(room):
    number = ask(room)
    for _ in range(exports.MOST_TRIES + 1):
        assert claim(room).id == number
        with room.database.write() as session:
            exports.release(session, number, ME)
    assert there(room, number)[0] == "waiting"


def test_a_failure_says_why_and_only_the_holder_fails_it(room):
    number = ask(room)
    claim(room)
    with room.database.write() as session:
        exports.fail(session, number, OTHER, room.now, "not mine")
        assert exports.state(exports.get(session, number), room.now) == "running"
        exports.fail(session, number, ME, room.now, "no room")
    state, row = there(room, number)
    assert (state, row.error) == ("failed", "no room")


def test_an_erasure_withdraws_what_holds_the_text_and_nothing_else(room, three):
    holding, other = ask(room), ask(room)
    for number, names in ((holding, three[:2]), (other, three[2:])):
        claim(room)
        assert build(room, number, *names)
    forget(room, three[0])
    state, row = there(room, holding)
    assert state == "withdrawn" and "erased" in row.why
    assert there(room, other)[0] == "done"
    assert room.verify()["ok"]


def test_an_export_without_its_list_may_hold_anything(room, three):
    number = ask(room)
    claim(room)
    with room.database.write() as session:
        exports.finish(session, number, ME, room.tick(), {}, 10)
    forget(room, three[0])
    assert there(room, number)[0] == "withdrawn"


def test_what_is_being_built_is_begun_anew_without_the_text(room, three):
    number = ask(room)
    claim(room)
    with room.database.write() as session:
        exports.note_posts(session, number, keys(room, *three))
    forget(room, three[1])
    with room.database.write() as session:
        assert not exports.keep_up(session, number, ME, room.now, 2)
        assert not exports.finish(session, number, ME, room.now, {}, 10)
    state, row = there(room, number)
    assert (state, row.attempts, row.posts) == ("waiting", 0, 0)
    assert claim(room).id == number


def test_a_list_of_many_posts_is_looked_up_in_parts(room, three):
    number = ask(room)
    claim(room)
    some = keys(room, three[1])
    many = np.unique(np.concatenate([some, np.arange(1, 20_001, 2)]))
    with room.database.write() as session:
        exports.note_posts(session, number, many)
        assert exports.finish(session, number, ME, room.tick(), {}, 10)
    assert len(room.rows(Exported)) == 3
    with room.database.read() as session:
        assert (exports.posts_of(session, number) == many).all()
    forget(room, three[0])
    assert there(room, number)[0] == "done"
    forget(room, three[1])
    assert there(room, number)[0] == "withdrawn"


def test_posts_that_came_while_it_was_built_are_listed_too(room, three):
    number = ask(room)
    claim(room)
    with room.database.write() as session:
        exports.note_posts(session, number, keys(room, three[1]))
        exports.add_posts(session, number, keys(room, *three))
        exports.add_posts(session, number, keys(room, *three))
        assert exports.posts_of(session, number).tolist() == keys(room, *three).tolist()
        assert exports.get(session, number).listed == 3


def test_a_post_that_moves_to_another_row_is_still_found(room):
    """A quotation without an id, then the first-hand copy: its row key changes."""
    told = post(1, "Reform goes on", platform="x", platform_id="~0123456789abcdef")
    room.archive(told)
    number = ask(room)
    claim(room)
    assert build(room, number, "x:~0123456789abcdef")
    status = snowflake(told.created_at)
    with room.database.write() as session:
        from db.rekey import rekey

        old = key_of(session, "x:~0123456789abcdef")
        rekey(session, old, post(1, "Reform goes on", platform="x", platform_id=status))
    forget(room, f"x:{status}")
    assert there(room, number)[0] == "withdrawn"


def test_verify_names_an_export_that_an_erasure_forgot(room, three):
    number = ask(room)
    claim(room)
    assert build(room, number, three[2])
    forget(room, three[0])
    with room.database.write() as session:
        exports.add_posts(session, number, keys(room, three[0]))
    assert "export/1 holds a post that was erased" in room.verify()["first_problem"]


def test_a_post_that_was_erased_before_is_no_reason(room, three):
    forget(room, three[0])
    number = ask(room)
    claim(room)
    assert build(room, number, *three)  # its digests are in it
    assert room.verify()["ok"]


def test_an_erasure_is_not_purged_while_files_of_a_withdrawn_export_lie_there(room, three):
    number = ask(room)
    claim(room)
    assert build(room, number, *three)
    forget(room, three[0])
    assert purge.purge(room.database, room.tick) is False
    with room.database.write() as session:
        assert exports.uncleared(session) == [number]
        exports.clear(session, [number], room.tick())
    assert purge.purge(room.database, room.tick) is True
    assert not room.rows(Exported)


def test_it_expires(room, three):
    number = ask(room)
    claim(room)
    assert build(room, number, *three)
    with room.database.read() as session:
        assert exports.expired(session, room.now - timedelta(days=1)) == []
        assert exports.expired(session, room.now + timedelta(days=1)) == [number]
    with room.database.write() as session:
        exports.clear(session, [number], room.tick())
    assert there(room, number)[0] == "expired"
    forget(room, three[0])
    assert there(room, number)[0] == "expired"


def test_who_asked_may_take_it_back_before_and_after(room, three):
    first, second = ask(room), ask(room)
    claim(room)
    assert build(room, first, *three)
    with room.database.write() as session:
        exports.withdraw(session, first, "withdrawn by analyst", room.tick())
        exports.withdraw(session, second, "withdrawn by analyst", room.tick())
        exports.withdraw(session, second, "by another", room.tick())
    assert claim(room) is None
    assert [there(room, n)[1].why for n in (first, second)] == ["withdrawn by analyst"] * 2
    with room.database.write() as session, pytest.raises(NotFound, match="no export 99"):
        exports.withdraw(session, 99, "", room.now)


def test_lists_counts_and_who_waits(room):
    numbers = [ask(room, owner) for owner in ("a", "b", "a")]
    claim(room)
    with room.database.read() as session:
        rows, following = exports.listed(session, 2, None)
        assert [row.id for row in rows] == numbers[:0:-1]
        rows, end = exports.listed(session, 2, following)
        assert [row.id for row in rows] == numbers[:1] and end is None
        with pytest.raises(CursorError):
            exports.listed(session, 2, "nonsense")
        assert [row.id for row in exports.pending(session, "a")] == [1, 3]
        counted = exports.counts(session, room.now)
    assert counted == {"waiting": 2, "running": 1, "done": 0, "failed": 0, "withdrawn": 0, "expired": 0}


def test_counts_of_the_end(room, three):
    for _ in range(4):
        ask(room)
    for number in (1, 2, 3):
        claim(room)
        assert build(room, number, *three)
    claim(room)
    with room.database.write() as session:
        exports.fail(session, 4, ME, room.now, "no room")
        exports.withdraw(session, 1, "by analyst", room.now)
        exports.clear(session, [1, 2], room.now)
    with room.database.read() as session:
        counted = exports.counts(session, room.now)
    assert {name: n for name, n in counted.items() if n} == {"withdrawn": 1, "expired": 1, "done": 1, "failed": 1}
    assert len(room.rows(Export)) == 4


def test_what_was_begun_anew_meanwhile_keeps_its_list(room, three):
    """Who takes files away asked before what there is; an erasure must find the posts that are read now."""
    number = ask(room)
    claim(room)
    with room.database.write() as session:
        exports.note_posts(session, number, keys(room, *three))
    forget(room, three[0])
    with room.database.read() as session:
        waiting = exports.uncleared(session)
    claim(room, OTHER)
    with room.database.write() as session:
        exports.note_posts(session, number, keys(room, *three))
    with room.database.write() as session:
        exports.clear(session, waiting, room.tick())
    forget(room, three[1])
    with room.database.write() as session:
        assert waiting == [number] and not exports.keep_up(session, number, OTHER, room.tick(), 2)
