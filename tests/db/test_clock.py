"""A clock that jumps back and forth: nothing is earlier than what it follows on, and nothing waits for it."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from core.outcome import Outcome
from db import campaigns, credentials, posts, rechecks, sources, spending, work
from db import corrections as people
from db.corrections import Author
from db.hold import Hold
from db.models import Campaign, Correction, Ledger, Post, Run, Source, Tag, Version
from tests.conftest import NOW
from tests.db.conftest import Score, post

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
SECOND = timedelta(seconds=1)
JUMPS = (-YEAR, -DAY, -HOUR, -SECOND, timedelta(0), SECOND, HOUR, DAY, YEAR)


def due(room, now, worker="a:1:x"):
    """Claimed and let go of again."""
    with room.database.write() as session:
        source = sources.claim_due(session, worker, now)
        if source:
            work.finish(session, Source, [source.id])
    return source is not None


def collected(room, now, ending="ok", every=900 * SECOND):
    source, _ = room.source("one")
    with room.database.write() as session:
        sources.claim_named(session, "one", "a:1:x", now)
        run = sources.start_run(session, source.id, now)
        sources.finish_run(session, source.id, run, "a:1:x", Outcome(ending), {}, now + every, now)


def author(room):
    with room.database.write() as session:
        return Author(credentials.issue(session, "key", "k", ["annotate"], room.now)[0], "k")


# -- what is earlier and what is later ------------------------------------------------------------------------


def assert_in_order(room):
    """What must hold whatever the clock said."""
    room.assert_sound()
    by_post = {}
    for version in sorted(room.rows(Version), key=lambda v: v.number):
        by_post.setdefault(version.post_id, []).append(version)
    for versions in by_post.values():
        assert all(a.seen_at <= b.seen_at for a, b in pairwise(versions))
    seen = {version.id: version.seen_at for version in room.rows(Version)}
    for tag in room.rows(Tag):
        assert tag.valid_from >= seen[tag.version_id]
        assert tag.valid_to is None or tag.valid_to >= tag.valid_from
    lines = sorted(room.rows(Ledger), key=lambda line: line.seq)
    assert all(a.at <= b.at for a, b in pairwise(lines))
    said = {}
    for correction in sorted(room.rows(Correction), key=lambda c: c.id):
        said.setdefault((correction.version_id, correction.topic_id), []).append(correction.at)
    assert all(a < b for moments in said.values() for a, b in pairwise(moments))
    for row in room.rows(Post):
        assert row.changed_at == by_post[row.id][-1].seen_at
    for run in room.rows(Run):
        assert run.finished_at is None or run.finished_at >= run.started_at


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_clock_does_what_follows_is_not_earlier(room, seed):
    dice = random.Random(seed)
    room.topics()
    person = author(room)
    for step in range(25):
        room.now = max(NOW - YEAR, room.now + dice.choice(JUMPS))
        number = dice.randrange(4)
        act = dice.choice(("edit", "edit", "delete", "tag", "tag", "correct", "withdraw", "judge again"))
        there = {p.platform_id for p in room.rows(Post)}
        place = f"m.example/{number}"
        if act in ("edit", "delete") or place not in there:
            room.archive(post(number, f"Talk as of step {step}", deleted=act == "delete"))
        elif act == "tag":
            room.tag(Score(dice.choice(("training", "reform"))))
        elif act == "judge again":
            room.adopt(f"model {step}")
            room.tag(Score("reform"), model=f"model {step}")
        else:
            with room.database.write() as session:
                if act == "correct":
                    word = dice.choice(("tagged", "not"))
                    people.put(session, f"mastodon:{place}", "reform", word, None, person, room.tick())
                else:
                    people.withdraw(session, f"mastodon:{place}", "reform", person, room.tick())
        assert_in_order(room)


def test_an_edit_seen_by_a_clock_that_went_back_has_the_time_of_the_version_before(room):
    room.archive(post(1, "As it was"))
    first = room.now
    room.now -= HOUR
    room.archive(post(1, "As it is"))
    assert [v["seen_at"] for v in room.versions("mastodon:m.example/1")] == [times_text(first)] * 2
    with room.database.read() as session:
        assert posts.get(session, "mastodon:m.example/1", first)["text"] == "As it is"


def times_text(moment):
    return moment.isoformat().replace("+00:00", "Z")


def test_counts_of_now_stand_whatever_time_was_said_before(room):
    room.now += YEAR
    room.archive(post(1, metrics={"likes": 3}))
    room.now -= YEAR
    room.archive(post(1, metrics={"likes": 5}))
    assert room.rows(Post)[0].likes == 5


def test_the_model_that_was_chosen_last_counts(room):
    room.topics()
    room.adopt("first")
    room.now -= HOUR
    room.adopt("second")
    with room.database.read() as session:
        assert campaigns.chosen(session).digest == "second"
    room.adopt("first")
    with room.database.read() as session:
        assert campaigns.chosen(session).digest == "first"
    assert len({c.chosen_at for c in room.rows(Campaign)}) == 2


# -- what is due ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [HOUR, DAY, YEAR])
def test_a_schedule_made_by_a_clock_that_was_ahead_holds_no_more(room, jump):
    collected(room, NOW + jump)
    assert due(room, NOW)
    collected(room, NOW)
    assert not due(room, NOW + SECOND), "and is made once"


def test_a_wait_that_a_server_asked_for_is_kept(room):
    collected(room, NOW, "rate_limited", DAY)
    assert not due(room, NOW + HOUR)


def test_a_machine_whose_clock_is_a_little_ahead_disturbs_nobody(room):
    collected(room, NOW + work.SKEW)
    assert not due(room, NOW)


def test_a_claim_from_before_a_clock_went_back_is_none(room):
    room.now -= DAY
    room.source("one")
    with room.database.write() as session:
        sources.claim_named(session, "one", "gone:1:x", NOW)
    assert not due(room, NOW - work.SKEW)
    assert due(room, NOW - work.SKEW - SECOND)


def test_a_text_that_failed_by_a_wrong_clock_is_tried_again(room):
    room.topics()
    room.archive(post(1))
    with room.database.write() as session:
        work.finish(session, Version, [1], not_before=NOW + YEAR)
    assert room.tag(Score("reform")) == 1


def test_a_post_is_asked_for_again_though_a_wrong_clock_set_when(room):
    room.now += 90 * DAY
    room.archive(post(1, view=post(1).view))
    source, _ = room.source("one")
    room.now -= 90 * DAY
    with room.database.write() as session:
        asked = list(rechecks.due(session, source.id, room.now, 10))
        assert asked == [room.rows(Post)[0].id]
        rechecks.done(session, asked, room.now)
        assert not rechecks.due(session, source.id, room.now, 10)


def test_who_holds_work_asks_once_more_when_the_clock_went_back(room):
    source, _ = room.source("one")
    clock = [NOW]
    with room.database.write() as session:
        sources.claim_named(session, "one", "a:1:x", NOW)
    hold = Hold(room.database, Source, [source.id], "a:1:x", every=60.0, clock=lambda: clock[0])
    with hold:
        clock[0] -= HOUR
        assert not hold.lost
        with room.database.read() as session:
            until = session.execute(select(Source.claimed_until)).scalar_one()
        assert until == clock[0] + work.HOLD, "renewed by the clock of now"
        assert not due(room, clock[0], "b:1:x")
    with room.database.write() as session:
        sources.claim_named(session, "one", "b:1:x", clock[0] - HOUR)
    clock[0] -= HOUR
    assert hold.lost


# -- money and people -----------------------------------------------------------------------------------------


def test_no_day_is_paid_for_twice(room):
    """Over midnight and back: each UTC day has one budget, whatever was spent in between."""
    source, _ = room.source("one")
    late = NOW.replace(hour=23, minute=50)
    spent = {}
    for moment in (late, late + HOUR, late, late + HOUR, late - DAY):
        day = spending.day_of(moment)
        with room.database.write() as session:
            if spending.spent(session, source.id, day) + 60 <= 100:
                spending.reserve(session, source.id, day, 60, 100, moment)
                spent[day] = spent.get(day, 0) + 60
    assert set(spent.values()) == {60} and len(spent) == 3


def test_a_session_ends_by_the_clock_and_a_revoked_key_stays_revoked(room):
    with room.database.write() as session:
        _, secret = credentials.issue(session, "session", "s", ["read"], NOW, DAY)
        number, key = credentials.issue(session, "key", "k", ["read"], NOW, None)
        credentials.revoke(session, number, NOW)
        assert credentials.find(session, "session", secret, NOW - HOUR)
        assert not credentials.find(session, "session", secret, NOW + DAY)
        assert not credentials.find(session, "key", key, NOW - YEAR)
