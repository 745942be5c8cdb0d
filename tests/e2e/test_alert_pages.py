"""Alerts in a real browser: made in two clicks, by keyboard, on a phone, in light and dark."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from core import times
from tests.api.site import BRIGADE, OFFICE, written
from tests.e2e.seeing import CONTRAST, Visit, go

pytestmark = pytest.mark.e2e
TEXTS = ("Payroll reform goes on: one list for all units.", "The course on reform of payroll ended today.",
         "Leaders met about reform.")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def lately(site):
    """Posts of the last weeks, so that a look back finds some."""
    now = times.now()
    found = [
        written(f"lately/{n}", TEXTS[n % 3], now - timedelta(days=2 * n, hours=n), lang="en",
                account=(OFFICE, BRIGADE)[n % 2])
        for n in range(1, 30)
    ]  # fmt: skip
    site.collect("sample", found, now)


@pytest.fixture
def keeper(visit, site):
    """A browser of somebody who may keep alerts."""

    def start(**options) -> Page:
        page = visit(**options).open(f"/signin?token={site.secret('sign_in', 'alerts', name='keeper')[1]}")
        page.get_by_role("button", name="Sign in on this browser").click()
        page.wait_for_url("**/")
        return page

    return start


@pytest.fixture(scope="module")
def made(site, address):
    """An alert with channels and a message, for who looks at its page."""
    client = site.inside()
    client.headers.update(site.key("alerts"))
    body = {
        "name": "Reform, payroll and what the ministry says of both",
        "query": "reform payroll lang:en",
        "cadence": "daily 07:00 Europe/Berlin",
        "quiet": "22:00-07:00 Asia/Baghdad",
        "channels": [
            {"kind": "email", "to": "a.very.long.name.of.a.desk@office-of-the-example.example.org"},
            {"kind": "webhook", "url": "https://93.184.215.14/a/rather/long/path/of/a/hook"},
        ],
    }
    number = client.post("/api/v1/alerts", json=body).json()["id"]
    client.post(f"/api/v1/alerts/{number}/test")
    return number


@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_search_to_a_saved_alert_in_two_clicks(keeper, address, scripts):
    page = go(keeper(java_script_enabled=scripts), address, "/?q=reform&lang=en")
    page.get_by_role("link", name="Alert me of these").click()
    page.wait_for_url("**/alerts/new?**")
    assert page.locator("#backtest .chart rect.bar").count() > 20
    assert page.locator("#backtest .reasons li").count() >= 5
    page.get_by_role("button", name="Save alert").click()
    page.wait_for_url(lambda url: url.rpartition("/")[2].isdecimal())
    assert page.locator("h1").inner_text() == "reform lang:en"
    assert "reform lang:en" in go(page, address, "/alerts").locator("tbody").inner_text()


def test_a_rule_shows_what_it_would_have_said(keeper, address):
    page = go(keeper(), address, "/alerts/new?q=reform")
    page.get_by_text("Quiet hours, language").click()
    page.get_by_label("What it waits for").select_option("more_than")
    page.get_by_label("So many posts").fill("0")
    page.get_by_label("Within").fill("1h")
    page.get_by_role("button", name="Show what it would have sent").click()
    page.locator(".spoken li").first.wait_for()
    assert page.locator(".spoken li").count() == 10
    assert page.get_by_label("So many posts").input_value() == "0"


def test_by_keyboard_alone(keeper, address):
    page = go(keeper(), address, "/alerts/new?q=payroll")
    page.locator("#name").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("By keyboard")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "address":
            break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.type("desk@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.rpartition("/")[2].isdecimal())
    assert page.locator("h1").inner_text() == "By keyboard"
    assert page.locator("#channels .state").inner_text() == "unconfirmed"


def test_what_is_wrong_is_said_and_mended(keeper, address):
    page = go(keeper(), address, "/alerts/new?q=payroll")
    page.get_by_label("Address of the channel").fill("nobody")
    page.locator("#name").fill("To be mended")
    page.get_by_role("button", name="Save alert").click()
    page.locator("#wrong-channels").wait_for()
    assert page.locator("#name").input_value() == "To be mended"
    page.get_by_label("Address of the channel").first.fill("desk@example.org")
    page.get_by_role("button", name="Save alert").click()
    page.wait_for_url(lambda url: url.rpartition("/")[2].isdecimal())


def places(number: int) -> list[str]:
    links = [f"/subscriptions/1/{what}?token=x" for what in ("confirm", "unsubscribe")]
    return ["/alerts", f"/alerts/{number}", "/alerts/new?q=reform", "/alerts/new?q=(", *links, "/?q=reform"]


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_no_page_is_wider_than_the_screen(keeper, address, made, width):
    page = keeper(width=width)
    for place in places(made):
        go(page, address, place)
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth") <= width, place
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_text_can_be_read_in_light_and_dark(keeper, address, made, scheme, width):
    page = keeper(width=width, color_scheme=scheme)
    for place in places(made):
        go(page, address, place)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        assert page.evaluate(CONTRAST) == [], place


def test_nothing_goes_wrong_and_nothing_is_asked_of_another_host(visit, address, made):
    screen: Visit = visit()
    for place in places(made):
        screen.open(place)
    assert screen.real_complaints == []
    assert [url for url in screen.asked if not url.startswith(address + "/")] == []


def test_every_field_has_a_name_for_who_hears_the_page(keeper, address, made):
    page = keeper()
    for place in places(made)[1:3]:
        go(page, address, place)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        nameless = """() => [...document.querySelectorAll("main input:not([type=hidden]), main select")]
          .filter((e) => !e.labels.length && !e.ariaLabel).map((e) => e.outerHTML)"""
        assert page.evaluate(nameless) == []
