"""Alerts by the API: made, changed, ended, looked back, followed; who may; what the public may ask for."""

import re
from datetime import UTC, datetime

import pytest

from api.schemas import of_alerts
from db import alerts, ledger
from db.models import Delivery, Subscriber
from db.upsert import insert_all, table
from tests.api.live import Stream, served

HOOK = {"kind": "webhook", "url": "https://93.184.215.14/kle"}
ALERT = {"name": "Reform", "query": "topic:reform", "channels": [HOOK], "cadence": "daily 07:00 Europe/Berlin"}
BY_MAIL = {"name": "x", "query": "payroll", "channels": [{"kind": "email", "to": "reader@example.org"}]}


@pytest.fixture
def keeper(site):
    """Somebody with the scope alerts, from another machine."""
    made = site.outside(public_read=True)
    made.headers.update(site.key("alerts"))
    return made


def made(client, **changes):
    answer = client.post("/api/v1/alerts", json={**ALERT, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_alert_is_made_read_listed_and_ended(keeper):
    answer = keeper.post("/api/v1/alerts", json=ALERT)
    told = answer.json()
    assert answer.status_code == 201 and answer.headers["location"] == f"/api/v1/alerts/{told['id']}"
    of_alerts.MadeAlert.model_validate(told)
    assert told["cadence"] == ALERT["cadence"] and told["owner"] == "analyst"
    (channel,) = told["channels"]
    assert channel.pop("secret").startswith("whsec_") and channel["signed"]
    one = keeper.get(answer.headers["location"]).json()
    assert one == told, "a secret is told once"
    of_alerts.Alert.model_validate(one)
    assert keeper.get("/api/v1/alerts").json() == {"items": [one], "next_cursor": None}
    assert keeper.delete(f"/api/v1/alerts/{told['id']}").status_code == 204
    assert keeper.get(f"/api/v1/alerts/{told['id']}").status_code == 404
    assert keeper.get("/api/v1/alerts").json()["items"] == []


def test_the_list_goes_on_by_its_cursor(keeper):
    names = [made(keeper, name=f"n{n}", channels=[])["name"] for n in range(3)]
    first = keeper.get("/api/v1/alerts?limit=2").json()
    second = keeper.get("/api/v1/alerts", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["name"] for item in first["items"] + second["items"]] == names
    assert second["next_cursor"] is None
    assert keeper.get("/api/v1/alerts?cursor=x").status_code == 422


def test_a_patch_changes_what_it_names_and_keeps_the_rest(keeper):
    number = made(keeper, quiet="22:00-07:00 UTC")["id"]
    path = f"/api/v1/alerts/{number}"
    told = keeper.patch(path, json={"name": "Other", "quiet": None, "paused": True}).json()
    assert (told["name"], told["quiet"], told["query"]) == ("Other", None, "topic:reform")
    assert told["paused_at"] and [c["shown"] for c in told["channels"]] and told["channels"][0]["secret"] is None
    assert keeper.patch(path, json={"paused": False}).json()["paused_at"] is None
    assert keeper.patch(path, json={"rule": {"kind": "more_than", "count": 3, "within": "24h"}}).status_code == 200
    assert keeper.get(path).json()["rule"]["count"] == 3


def test_what_get_gives_can_be_sent_back_with_one_more_channel(keeper):
    told = made(keeper)
    path = f"/api/v1/alerts/{told['id']}"
    had = keeper.get(path).json()["channels"]
    more = keeper.patch(path, json={"channels": [*had, {"kind": "webhook", "url": f"{HOOK['url']}/2"}]}).json()
    assert more["channels"][0] == {**had[0], "secret": None} and more["channels"][1]["secret"]
    second = more["channels"][1]["subscription"]
    less = keeper.patch(path, json={"channels": [{"subscription": second}]}).json()
    assert [one["subscription"] for one in less["channels"]] == [second]
    other = made(keeper, name="Other")["channels"][0]["subscription"]
    for wrong in (other, 999, "x"):
        answer = keeper.patch(path, json={"channels": [{"subscription": second}, {"subscription": wrong}]})
        assert answer.status_code == 422 and answer.json()["parameter"] == "channels", answer.text
    assert [one["subscription"] for one in keeper.get(path).json()["channels"]] == [second]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**ALERT, "qurey": "x"}, "qurey"),
        ({**ALERT, "cadence": "weekly"}, "cadence"),
        ({**ALERT, "query": "topic:nothing"}, "nothing"),
        ({**ALERT, "query": "("}, "expected"),
        ({**ALERT, "channels": [{"kind": "pigeon", "to": "x"}]}, "pigeon"),
        ({**ALERT, "rule": {"kind": "more_than"}}, "count"),
    ],
)
def test_what_cannot_be_used_is_named(keeper, body, named):
    for method, path in (("post", "/api/v1/alerts"), ("post", "/api/v1/alerts/preview")):
        if path.endswith("preview") and named == "pigeon":
            continue
        answer = keeper.request(method, path, json=body)
        assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
        assert named in answer.text
    assert keeper.get("/api/v1/alerts").json()["items"] == []


def test_a_wrong_patch_changes_nothing_and_says_where(keeper):
    number = made(keeper)["id"]
    for wrong, named in (({"name": ""}, "name"), ({"rule": {"kind": "x"}}, "rule"), ({"nmae": "x"}, "nmae")):
        answer = keeper.patch(f"/api/v1/alerts/{number}", json={"query": "payroll", **wrong})
        assert answer.status_code == 422 and answer.json()["parameter"] == named
    assert keeper.get(f"/api/v1/alerts/{number}").json()["query"] == "topic:reform"


def test_an_alert_of_kle_toml_is_changed_there_and_paused_here(site, keeper):
    number = made(keeper)["id"]
    with site.database.write() as session:
        alerts.change(session, number, {"declared": True})
    path = f"/api/v1/alerts/{number}"
    for method, body in (("patch", {"json": {"name": "x"}}), ("delete", {})):
        answer = keeper.request(method, path, **body)
        assert answer.status_code == 422 and "kle.toml" in answer.json()["detail"]
    assert keeper.patch(path, json={"paused": True}).json()["paused_at"]
    browser, token = site.signed_in("alerts")
    page = browser.get(f"/alerts/{number}").text
    assert "kle.toml has this alert" in page and "Change this alert" not in page
    assert browser.post(f"/alerts/{number}/end", data={"csrf": token}).status_code == 422


def test_the_look_back_keeps_nothing_and_needs_no_scope(site, keeper):
    body = {key: value for key, value in ALERT.items() if key != "channels"}
    found = site.inside().post("/api/v1/alerts/preview", json=body).json()
    of_alerts.Preview.model_validate(found)
    assert found["days"] == 90 and len(found["per_day"]) in (90, 91)
    assert keeper.get("/api/v1/alerts").json()["items"] == []


def test_a_look_back_needs_only_a_search(site):
    found = site.inside().post("/api/v1/alerts/preview", json={"query": "reform", "rule": None})
    assert found.status_code == 200 and found.json()["posts"] >= 0
    assert site.inside().post("/api/v1/alerts/preview", json={"name": "x"}).json()["parameter"] == "query"


def test_no_rule_is_the_usual_one(keeper):
    told = made(keeper, rule=None)
    assert told["rule"]["kind"] == "posts"
    path = f"/api/v1/alerts/{told['id']}"
    assert keeper.patch(path, json={"rule": {"kind": "silence"}}).json()["rule"]["kind"] == "silence"
    assert keeper.patch(path, json={"rule": None}).json()["rule"]["kind"] == "posts"


def test_deliveries_are_listed_and_sent_again(site, keeper):
    number = made(keeper)["id"]
    keys = keeper.post(f"/api/v1/alerts/{number}/test").json()["keys"]
    (delivery,) = keeper.get(f"/api/v1/alerts/{number}/deliveries").json()["items"]
    of_alerts.Delivery.model_validate(delivery)
    assert [delivery["key"]] == keys and (delivery["kind"], delivery["state"]) == ("test", "waiting")
    with site.database.write() as session:
        parked = {"outcome": "parked", "ended_at": datetime(2026, 9, 1, tzinfo=UTC), "answer": "went away"}
        session.execute(table(Delivery).update().values(parked))
    (delivery,) = keeper.get(f"/api/v1/alerts/{number}/deliveries").json()["items"]
    assert (delivery["state"], delivery["answer"], delivery["next_try_at"]) == ("parked", "went away", None)
    again = f"/api/v1/alerts/{number}/deliveries/{delivery['id']}/replay"
    assert keeper.post(again).status_code == 204
    assert keeper.get(f"/api/v1/alerts/{number}/deliveries").json()["items"][0]["state"] == "waiting"
    other = made(keeper, name="Other")["id"]
    assert keeper.post(again.replace(f"alerts/{number}/", f"alerts/{other}/")).status_code == 404


def test_what_was_sent_is_listed_when_the_alert_has_ended(keeper):
    number = made(keeper)["id"]
    (key,) = keeper.post(f"/api/v1/alerts/{number}/test").json()["keys"]
    keeper.delete(f"/api/v1/alerts/{number}")
    (delivery,) = keeper.get(f"/api/v1/alerts/{number}/deliveries").json()["items"]
    assert (delivery["key"], delivery["state"]) == (key, "dropped")
    assert keeper.get(f"/api/v1/alerts/{number + 1}/deliveries").status_code == 404


def test_channels_get_secrets_and_come_back(site, keeper):
    told = made(keeper)
    path = f"/api/v1/alerts/{told['id']}/channels/{told['channels'][0]['subscription']}"
    secret = keeper.post(f"{path}/secret").json()["secret"]
    assert secret.startswith("whsec_") and secret != told["channels"][0]["secret"]
    with site.database.write() as session:
        session.execute(table(Subscriber).update().values(paused_at=datetime(2026, 9, 1, tzinfo=UTC)))
    assert keeper.get(f"/api/v1/alerts/{told['id']}").json()["channels"][0]["state"] == "paused"
    assert keeper.post(f"{path}/resume").status_code == 204
    assert keeper.get(f"/api/v1/alerts/{told['id']}").json()["channels"][0]["state"] == "active"
    other = made(keeper, name="Other", channels=[])["id"]
    for act in ("secret", "resume", "confirmation"):
        foreign = f"/api/v1/alerts/{other}/channels/{told['channels'][0]['subscription']}/{act}"
        assert keeper.post(foreign).status_code == 404


def test_a_channel_that_fails_is_not_called_well(site, keeper):
    told = made(keeper)
    with site.database.write() as session:
        session.execute(table(Subscriber).update().values(failing_since=datetime(2026, 9, 1, tzinfo=UTC)))
    (channel,) = keeper.get(f"/api/v1/alerts/{told['id']}").json()["channels"]
    of_alerts.Channel.model_validate(channel)
    assert (channel["state"], channel["failing_since"]) == ("failing", "2026-09-01T00:00:00Z")
    here = site.inside()
    assert "a channel fails" in here.get("/alerts").text
    page = here.get(f"/alerts/{told['id']}").text
    assert "a channel fails" in page and '<span class="state failing">failing</span>' in page


@pytest.mark.parametrize("number", ["0", "999", str(1 << 70), "x"])
def test_numbers_of_no_alert_are_told(keeper, number):
    for path in (f"/api/v1/alerts/{number}", f"/api/v1/alerts/{number}/deliveries", f"/feeds/alerts/{number}.atom"):
        assert keeper.get(path).status_code in (404, 422), path


def test_who_may_read_and_who_may_write(site, keeper):
    number = made(keeper)["id"]
    reads = ["/api/v1/alerts", f"/api/v1/alerts/{number}", f"/api/v1/alerts/{number}/deliveries"]
    reads += [f"/api/v1/alerts/{number}/stream", f"/feeds/alerts/{number}.atom"]
    public, inside = site.outside(public_read=True), site.inside()
    for path in reads:
        assert public.get(path).status_code == 401, path
    for path in [*reads[:3], reads[4]]:
        assert inside.get(path).status_code == 200, path
    writes = [("post", "/api/v1/alerts"), ("patch", reads[1]), ("delete", reads[1])]
    writes += [("post", f"{reads[1]}/test"), ("post", f"{reads[2]}/1/replay")]
    writes += [("post", f"{reads[1]}/channels/1/{act}") for act in ("secret", "resume", "confirmation")]
    for method, path in writes:
        body = {"json": ALERT if path.endswith("alerts") else {"name": "x"}} if method != "delete" else {}
        assert inside.request(method, path, **body).status_code == 401, path
        assert public.request(method, path, **body).status_code == 401, path
        reader = public.request(method, path, headers=site.key("read"), **body)
        assert reader.status_code == 403, path
    assert public.post("/api/v1/alerts/preview", json=ALERT).status_code == 401


def test_who_may_only_read_sees_no_addresses(site, keeper):
    number = made(keeper)["id"]
    keeper.post(f"/api/v1/alerts/{number}/test")
    with site.database.write() as session:
        said = "550 <desk@example.org> unknown, see https://93.184.215.14/kle"
        session.execute(table(Delivery).update().values(answer=said))
    reads = [f"/api/v1/alerts{rest}" for rest in ("", f"/{number}", f"/{number}/deliveries")]
    paths = [*reads, "/alerts", f"/alerts/{number}"]
    reader, operator = site.outside(), site.inside()
    reader.headers.update(site.key("read"))
    session, _ = site.signed_in("read")
    for path in paths:
        assert "93.184.215.14" in keeper.get(path).text and "93.184.215.14" in operator.get(path).text
        for client in (reader, session):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "93.184.215.14" not in answer.text and "desk@example.org" not in answer.text, path
    assert reader.get(reads[1]).json()["channels"][0]["shown"] is None
    (delivery,) = reader.get(reads[2]).json()["items"]
    of_alerts.Delivery.model_validate(delivery)
    assert delivery["channel"] == {"kind": "webhook", "shown": None} and delivery["answer"].startswith("550 ")


def test_a_session_shows_its_token(site):
    browser, token = site.signed_in("alerts")
    assert browser.post("/api/v1/alerts", json=ALERT).status_code == 403
    assert browser.post("/api/v1/alerts", json=ALERT, headers={"X-CSRF-Token": token}).status_code == 201


def test_the_public_asks_by_mail_where_that_is_open_and_learns_nothing(site):
    open_to_all = site.outside(public_subscribe=True)
    assert site.outside().post("/api/v1/alerts", json=BY_MAIL).status_code == 401
    answers = [open_to_all.post("/api/v1/alerts", json=BY_MAIL) for _ in range(2)]
    assert [(a.status_code, a.json()) for a in answers] == [(202, {"status": "confirm"})] * 2
    assert "location" not in answers[0].headers
    with site.database.read() as session:
        first = alerts.all_of(session)[0]
        (row,) = alerts.subscriptions(session, [first.id])
    assert (first.name, first.owner) == ("payroll", "outside"), "no words of theirs reach the mail but the search"
    assert row.outside and row.confirmed_at is None
    assert open_to_all.get("/api/v1/alerts").status_code == 401


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"channels": [HOOK]}, "channels"),
        ({"channels": []}, "channels"),
        (
            {"channels": [{"kind": "email", "to": "a@example.org"}, {"kind": "email", "to": "b@example.org"}]},
            "channels",
        ),
        ({"rule": {"kind": "unusual"}}, "rule"),
        ({"query": ""}, "query"),
        ({"query": "a " * 200}, "query"),
    ],
)
def test_the_public_asks_for_no_more_than_that(site, change, named):
    answer = site.outside(public_subscribe=True).post("/api/v1/alerts", json={**BY_MAIL, **change})
    assert answer.status_code == 422 and answer.json()["parameter"] == named


def test_who_asks_too_often_waits(site):
    client = site.outside(public_subscribe=True)
    for n in range(5):
        body = {**BY_MAIL, "channels": [{"kind": "email", "to": f"reader{n}@example.org"}]}
        assert client.post("/api/v1/alerts", json=body).status_code == 202
    answer = client.post("/api/v1/alerts", json=BY_MAIL)
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 720
    assert answer.json()["title"] == "Too many requests"


@pytest.mark.parametrize(("ending", "titled"), [("atom", "<title>"), ("rss", "<title>"), ("json", '"title":"')])
def test_an_alert_has_feeds_of_what_its_search_finds(site, keeper, ending, titled):
    number = made(keeper, name="Reform & pay")["id"]
    client = site.outside()
    feed = client.get(f"/feeds/alerts/{number}.{ending}", auth=("any", site.secret("key", "read")[1]))
    same = client.get(f"/feeds/posts.{ending}?q=topic:reform", headers=site.key("read"))
    assert feed.status_code == 200 and feed.headers["content-type"] == same.headers["content-type"]
    name = "Reform & pay" if ending == "json" else "Reform &amp; pay"
    assert f"{titled}kle-monitor: {name}" in feed.text
    assert feed.text.count("urn:kle:post:") == same.text.count("urn:kle:post:") > 0
    assert f"/feeds/alerts/{number}.{ending}" in feed.text
    ids = [re.findall("urn:kle:feed:[0-9a-f]+", text) for text in (feed.text, same.text)]
    assert ids[0] != ids[1] or ending != "atom", "two feeds are two, to who keeps them by id"


def test_a_feed_of_another_kind_is_named(keeper):
    number = made(keeper)["id"]
    answer = keeper.get(f"/feeds/alerts/{number}.xml")
    assert answer.status_code == 404 and f"{number}.atom" in answer.json()["detail"]


def test_a_stream_tells_what_matches_and_ends_with_the_alert(site):
    keeper = site.inside()
    keeper.headers.update(site.key("alerts"))
    number = made(keeper, query="lang:ckb", channels=[])["id"]
    with site.database.write() as session:
        while ledger.seal(session):  # as `kle up` does on PostgreSQL
            pass
    with served(site.app()) as address:
        stream = Stream(address, "?cursor=start", path=f"/api/v1/alerts/{number}/stream")
        kind, change = stream.event()
        assert stream.status == 200 and kind == "post.new" and change["post"]["lang"] == "ckb"
        stream.close()


def test_another_s_message_is_not_listed(site, keeper):
    number, other = made(keeper)["id"], made(keeper, name="Other")["id"]
    with site.database.write() as session:
        (subscriber,) = session.execute(table(Subscriber).select()).all()
        row = {"key": "msg_1", "kind": "posts", "subscriber_id": subscriber.id, "alert_id": number,
               "body": {"data": {"posts": [{"id": "file:office.example/1"}]}}, "made_at": datetime.now(UTC),
               "not_before": datetime.now(UTC), "attempts": 0}  # fmt: skip
        insert_all(session, Delivery, [row])
    (mine,) = keeper.get(f"/api/v1/alerts/{number}/deliveries").json()["items"]
    assert mine["posts"] == ["file:office.example/1"] and mine["channel"]["kind"] == "webhook"
    assert keeper.get(f"/api/v1/alerts/{other}/deliveries").json()["items"] == []
