"""Whatever a receiver does and wherever we die: each message is taken once by its key, or shown as given up."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from alerts import saving, settle
from alerts.channel import Answer
from alerts.deliver import Outbox
from core import times
from core.errors import AddressGone, DeliveryError, Rejected, SettingsError
from db import alerts, work
from db.models import Delivery, Subscriber, Subscription
from db.upsert import table
from tests.alerts.bench import Bench, posts
from tests.db.conftest import Room

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def bench(room: Room, tmp_path, monkeypatch) -> Bench:
    return Bench(room, tmp_path, monkeypatch)


def failing(error):
    def does(letter):
        raise error

    return does


def test_waits_grow_up_to_two_hours_and_end_after_a_day(bench):
    bench.alert("reform")
    bench.comes("reform")
    bench.fake.does = failing(DeliveryError("out of order", answered=500))
    bench.match()
    bench.gather()
    waits = []
    for _ in range(200):
        bench.deliver()
        (row,) = bench.messages()
        if row.ended_at:
            break
        waits.append(row.not_before - bench.room.now)
        bench.room.now = row.not_before
    assert row.outcome == "parked" and row.answer == "out of order" and bench.room.now - row.made_at >= DAY
    assert timedelta(seconds=20) < waits[0] < timedelta(seconds=40) and max(waits) <= timedelta(hours=2.4)
    assert all(later > earlier for earlier, later in pairwise(waits[:7]))
    assert len(bench.tries()) == len(waits) + 1 and bench.who().paused_at


def test_what_a_receiver_asks_for_is_granted(bench):
    wait = settle.wait_before(1, DeliveryError("slow down", retry_after=5000))
    assert wait == timedelta(seconds=5000)
    assert settle.wait_before(1, DeliveryError("never", retry_after=1e9)) == DAY


def test_a_message_that_is_refused_for_good_is_shown_and_the_next_one_goes(bench):
    number = bench.alert("reform")
    bench.comes("reform")
    bench.fake.does, taken = failing(Rejected("too large", answered=413)), bench.fake.does
    bench.tell()
    (row,) = bench.messages()
    assert row.outcome == "parked" and not bench.who().paused_at
    bench.fake.does = taken
    bench.comes("another reform")
    assert len(bench.tell()) == 1
    bench.replay(number, row.id)
    bench.deliver()
    assert bench.fake.letters[-1].key == row.key and bench.messages()[0].outcome == "sent"


def test_an_address_that_is_gone_is_paused_and_whoever_else_hears_is_told(bench):
    number = bench.alert("reform", channels=[{"kind": "webhook", "url": to} for to in ("me", "other")])
    bench.comes("reform")
    bench.fake.does = lambda letter: (
        failing(AddressGone("410 Gone"))(letter) if letter.address == "me" else Answer(200)
    )
    letters = bench.tell()
    assert sorted(letter.kind for letter in letters) == ["notice", "posts"]
    notice = next(letter for letter in letters if letter.kind == "notice")
    assert notice.body["type"] == "channel.paused" and notice.body["data"]["channel"]["shown"] == "me"
    bench.comes("another reform")
    assert [letter.address for letter in bench.tell()] == ["other"]
    assert len(bench.waiting()) == 1, "nothing is lost meanwhile"
    bench.fake.does = lambda letter: Answer(200)
    with bench.room.database.write() as session:
        (one, _) = alerts.subscriptions(session, [number])
        saving.revive(session, number, one.id, bench.room.tick())
    assert [letter.address for letter in bench.tell()] == ["me"]


def test_while_an_address_fails_one_message_asks_and_the_rest_gathers(bench):
    bench.alert("reform")
    bench.fake.does, taken = failing(DeliveryError("no")), bench.fake.does
    for _ in range(3):
        bench.comes("reform")
        bench.tell()
    assert len(bench.tries()) == 1
    bench.fake.does = taken
    assert [len(posts(letter)) for letter in (*bench.tell(timedelta(minutes=2)), *bench.tell())] == [1, 2]


def test_a_slow_receiver_holds_up_nobody_else(bench):
    bench.alert("reform", to="slow")
    bench.alert("reform", to="quick")
    bench.comes("reform")
    gate, begun = threading.Event(), threading.Event()

    def does(letter):
        if letter.address == "slow":
            begun.set()
            gate.wait(20)
        return Answer(200)

    bench.fake.does = does
    assert [letter.address for letter in bench.tell()] == ["quick"]
    assert begun.is_set()
    gate.set()
    bench.outbox.close(20)
    assert {row.ended_at is not None for row in bench.messages()} == {True}


def test_a_channel_that_breaks_is_no_more_than_a_failed_try(bench):
    bench.alert("reform")
    bench.comes("reform")
    bench.fake.does = failing(ZeroDivisionError("oh"))
    bench.tell()
    bench.outbox.close(20)
    (row,) = bench.messages()
    assert "ZeroDivisionError" in row.answer and not row.ended_at


def test_who_mistyped_a_setting_loses_nothing(bench):
    bench.alert("reform")
    bench.comes("reform")
    bench.fake.does = failing(SettingsError("KLE_SMTP_URL", "x", "is wrong"))
    bench.tell()
    assert not bench.messages()[0].ended_at


def test_what_died_on_its_way_is_sent_again_under_the_same_key(bench):
    """Between claim and answer: the claim runs out, and another goes on."""
    bench.alert("reform")
    bench.comes("reform")
    bench.match()
    bench.gather()
    with bench.room.database.write() as session:
        waiting = Delivery.__table__.c.ended_at.is_(None)
        assert work.claim(session, Delivery, waiting, [Delivery.__table__.c.id], "host:2:b", bench.room.now)
    assert bench.deliver() == 0
    bench.room.tick(timedelta(seconds=31))
    assert bench.deliver() == 1 and bench.fake.letters[0].key == bench.messages()[0].key


def test_who_lost_its_claim_notes_the_try_and_leaves_the_rest(bench):
    bench.alert("reform")
    bench.comes("reform")

    def steal(letter):
        with bench.room.database.write() as session:
            session.execute(Delivery.__table__.update().values(claimed_by="host:2:b"))
        return Answer(200)

    bench.fake.does = steal
    bench.tell()
    (row,) = bench.messages()
    assert row.ended_at is None and row.claimed_by == "host:2:b" and len(bench.tries()) == 1


def test_secrets_of_all_alerts_at_one_address_sign_and_a_former_one_for_a_day(bench, monkeypatch):
    number = bench.alert("reform")
    bench.alert("talks")
    bench.comes("reform")
    (letter,) = bench.tell()
    assert letter.secrets == ("secret-1", "secret-2")
    with bench.room.database.write() as session:
        (one,) = alerts.subscriptions(session, [number])
        assert saving.rotate(session, number, one.id, bench.desk, bench.room.now) == "secret-3"
    bench.comes("another reform")
    (letter,) = bench.tell()
    assert letter.secrets == ("secret-3", "secret-1", "secret-2")
    bench.comes("third reform", created_at=bench.room.now + DAY)
    (letter,) = bench.tell(DAY)
    assert letter.secrets == ("secret-3", "secret-2")


def test_nothing_that_is_secret_stands_in_the_archive(bench):
    bench.alert("reform", to="token-of-a-chat")
    (row,) = bench.room.rows(Subscription)
    assert "secret-1" not in row.secret and "token" not in bench.who().address


def test_letters_carry_links_that_only_their_reader_can_have(bench):
    number = bench.alert("reform")
    bench.comes("reform")
    (letter,) = bench.tell()
    with bench.room.database.read() as session:
        (one,) = alerts.subscriptions(session, [number])
    token = bench.desk.token("unsubscribe", one.id)
    assert letter.unsubscribe == f"https://kle.example/subscriptions/{one.id}/unsubscribe?token={token}"
    assert letter.confirm is None and not bench.desk.knows(token, "confirm", one.id)


def test_two_outboxes_send_each_message_once(bench, monkeypatch):
    for number in range(6):
        bench.alert("reform", to=f"to-{number}")
    bench.comes("reform")
    bench.match()
    while bench.gather():
        pass
    now = bench.room.now
    monkeypatch.setattr(times, "now", lambda: now)
    other = Outbox(bench.room.database, bench.desk, "host:2:b")
    threads = [
        threading.Thread(target=lambda box=box: [box.tick(now) for _ in range(20)]) for box in (bench.outbox, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for box in (bench.outbox, other):
        box.close(10)
    keys = [letter.key for letter in bench.fake.letters]
    assert len(keys) == len(set(keys)) == 6


def test_a_day_of_tries_begins_with_the_first_one(bench):
    """Nothing ran for two days, and the net is not there yet when something runs again."""
    number = bench.alert("reform")
    bench.comes("reform")
    bench.match()
    bench.gather()
    bench.room.tick(2 * DAY)
    bench.fake.does, taken = failing(DeliveryError("no net")), bench.fake.does
    bench.tell()
    (row,) = bench.messages()
    assert not row.ended_at and not bench.who().paused_at
    bench.fake.does = taken
    assert len(bench.tell(HOUR)) == 1
    bench.room.tick(2 * DAY)
    bench.fake.does = failing(DeliveryError("down for a minute"))
    bench.replay(number, row.id)
    bench.tell()
    assert not bench.messages()[0].ended_at and not bench.who().paused_at


def two(bench):
    """Two messages to one address, which wait."""
    for name in ("reform", "talks"):
        bench.alert(name)
        bench.comes(name)
        bench.match()
        bench.gather()


def test_a_receiver_that_asks_for_a_pause_is_left_alone_by_all_messages(bench):
    two(bench)
    bench.fake.does = failing(DeliveryError("slow down", retry_after=600))
    for _ in range(3):
        bench.tell(timedelta(minutes=1))
    assert len(bench.tries()) == 1


def test_one_message_that_is_never_taken_does_not_hold_the_others_back(bench):
    two(bench)

    def does(letter):
        return Answer(200) if letter.body["data"]["alert"]["name"] == "talks" else failing(DeliveryError("500"))(0)

    bench.fake.does = does
    assert bench.tell() == [] and len(bench.tries()) == 1
    (letter,) = bench.tell(timedelta(minutes=1))
    assert letter.body["data"]["alert"]["name"] == "talks"


def test_an_address_that_cannot_be_opened_is_a_failed_try_and_stops_nobody_else(bench):
    bench.alert("reform")
    bench.alert("reform", to="other")
    with bench.room.database.write() as session:
        mine = table(Subscriber).c.shown == "other"
        session.execute(update(table(Subscriber)).where(mine).values(address="sealed by who knows"))
    bench.comes("reform")
    assert [letter.address for letter in bench.tell()] == ["me"]
    assert sorted(one.outcome for one in bench.tries()) == ["failed", "sent"]


def test_what_is_handed_over_is_on_the_disk_before(bench, monkeypatch):
    """Else a power cut takes the message back, and the same post comes under another key."""
    bench.alert("reform")
    bench.comes("reform")
    bench.match()
    bench.gather()
    write, lasting = bench.room.database.write, []

    def noted(**how):
        lasting.append(bool(how.get("lasting")))
        return write(**how)

    monkeypatch.setattr(bench.room.database, "write", noted)
    bench.deliver()
    assert lasting[0]


def test_who_is_to_stop_begins_nothing(bench):
    bench.alert("reform")
    bench.comes("reform")
    bench.match()
    bench.gather()
    assert bench.outbox.tick(bench.room.now, lambda: True) == 0 and not bench.fake.letters
    assert len(bench.tell()) == 1
