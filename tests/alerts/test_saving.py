"""Alerts are made, changed and ended as their owners and their readers say, and nobody else."""

from datetime import timedelta

import pytest

from alerts import declared, opting, saving, showing
from core.alert import AlertForm
from core.errors import BadRequest, NotFound, QueryError, SettingsError
from core.sealed import Sealer
from db import alerts
from db.models import Alert, Delivery, Subscriber, Subscription
from tests.alerts.bench import Bench, posts
from tests.db.conftest import Room

DAY = timedelta(days=1)


@pytest.fixture
def bench(room: Room, tmp_path, monkeypatch) -> Bench:
    return Bench(room, tmp_path, monkeypatch)


def form(query="reform", *channels, **more):
    said = [{"kind": "webhook", "url": c} if "@" not in c else {"kind": "email", "to": c} for c in channels]
    return AlertForm.model_validate(
        {"name": more.pop("name", "An alert"), "query": query, "channels": said, **more}
    )


def made(bench, *arguments, **more):
    with bench.room.database.write() as session:
        return saving.make(session, form(*arguments, **more), bench.desk, "ana", bench.room.tick())


def shown(bench, number):
    with bench.room.database.read() as session:
        return showing.told_of(session, [alerts.get(session, number)])[0]


def subscription(bench, number, place=0):
    with bench.room.database.read() as session:
        return alerts.subscriptions(session, [number])[place].id


def test_what_is_wrong_is_told_before_anything_is_written(bench):
    for wrong, error in (
        (form("(reform"), QueryError),
        (form("topic:nowhere"), QueryError),
        (form("reform", "no word"), BadRequest),
    ):
        with pytest.raises(error), bench.room.database.write() as session:
            saving.make(session, wrong, bench.desk, "ana", bench.room.tick())
    assert not bench.room.rows(Alert) and not bench.room.rows(Subscriber)


def test_a_channel_says_what_it_takes(bench):
    one = form().model_copy(update={"channels": [saving.ChannelForm(kind="webhook", to="a@b.example")]})
    with pytest.raises(BadRequest, match='"url"'), bench.room.database.write() as session:
        saving.make(session, one, bench.desk, "ana", bench.room.tick())


def test_each_alert_tells_a_secret_of_its_own_once(bench):
    first, second = made(bench, "reform", "Here"), made(bench, "talks", "here")
    assert list(first.secrets.values()) == ["secret-1"] and list(second.secrets.values()) == ["secret-2"]
    assert len(bench.room.rows(Subscriber)) == 1, "one address is one subscriber"
    assert "secret" not in str(shown(bench, first.id))


def test_changing_keeps_channels_that_stay_and_tells_new_secrets_alone(bench):
    number = made(bench, "reform", "one", "two").id
    stays = subscription(bench, number)
    with bench.room.database.write() as session:
        changed = saving.change(session, number, form("talks", "one", "three"), bench.desk, bench.room.tick())
    one, three = shown(bench, number)["channels"]
    assert list(changed.secrets) == [three["subscription"]]
    assert (one["shown"], three["shown"]) == ("one", "three")
    assert subscription(bench, number) == stays
    bench.comes("Talks")
    assert sorted(letter.address for letter in bench.tell()) == ["one", "three"]


def test_the_form_of_an_alert_makes_it_again(bench):
    number = made(
        bench, "reform", "one", quiet="22:00-07:00 Europe/Berlin", max_age="90m", edits=True, lang="ckb"
    ).id
    with bench.room.database.read() as session:
        again = saving.form_of(session, number, bench.desk)
    assert again == form("reform", "one", quiet="22:00-07:00 Europe/Berlin", max_age="90m", edits=True, lang="ckb")


def test_an_alert_that_ended_tells_nothing_and_is_nowhere(bench):
    number = made(bench, "reform", "one").id
    bench.comes("reform")
    bench.match()
    with bench.room.database.write() as session:
        saving.end(session, number, bench.room.tick())
    assert bench.tell() == [] and not bench.waiting()
    with pytest.raises(NotFound):
        shown(bench, number)


def test_what_waits_by_an_alert_that_ends_is_told_by_another_that_matches(bench):
    first, second = made(bench, "reform", "one").id, made(bench, "talks", "one", cadence="hourly").id
    bench.comes("Talks on reform")
    bench.match()
    with bench.room.database.write() as session:
        saving.end(session, first, bench.room.tick())
    assert bench.tell() == []
    (letter,) = bench.tell(timedelta(hours=1))
    assert letter.body["data"]["alert"]["id"] == second


def test_a_paused_alert_matches_nothing_and_sends_nothing(bench):
    number = made(bench, "reform", "one").id
    waits = bench.comes("First reform")
    bench.match()
    with bench.room.database.write() as session:
        saving.pause(session, number, bench.room.tick())
    bench.comes("Second reform")
    assert bench.tell() == []
    with bench.room.database.write() as session:
        saving.resume(session, number)
    (letter,) = bench.tell()
    assert posts(letter) == [waits]


# -- who has to say yes ---------------------------------------------------------------------------------------


def token(bench, number, purpose="confirm"):
    return bench.desk.token(purpose, number)


def test_an_address_is_told_nothing_before_it_says_yes_and_then_what_waited(bench):
    number = made(bench, "reform", "ana@office.example").id
    told = bench.comes("reform")
    (letter,) = bench.tell()
    assert letter.kind == "confirm" and letter.confirm and "reform" in str(letter.body)
    assert shown(bench, number)["channels"][0]["state"] == "unconfirmed" and shown(bench, number)["waiting"] == 1
    one = subscription(bench, number)
    with bench.room.database.write() as session:
        assert opting.confirm(session, one, "x" * 32, bench.desk, bench.room.tick()) is None
        assert opting.confirm(session, one, token(bench, one, "unsubscribe"), bench.desk, bench.room.now) is None
        assert opting.confirm(session, one, token(bench, one), bench.desk, bench.room.now) == "An alert"
    (letter,) = bench.tell()
    assert letter.kind == "posts" and posts(letter) == [told]


def test_one_yes_counts_for_all_that_people_we_know_ask_for(bench):
    numbers = [made(bench, f"reform {n}", "ana@office.example").id for n in range(5)]
    assert len(bench.tell()) == 3, "nobody is asked without end"
    one = subscription(bench, numbers[1])
    with bench.room.database.write() as session:
        opting.confirm(session, one, token(bench, one), bench.desk, bench.room.tick())
    assert {shown(bench, n)["channels"][0]["state"] for n in numbers} == {"active"}
    later = made(bench, "talks", "ana@office.example").id
    assert shown(bench, later)["channels"][0]["state"] == "active" and bench.tell() == []


def test_who_unsubscribes_hears_no_more_of_that_alert_and_is_asked_before_another(bench):
    number, other = made(bench, "reform", "ana@office.example").id, made(bench, "talks", "ana@office.example").id
    one = subscription(bench, number)
    with bench.room.database.write() as session:
        opting.confirm(session, one, token(bench, one), bench.desk, bench.room.tick())
    bench.tell()
    bench.comes("reform")
    bench.match()
    with bench.room.database.write() as session:
        assert opting.unsubscribe(session, one, "wrong", bench.desk, bench.room.now) is None
        leave = token(bench, one, "unsubscribe")
        assert opting.unsubscribe(session, one, leave, bench.desk, bench.room.now) == "An alert"
        assert opting.unsubscribe(session, one, leave, bench.desk, bench.room.now) == "An alert", "twice is as once"
    assert bench.tell() == [] and shown(bench, number)["channels"] == []
    bench.comes("Talks")
    assert [letter.body["data"]["alert"]["id"] for letter in bench.tell()] == [other]
    with bench.room.database.write() as session:
        saving.change(session, number, form("reform", "ana@office.example"), bench.desk, bench.room.tick())
    assert shown(bench, number)["channels"][0]["state"] == "unconfirmed"


def test_who_never_answers_is_let_go_after_a_week(bench):
    number = made(bench, "reform", "ana@office.example").id
    bench.comes("reform")
    bench.tell()
    with bench.room.database.write() as session:
        opting.tidy(session, bench.room.tick(8 * DAY))
    assert shown(bench, number)["channels"] == [] and not bench.waiting()


def outside(bench, query="reform", to="ana@office.example"):
    with bench.room.database.write() as session:
        opting.make_outside(session, form(query, to), bench.desk, bench.room.tick())


def test_a_stranger_may_ask_for_one_search_by_mail_that_its_reader_confirms(bench):
    outside(bench)
    outside(bench)
    with pytest.raises(BadRequest):
        outside(bench, to="a-webhook")
    assert len(bench.room.rows(Alert)) == 1 and len(bench.tell()) == 2
    (row,) = bench.room.rows(Subscription)
    with bench.room.database.write() as session:
        assert opting.confirm(session, row.id, token(bench, row.id), bench.desk, bench.room.tick())
    outside(bench)
    assert bench.tell() == [], "who has it already is not asked again"
    bench.comes("reform")
    assert len(bench.tell()) == 1
    with bench.room.database.write() as session:
        opting.unsubscribe(session, row.id, token(bench, row.id, "unsubscribe"), bench.desk, bench.room.tick())
    (alert,) = bench.room.rows(Alert)
    assert alert.ended_at


def test_a_stranger_cannot_fill_a_mailbox(bench):
    for number in range(20):
        outside(bench, f"reform {number}")
    assert len([row for row in bench.room.rows(Delivery) if row.kind == "confirm"]) == 3


def test_a_strangers_yes_is_none_for_what_people_we_know_ask_for_and_the_other_way_round(bench):
    outside(bench)
    number = made(bench, "talks", "ana@office.example").id
    stranger = next(row for row in bench.room.rows(Subscription) if row.outside)
    with bench.room.database.write() as session:
        opting.confirm(session, stranger.id, token(bench, stranger.id), bench.desk, bench.room.tick())
    assert shown(bench, number)["channels"][0]["state"] == "unconfirmed"


# -- kle.toml -------------------------------------------------------------------------------------------------


def sync(bench, *forms):
    with bench.room.database.write() as session:
        return declared.sync(session, forms, bench.desk, "kle.toml", bench.room.tick())


def test_what_kle_toml_declares_is_made_changed_and_ended(bench):
    by_hand = made(bench, "reform", "one", name="Mine").id
    assert len(sync(bench, form("reform", "one", name="A"), form("talks", "ana@office.example", name="B"))) == 2
    assert sync(bench, form("reform", "one", name="A"), form("talks", "ana@office.example", name="B")) == []
    (changed,) = sync(bench, form("unity", "one", "two", name="A"), form("talks", "ana@office.example", name="B"))
    assert shown(bench, changed)["query"] == "unity" and len(shown(bench, changed)["channels"]) == 2
    sync(bench)
    assert [row.id for row in bench.room.rows(Alert) if row.ended_at is None] == [by_hand]


def test_kle_toml_does_not_bring_back_who_left(bench):
    (number,) = sync(bench, form("reform", "ana@office.example", "one", name="A"))
    one = subscription(bench, number)
    with bench.room.database.write() as session:
        opting.unsubscribe(session, one, token(bench, one, "unsubscribe"), bench.desk, bench.room.tick())
    assert sync(bench, form("reform", "ana@office.example", "one", name="A")) == []
    sync(bench, form("talks", "ana@office.example", "one", name="A"))
    assert [c["shown"] for c in shown(bench, number)["channels"]] == ["one"]


def test_a_wrong_one_stops_the_start_with_its_name(bench):
    with pytest.raises(SettingsError, match=r"\[\[alert\]\] A.*nowhere"):
        sync(bench, form("topic:nowhere", name="A"))


# -- the key --------------------------------------------------------------------------------------------------


def test_another_key_is_refused_before_anything_is_mixed_and_can_be_begun_with(bench):
    number = made(bench, "reform", "one").id
    right, bench.desk = (
        bench.desk,
        saving.Desk(Sealer.of("another key " * 4, bench.knobs.data_dir), bench.desk.office),
    )
    with bench.room.database.read() as session:
        assert right.fits(session) and not bench.desk.fits(session)
    with pytest.raises(SettingsError, match="reset-key"):
        made(bench, "talks", "two")
    with bench.room.database.write() as session:
        assert saving.let_go(session, bench.desk, bench.room.tick()) == 1
        assert bench.desk.fits(session)
    assert shown(bench, number)["channels"] == []
    assert made(bench, "talks", "two").secrets


def test_a_test_message_goes_to_who_said_yes_and_shows_the_newest_matches(bench):
    newest = bench.comes("Old reform") and bench.comes("New reform")
    number = made(bench, "reform", "one", "ana@office.example").id
    bench.tell()
    with bench.room.database.write() as session:
        (key,) = saving.test(session, number, bench.desk, bench.room.tick())
    (letter,) = bench.tell()
    assert (letter.key, letter.kind, letter.body["type"]) == (key, "test", "alert.test")
    assert posts(letter)[0] == newest and letter.body["data"]["posts"][0]["reasons"]
    bench.room.assert_sound()


def test_another_cadence_holds_for_what_waits_too(bench):
    number = made(bench, "reform", "one", cadence="hourly").id
    bench.comes("reform")
    assert bench.tell() == []
    with bench.room.database.write() as session:
        saving.change(session, number, form("reform", "one"), bench.desk, bench.room.tick())
    assert len(bench.tell()) == 1


def test_who_asks_for_a_new_secret_twice_keeps_the_one_in_use(bench):
    number = made(bench, "reform", "one").id
    for _ in range(2):
        with bench.room.database.write() as session:
            saving.rotate(session, number, subscription(bench, number), bench.desk, bench.room.tick())
    bench.comes("reform")
    (letter,) = bench.tell()
    assert letter.secrets == ("secret-3", "secret-2", "secret-1")
    bench.comes("another reform", created_at=bench.room.now + DAY)
    (letter,) = bench.tell(DAY + timedelta(minutes=1))
    assert letter.secrets == ("secret-3",)
