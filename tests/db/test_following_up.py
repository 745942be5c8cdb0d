"""What comes after the first look: other ids, older states, labels and wishes, counts, and asking again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core import rechecks as ages
from core.ids import x_time
from core.post import METRICS, Account, View
from db import rechecks
from db.models import Alias, Metrics, Post
from tests.conftest import NOW
from tests.db.conftest import post

FIRST, LATER = "1957000000000000000", "1957000900000000000"
OFFICE = Account("x", "@office")


def tweet(number=FIRST, **more):
    made = x_time(number)
    return post(
        platform="x", platform_id=number, account=OFFICE, created_at=made, url=f"https://x.com/office/status/{number}",
        **more,
    )  # fmt: skip


def edited(text, made_by, **more):
    return tweet(FIRST, text=text, other_ids=(LATER,), revised_at=x_time(made_by), **more)


def due(room, source="one", limit=10):
    origin, _ = room.source(source)
    with room.database.read() as session:
        return [asked.platform_id for asked in rechecks.due(session, origin.id, room.now, limit).values()]


def test_every_id_of_a_post_leads_to_it(room):
    room.archive(edited("Second thoughts", LATER))
    assert room.get(f"x:{LATER}")["id"] == f"x:{FIRST}"
    room.archive(tweet(LATER, text="Second thoughts", view=View.QUOTE, embedded_in="https://news.example/a"))
    assert room.ids() == [f"x:{FIRST}"]
    room.assert_sound()


def test_a_post_seen_under_the_id_of_its_edit_moves_to_the_first_one(room):
    room.archive(tweet(LATER, text="Second thoughts"))
    room.archive(edited("Second thoughts", LATER))
    shown = room.get(f"x:{LATER}")
    assert (shown["id"], shown["created_at"][:10]) == (f"x:{FIRST}", x_time(FIRST).date().isoformat())
    assert room.ids() == [f"x:{FIRST}"]
    room.assert_sound()


@pytest.mark.parametrize("together", [True, False])
def test_an_edit_is_a_version_and_an_older_state_seen_late_is_none(room, together):
    states = [edited("First thoughts", FIRST), edited("Second thoughts", LATER)]
    for batch in [states] if together else [[state] for state in states]:
        room.archive(*batch)
    room.archive(states[0])
    shown = room.get(f"x:{FIRST}")
    assert (shown["text"], shown["versions"], shown["edits"]) == ("Second thoughts", 2, 1)
    assert room.archive(states[0]).changed == 0
    room.assert_sound()


def test_labels_are_part_of_a_version_and_a_source_without_them_takes_none_away(room):
    room.archive(post(1))
    assert room.archive(post(1, labels=("sensitive",))).changed == 1
    assert room.archive(post(1)).changed == 0
    assert room.get("mastodon:m.example/1")["labels"] == ["sensitive"]
    assert room.archive(post(1, deleted=True)).changed == 1
    assert room.get("mastodon:m.example/1")["labels"] == ["sensitive"]
    room.assert_sound()


def test_an_accounts_wishes_are_those_that_it_showed_last(room):
    def shown(wishes):
        room.archive(post(1, account=Account("mastodon", "@o@m.example", None, wishes)))
        return room.get("mastodon:m.example/1")["labels"]

    assert shown(None) == []
    assert shown(("noindex",)) == ["noindex"]
    assert shown(None) == ["noindex"]
    assert shown(()) == []
    assert shown(("intent:bulk_dataset=disallow",)) == ["intent:bulk_dataset=disallow"]
    assert shown(("noindex",)) == ["noindex", "intent:bulk_dataset=disallow"]
    assert shown(("intent:bulk_dataset=allow",)) == ["intent:bulk_dataset=allow"]
    room.assert_sound()


def test_an_older_state_brings_no_deleted_post_back_and_an_older_deletion_takes_none_away(room):
    first, later = NOW - timedelta(days=3), NOW - timedelta(days=2)
    room.archive(post(1, "Old", revised_at=first), post(1, deleted=True, revised_at=later))
    assert room.archive(post(1, "Old", revised_at=first)).changed == 0
    assert room.get("mastodon:m.example/1")["deleted_at"]
    assert room.archive(post(1, "New", revised_at=NOW)).changed == 1
    assert room.archive(post(1, deleted=True, revised_at=later)).changed == 0
    assert room.get("mastodon:m.example/1")["deleted_at"] is None
    room.assert_sound()


def test_the_newest_counts_stand_at_the_post_and_all_of_them_in_their_table(room):
    for likes, views in ((3, 10), (3, 10), (5, None), (4, 12)):
        room.archive(post(1, metrics={"likes": likes, "views": views}))
    shown = room.get("mastodon:m.example/1")["metrics"]
    assert {name: shown[name] for name in METRICS} == {
        "likes": 4, "reposts": None, "replies": None, "quotes": None, "views": 12,
    }  # fmt: skip
    assert [(row.likes, row.views) for row in room.rows(Metrics)] == [(3, 10), (5, None), (4, 12)]


def test_a_bulk_import_brings_counts_only_where_there_are_none(room):
    room.archive(post(1, metrics={"likes": 3}), post(2))
    room.archive(post(1, metrics={"likes": 900}), post(2, metrics={"likes": 7}), live=False)
    assert [room.get(f"mastodon:m.example/{n}")["metrics"]["likes"] for n in (1, 2)] == [3, 7]


def test_counts_of_another_day_are_kept_as_of_that_day(room):
    def observed(likes, days):
        return post(1, metrics={"likes": likes}, measured_at=NOW - timedelta(days=days))

    for likes, days in ((7, 200), (100, 20), (50, 90), (100, 20)):
        room.archive(observed(likes, days), live=False)
    shown = room.get("mastodon:m.example/1")["metrics"]
    assert (shown["likes"], shown["observed_at"][:10]) == (100, (NOW - timedelta(days=20)).date().isoformat())
    assert sorted(row.likes for row in room.rows(Metrics)) == [7, 50, 100]
    room.archive(post(1, metrics={"likes": 101}))
    assert room.get("mastodon:m.example/1")["metrics"]["likes"] == 101


def test_a_post_is_due_at_its_next_age_and_once_seen_at_the_one_after(room):
    room.archive(post(1, created_at=NOW - timedelta(minutes=30)), post(2, created_at=NOW - timedelta(days=5)))
    assert due(room) == []
    room.tick(timedelta(minutes=31))
    assert due(room) == ["m.example/1"]
    room.archive(post(1, created_at=NOW - timedelta(minutes=30)))
    assert due(room) == []
    room.tick(timedelta(days=20))
    assert due(room) == ["m.example/1", "m.example/2"]
    assert due(room, limit=1) == ["m.example/1"]
    assert due(room, "two") == []


def test_what_was_asked_for_in_vain_comes_again_later_and_what_is_gone_never(room):
    room.archive(post(1), post(2))
    room.tick(timedelta(days=30))
    origin, _ = room.source("one")
    with room.database.write() as session:
        asked = rechecks.due(session, origin.id, room.now, 10)
        rechecks.done(session, list(asked), room.now)
    assert due(room) == []
    room.archive(post(1, deleted=True))
    room.tick(timedelta(days=30))
    assert due(room) == ["m.example/2"]
    room.archive(post(1))
    assert {row.recheck_at is None for row in room.rows(Post)} == {False}


def test_an_imported_post_is_followed_by_the_source_of_its_account(room):
    own = Account("mastodon", "@office@m.example")
    room.archive(post(1, account=own), post(2, account=Account("mastodon", "@other@m.example")), source="import")
    room.archive(post(3, account=own), source="office")
    room.tick(timedelta(days=30))
    assert due(room, "office") == ["m.example/1", "m.example/3"]


def test_a_post_that_is_due_comes_with_its_other_ids_of_the_same_platform(room):
    room.archive(edited("Second thoughts", LATER), post(2), tweet("1958000000000000000"))
    room.tick(timedelta(days=30))
    origin, _ = room.source("one")
    (edit,) = [row.id for row in room.rows(Post) if row.platform_id == FIRST]
    with room.database.write() as session:
        session.add(Alias(public_id="mastodon:m.example/900", post_id=edit))
    with room.database.read() as session:
        asked = rechecks.due(session, origin.id, room.now, 10)
        assert rechecks.due(session, origin.id + 1, room.now, 10) == {}
    assert {p.platform_id: p.other_ids for p in asked.values()} == {
        FIRST: (LATER,), "m.example/2": (), "1958000000000000000": (),
    }  # fmt: skip


def test_a_deletion_that_names_an_other_id_is_of_the_post(room):
    room.archive(edited("Second thoughts", LATER))
    gone = replace(tweet(LATER, deleted=True), account=None, text="", url=None, created_at=None)
    assert room.archive(gone).changed == 1
    assert room.ids() == [f"x:{FIRST}"] and room.get(f"x:{FIRST}")["deleted_at"]
    assert room.get(f"x:{FIRST}")["text"] == "Second thoughts"
    room.assert_sound()


def test_quotations_and_summaries_are_not_asked_for_until_the_whole_was_seen(room):
    quoted = tweet(view=View.QUOTE, embedded_in="https://news.example/a")
    room.archive(quoted, replace(post(5), platform="feed", platform_id="5"))
    assert {row.recheck_at for row in room.rows(Post)} == {None}
    room.archive(tweet())
    (row,) = [row for row in room.rows(Post) if row.platform == "x"]
    assert row.recheck_at == ages.next_at("x", row.created_at, room.now)
