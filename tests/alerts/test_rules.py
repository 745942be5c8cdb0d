"""Rules on a real archive: what is judged when, one message for each subscriber, and what it holds."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import unquote_plus

import pytest

from alerts import preview, rules, saving
from alerts.links import Links
from alerts.rules import Memory, look
from core.alert import AlertForm
from core.post import View
from db import alerts, hits
from db.models import Alert, Delivery, Run, Subscriber
from db.query import PostQuery
from db.upsert import insert_all
from tests.conftest import NOW
from tests.db.conftest import post

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LINKS = Links("https://kle.example")
OFFICE = SimpleNamespace(links=LINKS)
DESK = SimpleNamespace(office=OFFICE)
MORE = {"kind": "more_than", "count": 2, "within": "1d"}
UNUSUAL, SILENCE = {"kind": "unusual"}, {"kind": "silence"}


def make(room, rule, query="meeting", subscribers=1, **more):
    """An alert with subscribers who said yes."""
    row = {"name": "Meetings", "query": query, "rule": rule, "cadence": "at_once", "lang": "en", "owner": "ana",
           "max_age_seconds": 604_800, **more}  # fmt: skip
    with room.database.write() as session:
        number = alerts.make(session, row, NOW)
        people = [
            {"kind": "fake", "address_key": f"{number}-{n}", "address": "sealed", "shown": "a", "made_at": NOW}
            for n in range(subscribers)
        ]
        for person in insert_all(session, Subscriber, people):
            alerts.subscribe(session, number, person, NOW, NOW)
    return number


def seen(room, *before, text="A meeting", start=1):
    """Posts published so long before NOW."""
    room.archive(*(post(start + n, text, created_at=NOW - span) for n, span in enumerate(before)))


def looks(room, since, until=timedelta(0), every=timedelta(minutes=15), outcome="ok", source="one"):
    origin, _ = room.source(source)
    row = {
        "source_id": origin.id,
        "posts": 1,
        "posts_new": 0,
        "posts_changed": 0,
        "problems": 0,
        "outcome": outcome,
    }
    starts = [NOW - since + n * every for n in range((since - until) // every + 1)]
    with room.database.write() as session:
        insert_all(session, Run, [{**row, "started_at": at, "finished_at": at} for at in starts])


def ticked(room, now=NOW, memory=None):
    return look(room.database, OFFICE, now, memory)


def state(room):
    return min(room.rows(Alert), key=lambda row: row.id).state


def test_more_than_speaks_once_and_again_after_it_fell(room):
    make(room, MORE)
    seen(room, 20 * HOUR, 10 * HOUR)
    assert ticked(room) == 0 and state(room) == {}
    seen(room, HOUR, start=9)
    assert ticked(room) == 1 and ticked(room) == 0 and state(room) == {"above": True}
    assert ticked(room, NOW + 4 * HOUR) == 0 and state(room) == {}
    seen(room, -3 * HOUR, start=12)
    assert ticked(room, NOW + 4 * HOUR) == 1
    first, second = room.rows(Delivery)
    assert (first.kind, first.attempts, first.outcome, first.ended_at) == ("rule", 0, None, None)
    assert first.key != second.key and len(first.key) == len("msg_") + 32
    assert first.body["type"] == "alert.more_than" and first.body["timestamp"] == "2026-09-01T12:00:00Z"
    data = first.body["data"]
    assert data["alert"] == {"id": 1, "name": "Meetings", "query": "meeting", "cadence": "at_once",
                             "url": "https://kle.example/alerts/1"}  # fmt: skip
    assert data["figures"] == {"posts": 3, "more_than": 2, "within": "1d"}
    assert [p["id"] for p in data["posts"]] == [f"mastodon:m.example/{n}" for n in (9, 2, 1)]
    assert data["posts"][0]["page"] == "https://kle.example/posts/mastodon:m.example/9"
    assert "since%3A2026-08-31T12" in data["search"]


def test_the_search_link_finds_the_posts_that_were_counted(room):
    make(room, {**MORE, "count": 0}, query="meeting OR talks")
    seen(room, 25 * HOUR, 24 * HOUR, 23 * HOUR, timedelta(0), -HOUR)
    ticked(room)
    query = room.rows(Delivery)[0].body["data"]["search"].partition("?q=")[2]
    assert room.ids(unquote_plus(query)) == ["mastodon:m.example/4", "mastodon:m.example/3"]


def test_what_terms_withhold_is_in_no_message(room):
    make(room, {**MORE, "count": 0})
    room.archive(post(1, "A secret meeting", platform="x", platform_id="1", created_at=NOW - HOUR, view=View.FULL))
    ticked(room)
    (told,) = room.rows(Delivery)[0].body["data"]["posts"]
    assert told["text"] is None and told["rights"]["text_withheld"]
    assert "secret" not in str(room.rows(Delivery)[0].body)


def test_each_confirmed_subscriber_is_told_when_the_alert_may_speak(room):
    number = make(room, MORE, subscribers=2, cadence="hourly", quiet="12:00-18:00 UTC")
    with room.database.write() as session:
        row = {"kind": "fake", "address_key": "z", "address": "sealed", "shown": "z", "made_at": NOW}
        alerts.subscribe(session, number, insert_all(session, Subscriber, [row])[0], NOW, None)
    seen(room, 3 * HOUR, 2 * HOUR, HOUR)
    assert ticked(room) == 2
    made = room.rows(Delivery)
    assert [d.subscriber_id for d in made] == [1, 2]
    assert {d.not_before for d in made} == {datetime(2026, 9, 1, 18, tzinfo=UTC)}


@pytest.mark.parametrize("change", [{"paused_at": NOW}, {"ended_at": NOW}, {"query": "x"}, {"state": {"above": 1}}])
def test_an_alert_that_was_changed_meanwhile_is_not_told(room, change):
    number = make(room, MORE)
    with room.database.read() as session:
        read = alerts.get(session, number)
    with room.database.write() as session:
        alerts.change(session, number, change)
    with room.database.write() as session:
        assert not alerts.step(session, read, {"above": True})


def test_two_processes_make_one_message(room):
    make(room, MORE)
    seen(room, 3 * HOUR, 2 * HOUR, HOUR)
    with room.database.read() as session:
        (read,) = alerts.standing(session)
        spoken = rules.speak(session, read, rules.judged(session, read, NOW), NOW, LINKS)
    assert ticked(room) == 1
    with room.database.write() as session:
        assert spoken.body and not alerts.step(session, read, spoken.state)


def test_paused_alerts_and_those_that_tell_posts_are_left_alone(room):
    make(room, MORE, paused_at=NOW)
    make(room, {"kind": "posts"})
    seen(room, 3 * HOUR, 2 * HOUR, HOUR)
    assert ticked(room) == 0 and not room.rows(Delivery)


def test_a_query_that_means_nothing_any_more_stops_no_other(room):
    make(room, MORE, query="topic:gone")
    make(room, MORE)
    seen(room, 3 * HOUR, 2 * HOUR, HOUR)
    assert ticked(room) == 1


def test_a_rule_that_breaks_stops_no_other(room):
    """Such as one whose place a newer list of time zones lacks."""
    make(room, MORE, cadence="daily 07:00 Atlantis/North")
    make(room, MORE)
    seen(room, HOUR, 2 * HOUR, 3 * HOUR)
    assert look(room.database, OFFICE, NOW) == 1


def test_a_rule_is_judged_when_something_can_have_changed(room, monkeypatch):
    judged = []
    whole = rules.judged
    monkeypatch.setattr(rules, "judged", lambda *given: judged.append(given[1].id) or whole(*given))

    def asked(now, memory):
        judged.clear()
        ticked(room, now, memory)
        return judged[:]

    make(room, MORE)
    make(room, UNUSUAL)
    make(room, SILENCE)
    seen(room, 20 * HOUR)
    room.verify()  # on PostgreSQL lines are sealed later
    memory = Memory()
    assert asked(NOW, memory) == [1, 2, 3] and asked(NOW + timedelta(seconds=1), memory) == []
    seen(room, 2 * HOUR, start=5)  # one more cannot make more than two
    room.verify()
    assert asked(NOW + timedelta(seconds=2), memory) == []
    seen(room, HOUR, start=6)
    room.verify()
    assert asked(NOW + timedelta(seconds=3), memory) == [1]
    assert asked(NOW + timedelta(seconds=4), memory) == [] and state(room) == {"above": True}
    assert asked(NOW + timedelta(minutes=6), memory) == [1, 2]
    assert asked(NOW + timedelta(minutes=10), memory) == [3]
    with room.database.write() as session:
        alerts.change(session, 3, {"query": "talks"})
    assert asked(NOW + timedelta(minutes=10, seconds=1), memory) == [3]
    assert asked(NOW - DAY, memory) == [1, 2, 3]  # a clock that was set back


def daily(days=40, a_day=4):
    return [(day + 1) * DAY + timedelta(minutes=7 * n) for day in range(days) for n in range(a_day)]


def test_unusual_speaks_of_the_last_day(room):
    make(room, UNUSUAL)
    looks(room, 60 * DAY, every=6 * HOUR)
    seen(room, *daily(60))
    assert ticked(room) == 0
    seen(room, *(timedelta(minutes=30 * n) for n in range(37)), start=1000)
    assert ticked(room) == 1 and ticked(room) == 0
    data = room.rows(Delivery)[0].body["data"]
    assert data["explained"].startswith("37 posts in 24 hours; usually 4 (")
    assert len(data["posts"]) == hits.NEWEST and data["figures"]["posts"] == 37


def test_silence_speaks_when_every_source_was_looked_at(room):
    make(room, SILENCE)
    looks(room, 30 * DAY)
    seen(room, *(3 * DAY + 9 * HOUR * n for n in range(40)))
    assert ticked(room) == 1 and ticked(room, NOW + DAY) == 0
    data = room.rows(Delivery)[0].body["data"]
    assert data["explained"].startswith("No post for 3 days: the last one was published 2026-08-29 12:00 UTC.")
    assert "288 times since" in data["explained"] and data["figures"]["longest_seconds"] == 9 * 3600
    assert [p["id"] for p in data["posts"]] == ["mastodon:m.example/1"]


@pytest.mark.parametrize("outcome", ["failed", "rate_limited"])
def test_silence_waits_while_a_source_fails(room, outcome):
    """Others that are looked at, and never showed such posts, change nothing."""
    make(room, SILENCE)
    looks(room, 30 * DAY, 3 * DAY)
    looks(room, 3 * DAY, outcome=outcome)
    looks(room, 30 * DAY, source="two")
    seen(room, *(3 * DAY + 9 * HOUR * n for n in range(40)))
    assert ticked(room) == 0
    looks(room, timedelta(minutes=5))  # it is back: the silence is counted from now
    assert ticked(room) == 0
    with room.database.read() as session:
        assert not alerts.standing(session)[0].state


# -- the days before --


def form(rule, query="meeting"):
    return AlertForm.model_validate({"name": "m", "query": query, "rule": rule})


def previewed(room, rule, days=90, **more):
    with room.database.read() as session:
        return preview.preview(session, form(rule, **more), LINKS, NOW, days)


def test_preview_of_more_than_tells_each_time_it_got_above(room):
    seen(room, *(50 * DAY + n * HOUR for n in range(4)), *(9 * DAY + n * HOUR for n in range(3)), 200 * DAY, HOUR)
    found = previewed(room, MORE)
    assert [s["at"] for s in found["spoken"]] == ["2026-07-13T11:00:00Z", "2026-08-23T12:00:00Z"]
    assert found["messages"] == 2 and found["posts"] == 8 and len(found["per_day"]) == 91
    assert found["busiest"] == {"date": "2026-07-13", "posts": 4}
    assert [d for d in found["per_day"] if d["messages"]] == [
        {"date": "2026-07-13", "posts": 4, "late": 0, "messages": 1},
        {"date": "2026-08-23", "posts": 3, "late": 0, "messages": 1},
    ]
    assert found["spoken"][0]["explained"].startswith("3 posts in 24 hours, more than 2.")
    assert len(found["examples"]) == 5 and "as it is now" in found["note"]


def test_preview_of_unusual_and_silence_finds_what_ticks_would_have_found(room):
    """Ticks at every hour make the same messages, at the same hours."""
    looks(room, 40 * DAY)
    last = 4 * DAY + timedelta(minutes=10)
    burst = [last + timedelta(minutes=9 * n) for n in range(40)]
    before = [last + 10 * HOUR * n for n in range(1, 80)]
    seen(room, *before, *burst)
    for number, rule in enumerate((UNUSUAL, SILENCE), 1):
        make(room, rule)
        start = NOW.replace(hour=0) - 5 * DAY
        spoke = []
        for n in range((NOW - start) // HOUR + 1):
            with room.database.read() as session:
                alert = alerts.get(session, number)
                at = start + n * HOUR
                spoken = rules.speak(session, alert, rules.judged(session, alert, at), at, LINKS)
            if spoken:
                with room.database.write() as session:
                    assert alerts.step(session, alert, spoken.state)
            if spoken and spoken.body:
                spoke.append((start + n * HOUR, spoken.body["data"]["explained"]))
        found = previewed(room, rule, days=6)
        assert [s["explained"] for s in found["spoken"]] == [said for _, said in spoke] and len(spoke) >= 1


def test_preview_of_an_empty_archive(room):
    for rule in (MORE, UNUSUAL, SILENCE):
        found = previewed(room, rule)
        assert (found["posts"], found["messages"], found["busiest"], found["spoken"]) == (0, 0, None, [])


def test_moments_are_those_of_the_timeline(room):
    seen(room, 3 * HOUR, 2 * HOUR, HOUR)
    with room.database.read() as session:
        query = hits.between(PostQuery.build("meeting since:2026-09-01T10:00:00Z"), NOW - 9 * HOUR, NOW - HOUR)
        at = hits.moments(session, query)
        assert hits.daily(at, NOW, 2) == [2, 0]
        assert len(hits.newest(session, query)) == len(at) == 2


def test_another_name_does_not_let_it_speak_again(room):
    """What it waits for does."""
    number = make(room, MORE)
    seen(room, 3 * HOUR, 2 * HOUR, HOUR)
    assert ticked(room) == 1
    memory = Memory()
    for changed, messages in (({"name": "Talks"}, 0), ({"rule": {**MORE, "count": 1}}, 1)):
        given = {"name": "Meetings", "query": "meeting", "rule": MORE, **changed}
        with room.database.write() as session:
            saving.change(session, number, AlertForm.model_validate(given), DESK, NOW)
            person = room.rows(Subscriber)[0].id
            alerts.subscribe(session, number, person, NOW, NOW)
        assert ticked(room, memory=memory) == messages
