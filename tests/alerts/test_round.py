"""What comes in is told once, to whom it concerns, with all reasons; and what was there before is nobody's news."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from alerts import body, gather, opting, saving
from alerts.round import Matcher
from core.alert import AlertForm
from core.errors import DeliveryError
from db import alerts, told
from db.database import Database
from db.models import Alert, Source
from db.moving.merging import merge
from db.upsert import table
from tests.alerts.bench import Bench, posts, why
from tests.conftest import NOW
from tests.db.conftest import OFFICE, Room, Score, snowflake

HOUR = timedelta(hours=1)


@pytest.fixture
def bench(room: Room, tmp_path, monkeypatch) -> Bench:
    return Bench(room, tmp_path, monkeypatch)


@pytest.fixture
def tagged(room: Room, tmp_path, monkeypatch) -> Bench:
    """Where a model reads what comes."""
    room.topics()
    return Bench(room, tmp_path, monkeypatch, tagging=True)


def test_a_new_post_that_matches_is_told_once_with_its_reason(bench):
    bench.alert("reform")
    told, _ = bench.comes("Talks on reform"), bench.comes("Talks on training")
    (letter,) = bench.tell()
    assert posts(letter) == [told] and why(letter) == [("reform", "words")]
    assert bench.tell() == [] and bench.tell(HOUR) == []


def test_what_was_there_before_the_alert_is_not_new_to_it(bench):
    bench.comes("An old reform")
    bench.alert("reform")
    new = bench.comes("A new reform")
    (letter,) = bench.tell()
    assert posts(letter) == [new]


def test_it_is_told_though_no_matcher_had_run_before_the_post_came(bench):
    bench.alert("reform")
    assert bench.comes("reform") and bench.tell()


def test_one_post_is_told_once_whatever_of_a_subscribers_alerts_it_matches(bench):
    bench.alert("reform")
    bench.alert("talks", to="ME")
    bench.alert("talks", to="another")
    bench.comes("Talks on reform")
    mine, others = sorted(bench.tell(), key=lambda letter: letter.address != "me")
    assert (mine.address, others.address) == ("me", "another")
    assert why(mine) == [("reform", "words"), ("talks", "words")] and why(others) == [("talks", "words")]


def test_the_alert_that_is_due_first_tells_it(bench):
    bench.alert("reform", cadence="hourly")
    bench.alert("talks")
    bench.comes("Talks on reform")
    (letter,) = bench.tell()
    assert letter.body["data"]["alert"]["name"] == "talks" and len(why(letter)) == 2
    assert bench.tell(2 * HOUR) == []


def test_accounts_and_actors_that_are_not_known_yet_can_be_waited_for(bench):
    bench.alert("from:@office@m.example")
    bench.comes("Anything")
    (letter,) = bench.tell()
    assert why(letter) == [("from:@office@m.example", "account")]


def test_what_words_do_not_tell_the_search_answers(bench):
    bench.alert("min_likes:1 reform")
    bench.alert("reform since:2030-01-01")
    bench.alert(f"reform until:{NOW + HOUR:%Y-%m-%dT%H:%M:%SZ}", to="until")
    bench.comes("reform")
    (letter,) = bench.tell()
    assert letter.address == "until"


def test_a_topic_is_told_when_a_model_has_read_the_post_with_its_evidence(tagged):
    tagged.alert("topic:reform")
    tagged.comes("Talk about the unification")
    assert tagged.tell() == []
    tagged.tag(Score("reform"))
    (letter,) = tagged.tell()
    (reason,) = letter.body["data"]["posts"][0]["reasons"]
    assert (reason["topic"], reason["probability"], reason["evidence"]["text"]) == ("reform", 0.9, "Talk")
    assert reason["link"].endswith("#topic-reform") and "0.90" in reason["text"]


def test_words_wait_for_tags_a_little_so_that_all_reasons_are_there(tagged):
    tagged.alert("unification")
    tagged.alert("topic:reform")
    tagged.comes("Talk about the unification")
    assert tagged.tell() == []
    tagged.tag(Score("reform"))
    (letter,) = tagged.tell()
    assert {kind for _, kind in why(letter)} == {"words", "topic"}


def test_words_do_not_wait_for_a_model_that_never_comes(tagged):
    tagged.alert("unification")
    tagged.alert("unification -topic:reform", to="other")
    tagged.comes("Talk about the unification")
    assert tagged.tell() == []
    (letter,) = tagged.tell(timedelta(seconds=20))
    assert letter.address == "me"


def test_a_query_without_a_topic_is_told_of_posts_that_have_it_not(tagged):
    tagged.alert("talk -topic:reform")
    tagged.comes("Talk of reform")
    tagged.tag(Score("reform"))
    tagged.comes("Talk of training")
    tagged.tag(Score("training"))
    (letter,) = tagged.tell()
    assert posts(letter) == ["mastodon:m.example/2"]


def test_reading_anew_tells_nothing_again_and_nothing_new(tagged):
    tagged.alert("topic:reform")
    tagged.alert("talk", to="other")
    tagged.comes("Talk about the unification")
    tagged.tag(Score("training"))
    assert len(tagged.tell()) == 1
    tagged.room.adopt("another")
    tagged.tag(Score("reform"), model="another")
    assert tagged.tell(HOUR) == []


def test_an_edit_is_told_again_only_to_who_asked_for_it(bench):
    bench.alert("reform", edits=True)
    bench.alert("reform", to="other")
    first = bench.comes("Talks on reform")
    assert len(bench.tell()) == 2
    bench.room.archive(bench.seen("Talks on reform, and training", 1))
    (letter,) = bench.tell(HOUR)
    assert letter.address == "me" and posts(letter) == [first] and letter.body["data"]["posts"][0]["edited"]
    assert bench.tell(HOUR) == []


def test_an_edit_of_what_waits_is_told_with_it(bench):
    bench.alert("reform", cadence="hourly", edits=True)
    bench.comes("Talks on reform")
    bench.match()
    bench.room.archive(bench.seen("Talks on reform, and training", 1))
    (letter,) = bench.tell(HOUR)
    assert letter.body["data"]["posts"][0]["text"].endswith("and training")


def test_what_matches_only_after_an_edit_is_told_then(bench):
    bench.alert("reform")
    bench.comes("Talks")
    assert bench.tell() == []
    bench.room.archive(bench.seen("Talks on reform", 1))
    assert len(bench.tell()) == 1


def test_old_posts_that_are_seen_late_come_apart(bench):
    bench.alert("reform", max_age="7d")
    old = bench.comes("An old reform", created_at=bench.room.now - timedelta(days=30))
    new = bench.comes("A new reform")
    (letter,) = bench.tell()
    assert posts(letter) == [new]
    (letter,) = bench.tell(timedelta(minutes=2))
    assert posts(letter) == [old] and letter.body["data"]["late"] and letter.kind == "late"
    bench.comes("Another old reform", created_at=bench.room.now - timedelta(days=31))
    assert bench.tell(timedelta(minutes=5)) == [] and len(bench.tell(HOUR)) == 1


def test_a_round_that_is_done_twice_tells_once(bench):
    bench.alert("reform")
    bench.comes("reform")
    with bench.room.database.read() as session:
        place = alerts.place(session)
    bench.match()
    with bench.room.database.write() as session:
        assert alerts.advance(session, alerts.place(session), place)
    bench.match()
    assert len(bench.tell()) == 1


def test_who_comes_second_with_a_round_writes_nothing(bench, monkeypatch):
    bench.alert("reform")
    bench.comes("reform")
    monkeypatch.setattr(alerts, "advance", lambda *_: False)
    bench.room.verify()
    assert bench.matcher.round(bench.room.tick()) and not bench.waiting()


def test_a_failing_query_stops_nobody_else(bench):
    bench.room.source("gone")
    bench.alert("source:gone")
    bench.alert("reform", to="other")
    with bench.room.database.write() as session:
        session.execute(update(table(Source)).values(name="renamed"))
    bench.comes("reform")
    assert [letter.address for letter in bench.tell()] == ["other"]


def test_a_flood_becomes_one_message_with_all(bench):
    bench.alert("reform")
    for _ in range(3):
        bench.comes("One reform")
        assert len(bench.tell()) == 1
    bench.room.archive(*(bench.seen(f"Reform {n}", n) for n in range(10, 50)))
    many = [f"mastodon:m.example/{n}" for n in range(10, 50)]
    assert bench.tell() == []
    (letter,) = bench.tell(timedelta(seconds=25))
    assert sorted(posts(letter)) == sorted(many)
    laid_out = [p["id"] for part in letter.body["data"]["digest"] for p in part["posts"]]
    echoes = [e for part in letter.body["data"]["digest"] for p in part["posts"] for e in p["echoes"]]
    assert sorted(laid_out + echoes) == sorted(many)


def test_quiet_hours_and_cadence_hold_messages_back(bench):
    bench.alert("reform", quiet="11:00-13:00", cadence="at_once")
    bench.comes("reform")
    assert bench.tell() == []
    assert len(bench.tell(timedelta(hours=1, minutes=1))) == 1


def test_a_message_is_tried_again_under_its_key_until_it_is_taken(bench):
    bench.alert("reform")
    bench.comes("reform")

    def refuse(letter):
        raise DeliveryError("come back later", retry_after=600, answered=429)

    bench.fake.does, taken = refuse, bench.fake.does
    assert bench.tell() == [] and bench.tell(timedelta(minutes=5)) == []
    (row,) = bench.messages()
    assert row.attempts == 1 and row.answer == "come back later" and bench.who().failing_since
    bench.fake.does = taken
    (letter,) = bench.tell(timedelta(minutes=6))
    assert letter.key == row.key and bench.who().failing_since is None
    assert [one.outcome for one in bench.tries()] == ["failed", "sent"]


def test_text_that_terms_withhold_is_in_no_message(bench):
    bench.alert("reform")
    now = bench.room.now
    bench.room.archive(bench.seen("Talks on reform", 1, platform="x", platform_id=snowflake(now), account=OFFICE))
    (letter,) = bench.tell()
    assert letter.body["data"]["posts"][0]["text"] is None and "Talks" not in str(letter.body)


def test_old_posts_of_an_archive_that_is_merged_in_come_apart_too(bench, tmp_path):
    """It saw them in time; here they are found late, and nobody is told of a year at once as if it were new."""
    file = tmp_path / "other.sqlite"
    other = Room(Database(f"sqlite:///{file}"), bench.room.now - timedelta(days=300))
    other.database.migrate()
    other.archive(bench.seen("reform of last year", 71, created_at=other.now))
    other.now = bench.room.now
    other.archive(bench.seen("reform of today", 72))
    bench.alert("reform")
    merge.merge(bench.room.database, str(file), check=False, clock=bench.room.tick)
    other.database.close()
    bench.match()
    bench.gather(timedelta(minutes=2))
    bodies = {message.kind: message.body["data"] for message in bench.messages()}
    assert [p["text"] for p in bodies["posts"]["posts"]] == ["reform of today"]
    assert [p["text"] for p in bodies["late"]["posts"]] == ["reform of last year"] and bodies["late"]["late"]


# -- nobody is held back by another one ------------------------------------------------------------------------


def mailed(bench, query, **more):
    """An alert for a mail address, which has to say yes."""
    outside = more.pop("outside", False)
    form = {"name": query, "query": query, "channels": [{"kind": "email", "to": "me"}], **more}
    with bench.room.database.write() as session:
        made = saving.make(
            session, AlertForm.model_validate(form), bench.desk, "ana", bench.room.tick(), outside=outside
        )
    return made.id


def agree(bench, number):
    with bench.room.database.write() as session:
        (one,) = alerts.subscriptions(session, [number])
        opting.confirm(session, one.id, bench.desk.token("confirm", one.id), bench.desk, bench.room.tick())


def test_what_an_outsider_asked_for_in_anothers_name_holds_nothing_back_and_says_nothing(bench):
    agree(bench, mailed(bench, "talks", cadence="hourly"))
    mailed(bench, "reform", outside=True)
    bench.comes("Talks on reform")
    bench.tell()
    (letter,) = bench.tell(2 * HOUR)
    assert letter.kind == "posts" and why(letter) == [("talks", "words")]


def test_what_waits_for_a_yes_is_told_once_it_is_said_by_what_is_due_first(bench):
    agree(bench, mailed(bench, "talks", cadence="hourly"))
    asked = mailed(bench, "reform", outside=True)
    bench.comes("Talks on reform")
    bench.tell()
    agree(bench, asked)
    (letter,) = bench.tell()
    assert letter.body["data"]["alert"]["name"] == "reform" and len(why(letter)) == 2
    assert bench.tell(2 * HOUR) == []


def test_what_waits_for_a_paused_alert_is_told_by_another_one(bench):
    first = bench.alert("reform", cadence="hourly")
    bench.alert("talks", cadence="daily 23:00 UTC")
    bench.comes("Talks on reform")
    bench.match()
    with bench.room.database.write() as session:
        saving.pause(session, first, bench.room.now)
    assert bench.tell(2 * HOUR) == []
    with bench.room.database.write() as session:
        saving.resume(session, first)
        saving.pause(session, first, bench.room.now)
    (letter,) = bench.tell(24 * HOUR)
    assert letter.body["data"]["alert"]["name"] == "talks"


def test_who_ended_an_alert_while_a_round_was_read_is_told_by_the_others(bench, monkeypatch):
    """The rows of one that ended would wait for good, and what else matches would wait with them."""
    first = bench.alert("reform")
    bench.alert("talks")
    bench.comes("Talks on reform")
    bench.room.verify()
    write, done = bench.room.database.write, []

    def late(**how):
        if not done:
            done.append(True)
            with write() as session:
                saving.end(session, first, bench.room.now)
        return write(**how)

    monkeypatch.setattr(bench.room.database, "write", late)
    assert bench.matcher.round(bench.room.tick()) and done
    (letter,) = bench.tell()
    assert why(letter) == [("talks", "words")]


def test_who_ends_an_alert_waits_for_the_rows_of_a_round_that_is_written(bench):
    if bench.room.database.dialect == "sqlite":
        pytest.skip("it has one writer at a time")
    number = bench.alert("reform")
    held, free = threading.Event(), threading.Event()

    def ends():
        held.wait(10)
        with bench.room.database.write() as session:
            saving.end(session, number, bench.room.now)
        free.set()

    thread = threading.Thread(target=ends)
    thread.start()
    with bench.room.database.write() as session:
        alerts.keep_still(session)
        held.set()
        assert not free.wait(0.5)
    thread.join(10)
    assert free.is_set()


def test_those_who_have_to_wait_starve_nobody(bench, monkeypatch):
    monkeypatch.setattr(gather, "GROUPS", 2)
    for n in range(3):
        bench.alert("old", to=f"a{n}")
    bench.alert("reform")
    for n in range(2):
        bench.comes(f"old {n}", created_at=bench.room.now - timedelta(days=30))
        bench.tell(timedelta(minutes=2))
        bench.tell(timedelta(minutes=2))
    assert len(bench.waiting()) == 3, "one digest of what was found late an hour"
    bench.comes("reform")
    assert [letter.address for letter in bench.tell()] == ["me"]


def test_a_message_that_cannot_be_made_stops_nobody_else(bench, monkeypatch):
    bench.alert("reform", to="other")
    bench.alert("training")
    made = body.of_posts

    def of_posts(session, alert, *given, **more):
        assert alert.query != "reform", "a post that breaks what should tell it"
        return made(session, alert, *given, **more)

    monkeypatch.setattr(body, "of_posts", of_posts)
    bench.comes("reform")
    bench.comes("training")
    assert [letter.address for letter in bench.tell()] == ["me"]
    monkeypatch.setattr(body, "of_posts", made)
    assert bench.tell() == []
    assert [letter.address for letter in bench.tell(timedelta(minutes=10))] == ["other"]


def test_an_alert_whose_time_zone_is_gone_stops_nobody_else(bench):
    broken = bench.alert("reform", to="other")
    bench.alert("reform")
    with bench.room.database.write() as session:
        mine = table(Alert).c.id == broken
        session.execute(update(table(Alert)).where(mine).values(cadence="daily 07:00 Atlantis/North"))
    bench.comes("reform")
    assert [letter.address for letter in bench.tell()] == ["me"]


def test_what_a_query_asks_for_may_go_and_come_back_while_a_matcher_runs(bench):
    """As sources do that another process reads from kle.toml: no alert changes with them."""
    bench.room.source("gone")
    bench.alert("source:gone OR min_likes:5")
    bench.alert("reform", to="other")
    bench.comes("first")
    assert bench.tell() == []
    named = update(table(Source)).where(table(Source).c.name.in_(("gone", "renamed")))
    with bench.room.database.write() as session:
        session.execute(named.values(name="renamed"))
    bench.comes("reform")
    assert [letter.address for letter in bench.tell()] == ["other"]
    bench.matcher = Matcher(bench.room.database, tagging=False)
    bench.comes("another reform")
    assert [letter.address for letter in bench.tell()] == ["other"]
    with bench.room.database.write() as session:
        session.execute(named.values(name="gone"))
    bench.room.archive(bench.seen("second", 50), source="gone")
    assert [letter.address for letter in bench.tell()] == ["me"]


def test_two_edits_that_wait_are_told_as_one(bench):
    bench.alert("reform", edits=True, quiet="13:00-15:00")
    bench.comes("Talks on reform")
    assert len(bench.tell()) == 1
    bench.room.tick(HOUR)
    for n in range(2):
        bench.room.archive(bench.seen(f"Talks on reform {n}", 1))
        bench.match()
    (row,) = bench.waiting()
    assert row.edition and len(bench.tell(2 * HOUR)) == 1


# -- a clock that was wrong -------------------------------------------------------------------------------------

YEAR = timedelta(days=366)


def test_a_line_of_the_ledger_from_the_future_makes_nothing_late(bench):
    bench.alert("reform")
    bench.room.tick(YEAR)
    bench.comes("while the clock was wrong")
    bench.match()
    bench.room.tick(HOUR - YEAR)
    bench.comes("reform")
    assert [letter.kind for letter in bench.tell()] == ["posts"]


def test_a_message_from_the_future_lets_no_other_one_wait(bench):
    bench.alert("reform")
    old = bench.room.now - timedelta(days=30)
    bench.comes("An old reform", created_at=old)
    bench.match()
    bench.gather(YEAR)
    bench.room.tick(HOUR - YEAR)
    bench.comes("Another old reform", created_at=old)
    bench.match()
    assert bench.gather(timedelta(minutes=2)) == 1


def test_what_is_due_and_what_was_made_in_the_future_is_told_now(bench):
    bench.alert("reform", cadence="hourly")
    bench.alert("training", to="other")
    bench.room.tick(YEAR)
    bench.comes("reform")
    bench.comes("training")
    bench.match()
    bench.gather()
    bench.room.tick(HOUR - YEAR)
    assert sorted(letter.address for letter in bench.tell()) == ["me", "other"]


def test_what_waits_is_found_without_a_look_at_all_that_was_told(bench):
    """SQLite takes an index by what it is asked to sort, and nothing that was told is ever thrown away."""
    if bench.room.database.dialect != "sqlite":
        pytest.skip("PostgreSQL chooses by how many rows there are")
    plans = []

    def explain(connection, _cursor, statement, parameters, *_):
        if "FROM told" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(rows.fetchall()[0][3])

    engine = bench.room.database._engine
    event.listen(engine, "before_cursor_execute", explain)
    with bench.room.database.read() as session:
        told.waiting(session, told.Group(1, 1, False, 1, bench.room.now, bench.room.now), bench.room.now)
    event.remove(engine, "before_cursor_execute", explain)
    assert len(plans) == 1 and "ix_told_waiting" in plans[0]


def test_an_edit_that_matches_no_more_takes_back_what_waits(bench):
    bench.alert("opal", cadence="hourly")
    bench.alert("opel", cadence="hourly", to="other")
    bench.comes("opal and opel")
    bench.match()
    bench.room.archive(bench.seen("opel alone", 1))
    (letter,) = bench.tell(HOUR)
    assert letter.address == "other"


def test_many_that_come_bit_by_bit_are_told_together(bench):
    """An import is archived in transactions of some hundreds."""
    bench.alert("reform")
    for start in (0, 20, 40):
        bench.room.archive(*(bench.seen(f"Reform {n}", n) for n in range(start, start + 20)))
        assert bench.tell() == []
    (letter,) = bench.tell(timedelta(seconds=4))
    assert len(posts(letter)) == 60


def test_many_that_never_end_are_told_in_time(bench):
    bench.alert("reform")
    letters = []
    for start in range(0, 300, 20):
        bench.room.archive(*(bench.seen(f"Reform {n}", n) for n in range(start, start + 20)))
        letters += bench.tell(timedelta(seconds=1))
    assert letters and len(letters) <= 3


def test_words_are_told_as_they_were_asked_for(bench):
    bench.alert("چاکسازی OR Kürdistan*")
    bench.comes("باسی چاكسازي لە kurdistanê")
    (letter,) = bench.tell()
    assert [r["words"] for r in letter.body["data"]["posts"][0]["reasons"]] == ["چاکسازی", "Kürdistan*"]


def test_more_than_fit_into_one_message_come_in_several_without_a_pause(bench, monkeypatch):
    monkeypatch.setattr("alerts.gather.MOST", 7)
    bench.alert("reform")
    old = bench.room.now - timedelta(days=30)
    bench.room.archive(*(bench.seen(f"Reform {n}", n, created_at=old) for n in range(40)))
    bench.match()
    bench.room.tick(timedelta(minutes=2))
    while bench.gather():
        pass
    letters = bench.tell()
    while more := bench.tell():
        letters += more
    told = [post for letter in letters for post in posts(letter)]
    assert len(letters) == 6 and len(told) == len(set(told)) == 40
