"""The pages of alerts: from a search to a saved alert, its settings, what it sent; the links in mails."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from lxml import html

from alerts.desk import Desk
from db import alerts
from db.models import Delivery, Subscriber
from db.upsert import table

HOOK = "https://93.184.215.14/kle"


@pytest.fixture
def keeper(site):
    """A signed-in browser that may keep alerts, and its token."""
    return site.signed_in("alerts")


def tree(answer):
    return html.fromstring(answer.text)


def filled(answer, name="alert"):
    """The fields of the form as a browser would send them."""
    (form,) = tree(answer).xpath(f'//form[contains(concat(" ", @class, " "), " {name} ")]')
    return form.action, form.form_values()


def typed(fields, **values):
    """With other values in some fields, and the button that saves."""
    kept = [(name, value) for name, value in fields if name not in {*values, "do"}]
    more = [(name, v) for name, value in values.items() for v in (value if isinstance(value, list) else [value])]
    return urlencode([*kept, *more, *([] if "do" in values else [("do", "save")])])


def post(browser, path, body):
    return browser.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})


def save(browser, **values):
    """A new alert from an empty search; where its page is."""
    action, fields = filled(browser.get("/alerts/new"))
    answer = post(browser, action, typed(fields, **values))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_search_with_its_filters_is_two_clicks_from_an_alert(keeper):
    browser, _ = keeper
    timeline = browser.get("/?q=met&topic=reform&lang=en&since=2025-07-01&sort=likes")
    (link,) = tree(timeline).xpath('//a[text()="Alert me of these"]/@href')
    page = browser.get(link)
    action, fields = filled(page)
    said = dict(fields)
    for part in ("met", "topic:reform", "lang:en", "since:2025-07-01"):
        assert part in said["query"]
    assert "Security reform" in said["name"] and "what it would have sent" in page.text.lower()
    answer = post(browser, action, typed(fields))
    assert answer.status_code == 303
    shown = browser.get(answer.headers["location"])
    assert shown.status_code == 200 and "topic:reform" in shown.text


def test_a_new_alert_begins_with_the_channels_of_the_last_one(keeper):
    browser, _ = keeper
    place = save(browser, name="First", kind="email", address="desk@example.org")
    (shown,) = tree(browser.get(place)).xpath('//bdi[@class="shown"]/text()')
    page = browser.get("/alerts/new?q=payroll")
    assert len(tree(page).xpath('//input[@name="keep"][@checked]')) == 1
    action, fields = filled(page)
    second = post(browser, action, typed(fields)).headers["location"]
    assert second != place
    assert tree(browser.get(second)).xpath('//bdi[@class="shown"]/text()') == [shown]
    action, fields = filled(browser.get("/alerts/new?q=course"))
    bare = post(browser, action, typed(fields, keep=[])).headers["location"]
    assert tree(browser.get(bare)).xpath('//bdi[@class="shown"]') == []


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"name": ""}, "name", "haracter"),
        ({"query": "topic:nothing"}, "query", "nothing"),
        ({"query": "("}, "query", ""),
        ({"cadence": "daily", "at": "07:00", "zone": "Atlantis"}, "cadence", "time zone"),
        ({"quiet_from": "22:00"}, "quiet", "22:00-07:00"),
        ({"max_age": "soon"}, "max_age", "soon"),
        ({"rule": "more_than", "count": "3"}, "rule", "within"),
        ({"rule": "more_than", "count": "many", "within": "24h"}, "rule", "integer"),
        ({"kind": "email", "address": "nobody"}, "channels", "mail address"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(site, keeper, values, field, says):
    browser, _ = keeper
    action, fields = filled(browser.get("/alerts/new"))
    answer = post(browser, action, typed(fields, **{"name": "Typed before", **values}))
    assert answer.status_code == 422
    (told,) = tree(answer).xpath(f'//p[@id="wrong-{field}"]')
    assert says in told.text
    again = dict(filled(answer)[1])
    for name, value in {"name": "Typed before", **values}.items():
        if name not in ("kind", "address"):
            assert again[name] == value
    if "address" in values:
        assert values["address"] in tree(answer).xpath('//input[@name="address"]/@value')
    with site.database.read() as session:
        assert alerts.all_of(session) == []


def test_looking_back_saves_nothing_and_needs_no_scope(site):
    here = site.inside()
    page = here.get("/alerts/new?q=reform")
    assert "sign in" in page.text and not tree(page).xpath('//button[@value="save"]')
    action, fields = filled(page)
    looked = post(here, action, typed(fields, query="payroll", do="preview"))
    assert looked.status_code == 200 and dict(filled(looked)[1])["query"] == "payroll"
    assert "would have sent" in looked.text
    assert post(here, action, typed(fields)).status_code == 401
    with site.database.read() as session:
        assert alerts.all_of(session) == []


def test_a_webhook_s_secret_is_shown_once_with_how_to_check_it(keeper):
    browser, token = keeper
    action, fields = filled(browser.get("/alerts/new"))
    answer = post(browser, action, typed(fields, name="Hook", kind="webhook", address=HOOK))
    assert answer.status_code == 303 and "whsec_" not in answer.text
    first = answer.headers["location"]
    made = browser.get(first)
    (secret,) = tree(made).xpath('//code[starts-with(text(), "whsec_")]/text()')[:1]
    assert made.headers["cache-control"] == "no-store" and "webhook-signature" in made.text
    again = browser.get(first)
    assert secret not in again.text and "was shown once" in again.text and again.status_code == 200
    place = first.partition("?")[0]
    page = browser.get(place)
    assert secret not in page.text and "was shown once" not in page.text
    (rotate,) = [a for a in tree(page).xpath("//form/@action") if a.endswith("/secret")]
    rotated = browser.get(browser.post(rotate, data={"csrf": token}).headers["location"])
    assert "whsec_" in rotated.text and secret not in rotated.text
    assert rotated.headers["cache-control"] == "no-store"


def test_a_secret_is_for_who_made_it_and_of_its_alert(site, keeper):
    browser, _ = keeper
    other = save(browser, name="Other")
    somebody, _ = site.signed_in("alerts")
    for reader, page in ((somebody, None), (browser, other)):
        place = save(browser, name="Hook", kind="webhook", address=HOOK)
        path, _, once = place.partition("?")
        told = reader.get(f"{page or path}?{once}")
        assert told.status_code == 200
        assert not tree(told).xpath('//code[starts-with(@id, "secret-")]')


def test_buttons_pause_resume_test_and_end(keeper):
    browser, token = keeper
    place = save(browser, name="Desk", kind="email", address="desk@example.org")
    data = {"csrf": token}
    assert browser.post(f"{place}/pause", data=data).headers["location"] == place
    assert "paused" in browser.get(place).text and tree(browser.get(place)).xpath('//button[text()="Resume"]')
    browser.post(f"{place}/resume", data=data)
    assert not tree(browser.get(place)).xpath('//button[text()="Resume"]')
    browser.post(f"{place}/test", data=data)
    assert len(tree(browser.get(place)).xpath('//li[contains(@class, "message ")]')) >= 1
    assert browser.post(f"{place}/end", data=data).headers["location"] == "/alerts"
    assert browser.get(place).status_code == 404 and "Desk" not in browser.get("/alerts").text


def test_settings_change_and_keep_what_is_checked(keeper):
    browser, _ = keeper
    daily = {"cadence": "daily", "zone": "Asia/Baghdad", "quiet_from": "22:00", "quiet_until": "06:30"}
    rule = {"rule": "more_than", "count": "4", "within": "2d"}
    place = save(browser, name="Desk", kind="email", address="desk@example.org", **daily, **rule)
    action, fields = filled(browser.get(place))
    said = dict(fields)
    for name, value in {**daily, **rule, "quiet_zone": "Asia/Baghdad"}.items():
        assert said[name] == value
    answer = post(browser, action, typed(fields, name="Night desk", cadence="hourly"))
    assert answer.status_code == 303
    page = browser.get(place)
    assert "Night desk" in page.text and "Hourly" in page.text
    assert len(tree(page).xpath('//bdi[@class="shown"]')) == 1
    wrong = post(browser, action, typed(fields, name="Typed", cadence="daily", zone="Atlantis"))
    assert wrong.status_code == 422 and dict(filled(wrong)[1])["name"] == "Typed"
    assert "Night desk" in browser.get(place).text


def test_what_was_given_up_is_shown_with_its_answer_and_sent_again(site, keeper):
    browser, token = keeper
    place = save(browser, name="Desk", kind="email", address="desk@example.org")
    browser.post(f"{place}/test", data={"csrf": token})
    with site.database.write() as session:
        gone = {"outcome": "parked", "ended_at": datetime(2026, 9, 1, tzinfo=UTC), "answer": "<b>no</b> such desk"}
        session.execute(table(Delivery).update().values(gone))
        session.execute(table(Subscriber).update().values(paused_at=datetime(2026, 9, 1, tzinfo=UTC)))
    page = browser.get(place)
    assert "given up" in page.text and "&lt;b&gt;no&lt;/b&gt; such desk" in page.text
    again = [a for a in tree(page).xpath("//form/@action") if a.endswith("/replay")]
    assert browser.post(again[0], data={"csrf": token}).headers["location"] == f"{place}#sent"
    with site.database.read() as session:
        waiting = table(Delivery).c.ended_at.is_(None)
        assert session.execute(table(Delivery).select().where(waiting)).first() is not None


def test_no_button_works_without_its_token_or_for_who_may_not(site, keeper):
    browser, _ = keeper
    place = save(browser, name="Desk", kind="email", address="desk@example.org")
    reader, token = site.signed_in("read")
    acts = [f"{place}/{act}" for act in ("pause", "resume", "end", "test")]
    acts += [f"{place}/channels/1/{act}" for act in ("secret", "confirmation", "resume")]
    for act in [*acts, f"{place}/deliveries/1/replay"]:
        assert browser.post(act, data={"csrf": "x"}).status_code == 403, act
        assert reader.post(act, data={"csrf": token}).status_code == 403, act
        assert site.inside().post(act, data={}).status_code == 401, act
    action, fields = filled(browser.get("/alerts/new"))
    assert post(browser, action, typed(fields, csrf="x")).status_code == 403
    assert browser.get(place).status_code == 200


def test_outsiders_see_no_alerts_and_no_way_to_them(site, keeper):
    place = save(keeper[0], name="Desk")
    public = site.outside(public_read=True)
    for path in ("/alerts", "/alerts/new", place):
        assert public.get(path).status_code == 401
    page = public.get("/")
    assert "/alerts" not in page.text and "mailed to you" not in page.text


def test_hostile_names_are_text(keeper):
    hostile = "<script>alert(1)</script>"
    place = save(keeper[0], name=hostile, query='"<b>reform</b>"')
    for path in (place, "/alerts", f"/alerts/new?{urlencode({'q': hostile})}"):
        page = keeper[0].get(path).text
        assert "<script>alert" not in page and "<b>reform" not in page


def test_the_public_has_a_search_mailed_where_that_is_open(site):
    public = site.outside(public_read=True, public_subscribe=True)
    (form,) = tree(public.get("/?q=reform&lang=en")).xpath('//form[@class="subscribe"]')
    assert dict(form.form_values())["q"] == "reform lang:en"
    answer = public.post(form.action, data={"q": "reform lang:en", "to": "reader@example.org"})
    assert answer.status_code == 200 and "One more step" in answer.text
    assert answer.text == public.post(form.action, data={"q": "reform", "to": "reader@example.org"}).text
    assert (
        site.outside(public_read=True).post(form.action, data={"q": "x", "to": "r@example.org"}).status_code == 404
    )
    for n in range(3):
        public.post(form.action, data={"q": f"reform {n}", "to": "reader@example.org"})
    refused = public.post(form.action, data={"q": "x", "to": "r@example.org"}, headers={"Accept": "text/html"})
    assert refused.status_code == 429 and "try again later" in refused.text


@pytest.mark.parametrize("what", ["confirm", "unsubscribe"])
def test_a_link_is_only_looked_at_by_a_get_and_a_wrong_one_says_what_to_do(site, what):
    public = site.outside()
    asked = public.get(f"/subscriptions/7/{what}?token=wrong")
    assert asked.status_code == 200 and len(tree(asked).xpath("//main//form//button")) == 1
    assert asked.headers["x-robots-tag"] == "noindex" and asked.headers["cache-control"] == "no-store"
    assert asked.headers["referrer-policy"] == "no-referrer" and 'content="noindex"' in asked.text
    answer = public.post(f"/subscriptions/7/{what}?token=wrong", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 404 and "does not work" in answer.text


def test_a_good_link_confirms_and_another_ends_it(site):
    public = site.outside(public_read=True, public_subscribe=True)
    public.post("/subscriptions", data={"q": "reform", "to": "reader@example.org"})
    with site.database.read() as session:
        (alert,) = alerts.all_of(session)
        (row,) = alerts.subscriptions(session, [alert.id])
    desk = Desk.of(site.settings)

    def link(what):
        return f"/subscriptions/{row.id}/{what}?token={desk.token(what, row.id)}"

    assert (
        public.post(f"/subscriptions/{row.id}/confirm?token={desk.token('unsubscribe', row.id)}").status_code == 404
    )
    public.get(link("confirm"))
    with site.database.read() as session:
        assert alerts.subscription(session, row.id).confirmed_at is None, "looking is not saying yes"
    assert "reform" in public.post(link("confirm")).text
    with site.database.read() as session:
        assert alerts.subscription(session, row.id).confirmed_at is not None
    for _ in range(2):
        ended = public.post(link("unsubscribe"), data={"List-Unsubscribe": "One-Click"})
        assert ended.status_code == 200 and "Ended" in ended.text
    with site.database.read() as session:
        assert alerts.subscriptions(session, [alert.id]) == []
    assert public.post(link("confirm")).status_code == 404
