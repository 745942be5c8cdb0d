"""The pages in a real browser, served by a real server: what people see and can do."""

import pytest
from playwright.sync_api import Page

from core import times
from db import corrections
from tests.api.site import HOSTILE, POSTS
from tests.e2e.seeing import BROKEN_WORDS, CONTRAST, RIGHTMOST, go

pytestmark = pytest.mark.e2e
ALL = len(POSTS) + 2
PLACES = [
    "/",
    "/?q=lang:ckb",
    "/?q=(",
    "/posts/file:office.example/1",
    "/posts/file:office.example/2",
    "/sources",
    "/docs",
    "/signin",
    "/nothing",
]


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_no_page_is_wider_than_the_screen(visit, width, scripts):
    screen = visit(width, java_script_enabled=scripts)
    for place in PLACES:
        page = screen.open(place)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place


@pytest.mark.parametrize("width", [375, 720, 1000, 1280])
def test_no_word_of_a_table_is_broken(visit, width):
    page = visit(width).open("/posts/file:office.example/1")
    assert page.locator(".scroll td").count() > 0
    assert page.evaluate(BROKEN_WORDS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_every_text_can_be_read_in_light_and_dark(visit, scheme, width):
    screen = visit(width, color_scheme=scheme)
    for place in PLACES:
        page = screen.open(place)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        assert page.evaluate(CONTRAST) == [], place


def test_light_and_dark_follow_the_reader(visit):
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme).open("/")
        grounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["light"] != grounds["dark"]


def test_nothing_is_asked_of_another_host_and_nothing_goes_wrong(visit, address):
    screen = visit()
    for place in PLACES:
        screen.open(place)
    assert screen.real_complaints == []
    assert len(screen.asked) > len(PLACES)
    assert [url for url in screen.asked if not url.startswith(address + "/")] == []


def test_right_to_left_texts_run_from_the_right(visit):
    page = visit().open("/?q=lang:ckb OR lang:ar")
    texts = page.locator("article .text")
    assert texts.count() == 2
    for n in range(2):
        text = texts.nth(n)
        assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"
        box = text.bounding_box()
        last = text.evaluate(RIGHTMOST)
        assert last == pytest.approx(box["x"] + box["width"], abs=2)
    assert (
        visit().open("/?q=lang:en").locator("article .text").first.evaluate("e => getComputedStyle(e).direction")
        == "ltr"
    )


def test_a_search_by_the_form_finds_and_can_be_shared(visit):
    page = visit().open("/")
    assert page.locator("h1").inner_text() == f"{ALL} posts"
    page.keyboard.press("/")
    page.keyboard.type("advisors payroll")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=advisors+payroll")
    assert page.locator("h1").inner_text() == "1 post"
    assert page.locator("article mark[title]").count() == 2, "sentences that speak for a topic"
    assert page.locator("article mark.found").all_inner_texts() == ["advisors", "Payroll"]


def test_filters_narrow_step_by_step_and_go_away_again(visit):
    page = visit().open("/")
    page.locator("nav.topics a", has_text="Training").click()
    page.wait_for_url("**/?topic=training")
    page.locator(".filters a", has_text="@brigade.example").click()
    page.wait_for_url("**account=**")
    assert page.locator("h1").inner_text() == "1 post"
    page.get_by_label("From").fill("2025-09-01")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**since=2025-09-01**")
    assert page.locator("h1").inner_text() == "0 posts" and "topic=training" in page.url
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url(lambda url: "topic" not in url)
    assert page.locator("h1").inner_text() == f"{ALL} posts"


def test_a_bar_of_the_histogram_leads_to_its_posts(visit):
    page = visit().open("/?lang=ckb&until=2025-09-01&since=2025-07-01")
    bar = page.locator(".chart svg a").first
    title = bar.locator("title").text_content()
    bar.click()
    page.wait_for_url("**since=2025-08-16**")
    assert title.startswith("16 Aug 2025: 1 post") and page.locator("h1").inner_text() == "1 post"


def test_everything_works_without_scripts(visit):
    page = visit(java_script_enabled=False).open("/")
    page.get_by_label("Search posts").fill("course")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**q=course**")
    assert page.locator("h1").inner_text() == "1 post"
    page.get_by_role("link", name="Details").click()
    page.wait_for_url("**/posts/file:office.example/2")
    assert page.locator("ins").inner_text().strip() == "141"


def test_a_hostile_text_is_shown_and_not_run(visit):
    screen = visit()
    shown = []
    screen.page.on("dialog", lambda dialog: (shown.append(dialog.message), dialog.dismiss()))
    assert HOSTILE in screen.open("/posts/file:office.example/5").locator("article .text").inner_text()
    screen.open("/?q=" + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert shown == [] and screen.real_complaints == []


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(visit):
    page = visit().open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_filters_are_folded_on_a_phone_and_open_on_a_wide_screen(visit):
    narrow, wide = visit(375).open("/"), visit(1280).open("/")
    assert not narrow.get_by_label("From").is_visible() and wide.get_by_label("From").is_visible()
    narrow.locator(".filters > summary").click()
    assert narrow.get_by_label("From").is_visible()


def test_signing_in_and_out_in_the_browser(visit, site):
    token = site.secret("sign_in", "admin", name="operator")[1]
    page = visit().open(f"/signin?token={token}")
    page.get_by_role("button", name="Sign in on this browser").click()
    page.wait_for_url("**/")
    assert "operator" in page.locator(".who").inner_text()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("On this machine").wait_for()


def test_the_citation_is_copied(visit):
    screen = visit(permissions=["clipboard-read", "clipboard-write"])
    page = screen.open("/posts/file:office.example/1")
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("Example Office, 18 Aug 2025")


def test_on_paper_there_are_posts_and_no_controls(visit):
    page = visit().open("/")
    page.emulate_media(media="print")
    assert page.locator("article").first.is_visible()
    assert not page.locator("form.search").is_visible() and not page.locator(".filters").is_visible()


SORANI = "file:office.example/3"


@pytest.fixture
def signed_in(visit, site):
    """A browser of somebody who may correct tags; undone afterwards, for the tests beside this one."""

    def start(**options) -> Page:
        page = visit(**options).open(f"/signin?token={site.secret('sign_in', 'annotate', name='reviewer')[1]}")
        page.get_by_role("button", name="Sign in on this browser").click()
        page.wait_for_url("**/")
        return page

    yield start
    key, _ = site.secret("key", "annotate")
    with site.database.write() as session:
        author = corrections.Author(key, "analyst")
        for post in ("file:office.example/1", SORANI):
            for topic in ("key_leader_engagement", "training", "reform"):
                corrections.withdraw(session, post, topic, author, times.now())


@pytest.mark.parametrize("scripts", [True, False])
def test_a_tag_is_corrected_and_given_back_without_leaving_the_place(signed_in, address, scripts):
    page = go(signed_in(java_script_enabled=scripts), address, "/posts/file:office.example/1")
    form = page.get_by_role("form", name="Correct Security reform")
    form.get_by_label("Note").fill("Payroll is in the plan.")
    form.get_by_role("button", name="Holds: Security reform").click()
    page.wait_for_url("**/posts/file:office.example/1#topic-reform")
    verdict = page.locator("#topic-reform")
    assert "Holds, says reviewer" in verdict.inner_text() and "Payroll is in the plan." in verdict.inner_text()
    assert verdict.evaluate("e => e.getBoundingClientRect().top < innerHeight")
    assert page.locator("article mark").count() == 2
    page.get_by_role("button", name="Withdraw the correction: Security reform").click()
    page.wait_for_url("**#topic-reform")
    page.get_by_text("says reviewer").wait_for(state="detached")


def test_a_correction_needs_no_mouse(signed_in, address):
    page = go(signed_in(), address, "/posts/file:office.example/1")
    page.locator(".rest > summary").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Line one")
    page.keyboard.press("Enter")  # a line, not a decision
    page.keyboard.type("line two")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Does not hold: Training"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**#topic-training")
    assert "Does not hold, says reviewer" in page.locator("#topic-training").inner_text()


def test_the_review_list_is_worked_off_and_one_stays_in_it(signed_in, address):
    page = go(signed_in(), address, "/")
    page.get_by_role("link", name="Review").click()
    page.wait_for_url("**/?q=is%3Aunsure&sort=uncertain")
    assert page.locator("h1").inner_text() == "1 post" and page.locator("article mark").count() == 2
    page.get_by_role("button", name="Does not hold: Security reform").click()
    page.get_by_text("No posts match").wait_for()
    assert page.url.endswith("/?q=is%3Aunsure&sort=uncertain")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_the_forms_fit_and_can_be_read(signed_in, address, width, scheme):
    page = signed_in(width=width, color_scheme=scheme)
    for place in ("/posts/file:office.example/1", f"/posts/{SORANI}", "/?q=is:unsure&sort=uncertain"):
        go(page, address, place)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        assert page.locator("form.judge").count() > 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        assert page.evaluate(CONTRAST) == [], place


def test_a_note_in_sorani_runs_from_the_right(signed_in, address):
    page = go(signed_in(), address, f"/posts/{SORANI}")
    form = page.get_by_role("form", name="Correct Security reform")
    form.get_by_label("Note").fill("یەکخستنی هێزەکان")
    form.get_by_role("button", name="Holds: Security reform").click()
    page.wait_for_url("**#topic-reform")
    said = page.locator("#topic-reform .said q")
    assert said.evaluate("e => getComputedStyle(e).direction") == "rtl"
    note = page.get_by_role("form", name="Correct Security reform").get_by_label("Note")
    assert note.evaluate("e => getComputedStyle(e).direction") == "rtl"
