"""Exports in a real browser: from a search in two clicks, seen to go on, fetched; on a phone, in light and dark."""

from threading import Event

import pytest
from playwright.sync_api import Page

from kle import building
from tests.e2e.seeing import CONTRAST, Visit, go

pytestmark = pytest.mark.e2e


@pytest.fixture
def asker(visit, site):
    """A browser of somebody who may export."""

    def start(**options) -> Page:
        page = visit(**options).open(f"/signin?token={site.secret('sign_in', 'export', name='asker')[1]}")
        page.get_by_role("button", name="Sign in on this browser").click()
        page.wait_for_url("**/")
        return page

    return start


def build(site):
    building.build_all(site.settings, site.database, Event())


@pytest.fixture(scope="module")
def made(site):
    """One that is done, one that was withdrawn, and one that waits."""
    client = site.inside()
    client.headers.update(site.key("export"))
    numbers = []
    for query in ("", "reform OR training OR platform:x"):
        numbers.append(client.post("/api/v1/exports", json={"query": query, "format": "csv"}).json()["id"])
        build(site)
    client.delete(f"/api/v1/exports/{numbers[1]}")
    numbers.append(client.post("/api/v1/exports", json={"query": "met", "format": "parquet"}).json()["id"])
    return numbers


def test_from_a_search_to_a_file_and_the_page_goes_on_by_itself(asker, site, address):
    page = go(asker(), address, "/?q=leaders")
    page.get_by_role("link", name="Export these").click()
    page.wait_for_url("**/exports/new?**")
    page.get_by_role("button", name="Export", exact=True).click()
    page.wait_for_url(lambda url: url.rpartition("/")[2].isdecimal())
    assert page.locator("progress").count() == 1
    build(site)
    page.get_by_role("link", name="Download").wait_for()  # nobody loaded the page again
    with page.expect_download() as found:
        page.get_by_role("link", name="Download").click()
    assert found.value.suggested_filename.endswith(".zip") and found.value.path().stat().st_size > 1000
    assert "leaders" in go(page, address, "/exports").locator("tbody").inner_text()


def test_without_scripts_it_is_all_there(asker, site, address):
    page = go(asker(java_script_enabled=False), address, "/exports/new?q=training")
    page.get_by_role("button", name="Export", exact=True).click()
    page.wait_for_url(lambda url: url.rpartition("/")[2].isdecimal())
    build(site)
    page.get_by_role("link", name="Download").wait_for()
    assert "kle export training" in page.locator("#command").inner_text()


def places(numbers: list[int]) -> list[str]:
    return ["/exports", *(f"/exports/{number}" for number in numbers), "/exports/new?q=reform", "/exports/new?q=("]


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_no_page_is_wider_than_the_screen(asker, address, made, width):
    page = asker(width=width)
    for place in places(made):
        go(page, address, place)
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth") <= width, place
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")


@pytest.mark.parametrize("width", [320, 700, 720, 1280])
def test_a_digest_is_seen_whole(asker, address, made, width):
    page = go(asker(width=width), address, f"/exports/{made[0]}")
    cut = """() => [...document.querySelectorAll(".digest")].filter((e) => {
      const box = e.closest(".scroll").getBoundingClientRect(), own = e.getBoundingClientRect();
      return own.right > box.right + 1 || e.scrollWidth > e.clientWidth + 1;
    }).length"""
    assert page.locator(".digest").count() > 3 and page.evaluate(cut) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_text_can_be_read_in_light_and_dark(asker, address, made, scheme, width):
    page = asker(width=width, color_scheme=scheme)
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


def test_every_field_has_a_name_for_who_hears_the_page(asker, address):
    page = go(asker(), address, "/exports/new?q=reform")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    nameless = """() => [...document.querySelectorAll("main input:not([type=hidden])")]
      .filter((e) => !e.labels.length && !e.ariaLabel).map((e) => e.outerHTML)"""
    assert page.evaluate(nameless) == []
