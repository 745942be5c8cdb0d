"""Who looked while a query had no posts: the sources that showed its posts of late, and nobody else."""

from datetime import timedelta

from core import times
from db import hits, watched
from db.models import Run, Source
from db.query import PostQuery
from db.upsert import insert_all
from tests.conftest import NOW
from tests.db.conftest import post

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)


def looks(room, name, *before, outcome="ok"):
    source, _ = room.source(name)
    row = {
        "source_id": source.id,
        "posts": 1,
        "posts_new": 0,
        "posts_changed": 0,
        "problems": 0,
        "outcome": outcome,
    }
    starts = [NOW - span for span in before]
    with room.database.write() as session:
        insert_all(session, Run, [{**row, "started_at": at, "finished_at": at} for at in starts])


def every_quarter(since, until=timedelta(0)):
    return [since - n * QUARTER for n in range((since - until) // QUARTER + 1)]


def found(room, q, now=NOW):
    with room.database.read() as session:
        return watched.watched(session, PostQuery.build(q), now)


def spans(of):
    return [tuple((times.micros(NOW) - end) // 3_600_000_000 for end in gap) for gap in of.gaps]


def test_those_count_that_showed_its_newest_posts(room):
    room.archive(post(1, "talks"), source="one")
    room.archive(post(2, "training"), source="two")
    looks(room, "one", *every_quarter(5 * HOUR))
    looks(room, "two", *every_quarter(9 * HOUR))
    one, two = found(room, "talks"), found(room, "training")
    assert (len(one.looks), one.times(times.micros(NOW - 2 * HOUR)), one.since) == (
        1,
        8,
        times.micros(NOW - 5 * HOUR),
    )
    assert two.since == times.micros(NOW - 9 * HOUR) and two.last == times.micros(NOW)
    assert len(found(room, "talks OR training").looks) == 2


def test_without_posts_those_count_that_could_show_them(room):
    looks(room, "one", *every_quarter(5 * HOUR))
    looks(room, "two", *every_quarter(9 * HOUR))
    room.source("three")
    with room.database.write() as session:
        session.get_one(Source, room.source("two")[0].id).enabled = False
    assert len(found(room, "source:two talks").looks) == 1
    assert [len(one) for one in found(room, "talks").looks] == [21, 0]  # one and three, which follow still
    assert found(room, "talks").last is None


def test_gaps_are_those_of_any_of_them(room):
    room.archive(post(1, "talks"), source="one")
    room.archive(post(1, "talks"), source="two")
    looks(room, "one", *every_quarter(30 * HOUR, 20 * HOUR), *every_quarter(10 * HOUR))
    looks(room, "one", *every_quarter(20 * HOUR, 10 * HOUR), outcome="failed")
    looks(room, "two", *every_quarter(30 * HOUR, 3 * HOUR))
    of = found(room, "talks")
    assert spans(of) == [(20, 10), (3, 0)] and of.last == times.micros(NOW - 3 * HOUR)
    then = of.at(times.micros(NOW - 15 * HOUR))
    assert spans(then) == [(20, 15)] and then.last == times.micros(NOW - 20 * HOUR)


def test_what_is_still_to_come_is_not_known(room):
    looks(room, "one", *every_quarter(5 * HOUR))
    assert found(room, "talks", NOW - 4 * HOUR).last == times.micros(NOW - 4 * HOUR)


def test_days_with_a_look_of_any_source(room):
    looks(room, "one", 3 * DAY + HOUR, HOUR)
    looks(room, "two", DAY, outcome="failed")
    looks(room, "two", DAY + HOUR, 5 * DAY)
    assert found(room, "talks").days(NOW, 6) == [True, True, False, True, False, True]
    assert watched.Watched((), ()).days(NOW, 2) == [False, False]


def test_posts_between_two_moments_within_the_bounds_of_the_query(room):
    room.archive(*(post(n, created_at=NOW - n * HOUR) for n in range(1, 7)))
    with room.database.read() as session:

        def hours(q, after, until):
            query = hits.between(PostQuery.build(q), after and NOW - after * HOUR, NOW - until * HOUR)
            at = [(times.micros(NOW) - n) // 3_600_000_000 for n in hits.moments(session, query).tolist()]
            assert len(hits.newest(session, query)) == len(at)
            return at

        assert hours("meeting", 5, 2) == [4, 3, 2]  # not that of the first moment, but that of the last
        assert hours("meeting", None, 5) == [6, 5]
        assert hours("meeting since:2026-09-01T08:30:00Z", 5, 0) == [3, 2, 1]
        assert hours("meeting until:2026-09-01T09:00:00Z", 5, 0) == [4]
        assert hits.daily(hits.moments(session, PostQuery.build("")), NOW - 2 * HOUR, 2) == [5, 0]
