"""Weeks are counted from the rows, again where something was tagged, and served without touching a post."""

from datetime import timedelta

import pytest

from core import times
from db import campaigns, drift, tags
from db.models import Week
from tests.conftest import NOW
from tests.db.conftest import Score, post

WEEK = timedelta(days=7)
LAST = drift.monday(NOW) - WEEK  # NOW is a Tuesday


def written(number, weeks_ago, text="A meeting"):
    return post(number, text, created_at=LAST - weeks_ago * WEEK + timedelta(hours=number % 160))


def refresh(room, now=NOW):
    with room.database.write() as session:
        due = drift.due(session, now)
        for start in due.weeks:
            drift.keep(session, start, drift.count(session, start))
        drift.note(session, due.last_tag, now)
        return due.weeks


def served(room, now=NOW):
    with room.database.read() as session:
        return {item["source"]: item for item in drift.drift(session, now)}


def share_of(item, of):
    return next(share for share in item["shares"] if share["of"] == of)


@pytest.fixture
def full(room):
    """Twelve weeks of thirty posts, a tenth on reform, and a last one in which half are."""
    room.topics()
    for weeks_ago in range(12, -1, -1):
        many = 15 if weeks_ago == 0 else 3
        texts = ["reform" if n < many else "other" for n in range(30)]
        room.archive(*(written(1000 + 30 * weeks_ago + n, weeks_ago, text) for n, text in enumerate(texts)))
        with room.database.write() as session:
            model = tags.register_model(session, "m", {})
            waiting = tags.claim_versions(session, "a:1:x", 100, room.tick())
            scores = {"reform": [Score("reform")], "other": [Score("training", decision="unsure")]}
            found = [(p, [*scores[p.text], Score("key_leader_engagement", decision="not")]) for p in waiting]
            tags.store(session, model, found, "a:1:x", room.tick())
    return room


def test_a_week_that_is_unlike_those_before_is_marked(full):
    refresh(full)
    item = served(full)["one"]
    reform, unsure = share_of(item, "topic:reform"), share_of(item, "unsure")
    assert (reform["posts"], reform["share"], reform["alarm"]) == (30, 0.5, "high")
    assert reform["most"] < 0.5 and unsure["alarm"] == "low"
    assert [share["of"] for share in item["shares"]] == ["unsure", "topic:reform"]
    assert item["weeks"][-1] == {"start": times.text(LAST), "posts": 30, "unsure": 15, "topics": {"reform": 15}}
    assert len(item["weeks"]) == 13 and item["last_week"] == times.text(LAST)


def test_only_weeks_that_were_tagged_in_are_counted_again(full):
    assert len(refresh(full)) == drift.WEEKS + 2
    assert refresh(full) == []
    with full.database.write() as session:  # what another process may still commit is counted twice, not at once
        drift.note(session, 10**6, NOW)
    full.archive(written(5, 3))
    full.tag(Score("training"), model="m")
    with full.database.write() as session:
        drift.note(session, drift.due(session, NOW).last_tag + drift._UNDER_WAY - 1, NOW)
    assert refresh(full) == [LAST - 3 * WEEK]
    week = served(full)["one"]["weeks"][-4]
    assert (week["posts"], week["topics"]) == (31, {"reform": 3, "training": 1})


def test_an_edit_waits_for_its_tags_and_another_model_counts_anew(full):
    refresh(full)
    full.archive(written(1000, 0, "edited"))
    full.adopt("other model")
    while full.tag(Score("training"), model="other model"):
        pass
    refresh(full)
    last = served(full)["one"]["weeks"][-1]
    assert (last["posts"], last["unsure"], last["topics"]) == (30, 0, {"training": 30})
    with full.database.read() as session:
        assert campaigns.stale_count(session) == 0


def test_sources_are_apart_and_a_quiet_week_has_no_share(full):
    full.archive(written(9000, 2), source="two")
    full.tag(Score("reform"), model="m")
    refresh(full)
    two = served(full)["two"]
    assert [week["posts"] for week in two["weeks"]] == [1]
    assert share_of(two, "topic:reform") == {
        "of": "topic:reform", "posts": 0, "share": None, "least": None, "most": None, "alarm": None
    }  # fmt: skip


def test_what_left_the_window_is_neither_served_nor_kept(full):
    refresh(full)
    later = NOW + (drift.WEEKS + 3) * WEEK
    assert served(full, later) == {}
    full.archive(written(1, 0))
    full.tag(Score("reform"), model="m")
    refresh(full, later)
    assert full.rows(Week) == []


def test_a_week_whose_posts_moved_away_is_emptied(full):
    refresh(full)
    with full.database.write() as session:
        drift.keep(session, LAST, [])
    assert served(full)["one"]["weeks"][-1]["start"] == times.text(LAST - WEEK)
