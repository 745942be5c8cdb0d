""" "No posts" is told apart from "nobody looked"."""

from datetime import timedelta

import pytest

from core import times
from core.outcome import Outcome
from db import sources
from db.coverage import coverage
from db.query import PostQuery
from tests.conftest import NOW
from tests.db.conftest import post

HOUR = timedelta(hours=1)


def look(room, hours_ago, ending="ok", name="one", error=None):
    """A run of the source (every 15 minutes) so many hours ago."""
    source, _ = known(room, name)
    at = NOW - hours_ago * HOUR
    with room.database.write() as session:
        run = sources.start_run(session, source.id, at)
        if ending:
            outcome = Outcome(ending, error=error)
            sources.finish_run(session, source.id, run, "w", outcome, {}, at, at + timedelta(seconds=5))


def known(room, name):
    if name not in room.runs:
        from db.models import Run
        from tests.db.conftest import make_source

        with room.database.write() as session:
            source, run = make_source(session, name, NOW)
            session.delete(session.get_one(Run, run))
        room.runs[name] = (source, 0)
    return room.runs[name]


def asked(room, since=None, until=None):
    bounds = {"since": since and times.text(NOW - since * HOUR), "until": until and times.text(NOW - until * HOUR)}
    with room.database.read() as session:
        return coverage(session, PostQuery.build(**bounds), NOW)


def gaps(found):
    return [
        ((NOW - times.parse(g["from"])) / HOUR, (NOW - times.parse(g["until"])) / HOUR, g["reason"])
        for s in found["sources"]
        for g in s["gaps"]
    ]


def test_nobody_ever_looked(room):
    known(room, "one")
    found = asked(room, since=5)
    assert found["complete"] is False and "nobody looked" in found["note"]


def test_regular_looks_leave_no_gap(room):
    for quarter in range(20):
        look(room, quarter / 4, "empty" if quarter % 2 else "not_modified")
    found = asked(room, since=4)
    assert (found["complete"], gaps(found)) == (True, [])
    assert found["sources"][0]["ok"] == 17


def test_time_before_the_first_look_is_a_gap(room):
    for quarter in range(5):
        look(room, quarter / 4)
    assert gaps(asked(room, since=10)) == [(10, 1, "not followed yet")]


def test_failed_looks_are_a_gap_with_their_reason(room):
    for hours, ending in ((4, "ok"), (3.75, "failed"), (3, "failed"), (2, "ok")):
        look(room, hours, ending, error="502 from the server" if ending == "failed" else None)
    found = asked(room, since=4, until=2)
    assert gaps(found) == [(4, 2, "502 from the server")]
    assert (found["sources"][0]["failed"], found["complete"]) == (2, False)


def test_a_stopped_process_is_a_gap_where_nobody_looked(room):
    look(room, 8)
    look(room, 7.75)
    found = asked(room, since=8)
    assert gaps(found) == [(7.75, 0, "nobody looked")]


def test_an_interrupted_look_is_no_good_look(room):
    look(room, 3)
    look(room, 1.5, None)
    look(room, 0)
    assert [(a, b) for a, b, _ in gaps(asked(room, since=3))] == [(3, 0)]


@pytest.mark.parametrize(("since", "until"), [(1.9, 1.8), (2.1, 1.9), (2, 1.75)])
def test_a_range_between_two_regular_looks_was_looked_at(room, since, until):
    for quarter in range(4, 12):
        look(room, quarter / 4)
    found = asked(room, since, until)
    assert (gaps(found), found["complete"]) == ([], True)


def test_a_range_inside_a_gap_is_a_gap_from_end_to_end(room):
    look(room, 10)
    look(room, 1)
    assert [(a, b) for a, b, _ in gaps(asked(room, 5, 4))] == [(5, 4)]


def test_one_source_with_a_gap_makes_the_whole_incomplete(room):
    for quarter in range(5):
        look(room, quarter / 4)
        look(room, quarter / 4, "failed", "two", "down")
    found = asked(room, since=1)
    assert found["complete"] is False
    assert [s["source"] for s in found["sources"] if not s["gaps"]] == ["one"]


def test_a_range_still_to_come_has_no_gap_that_ends_before_it_begins(room):
    look(room, 0)
    assert all(a > b for a, b, _ in gaps(asked(room, since=-5)))


def asked_for(room, q, **filters):
    with room.database.read() as session:
        return coverage(session, PostQuery.build(q, **filters), NOW)


def test_a_question_for_an_account_counts_the_sources_that_show_it(room):
    room.archive(post(1), source="one")
    look(room, 0.1, name="one")
    look(room, 0.1, name="other")
    for found in (
        asked_for(room, "from:@office@m.example"),
        asked_for(room, "", account="office@m.example"),
        asked_for(room, "platform:mastodon"),
        asked_for(room, "source:one meeting"),
    ):
        assert [s["source"] for s in found["sources"]] == ["one"]
    assert [s["source"] for s in asked_for(room, "meeting")["sources"]] == ["one", "other"]


@pytest.mark.parametrize("q", ["from:@nobody", "platform:nope", "from:@nobody source:one"])
def test_what_no_source_follows_was_not_looked_at(room, q):
    room.archive(post(1), source="one")
    look(room, 0.1, name="one")
    found = asked_for(room, q)
    assert (found["complete"], found["sources"]) == (False, [])
    assert found["note"].startswith("No source follows this")


def test_without_a_beginning_the_range_begins_at_the_first_look(room):
    look(room, 0.4)
    look(room, 0.2)
    assert asked_for(room, "")["from"] == times.text(NOW - 0.4 * HOUR)
