"""The HTML of mails in a real browser: it fits, follows light and dark, runs the right way, loads nothing."""

import pytest

from alerts.render import mail
from tests.alerts.letters import LINKS, TEXT, confirming, part, paused, post, ruled, told

pytestmark = pytest.mark.e2e

ARABIC = "كشف رواتب واحد لجميع الوحدات"
LONG = "https://office.example/" + "reform-" * 40
POSTS = [
    post(1),
    post(2, text=f"{ARABIC}\n{LONG}", lang="ar", account={"handle": "@" + "x" * 70, "name": None}),
    post(3, text=None, rights={"policy": "ids", "text_withheld": True}),
]
LETTERS = {
    "posts": lambda lang: told(*POSTS, digest=[part((1, 2)), part(3, topic=None, name=None)], lang=lang),
    "rule": lambda lang: ruled("unusual", lang, POSTS),
    "confirm": confirming,
    "paused": lambda lang: paused(lang, answer=LONG),
}


@pytest.fixture(
    params=[(360, "light"), (360, "dark"), (800, "light"), (800, "dark")], ids=lambda p: f"{p[0]}-{p[1]}"
)
def shown(browser, request):
    """Shows a letter, and what was asked for meanwhile."""
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    asked = []
    page.on("request", lambda one: asked.append(one.url))

    def show(letter):
        page.set_content(mail(letter, LINKS).html)
        return page, asked

    yield show
    page.close()


@pytest.mark.parametrize("lang", ["en", "ar", "ckb"])
@pytest.mark.parametrize("kind", LETTERS)
def test_a_mail_fits_the_screen_and_loads_nothing(shown, kind, lang):
    page, asked = shown(LETTERS[kind](lang))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert asked == []
    sizes = "[...document.querySelectorAll('p,li,div,a')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(page.evaluate(sizes)) >= 14


def test_light_and_dark_follow_the_reader(shown):
    page, _ = shown(told(post(1)))
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    colour = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert colour == ("rgb(255, 255, 255)" if dark else "rgb(0, 0, 0)")


def test_a_message_runs_as_its_language_and_a_post_as_its_own(shown):
    page, _ = shown(LETTERS["posts"]("ckb"))
    direction = "e => getComputedStyle(e).direction"
    assert page.locator("h1").evaluate(direction) == "rtl"
    assert page.get_by_text(TEXT, exact=True).first.evaluate(direction) == "ltr"
    assert page.get_by_text(ARABIC).count() == 0, "an echo has no text of its own"
    first = page.locator("h3 bdi").first
    assert first.evaluate(direction) == "ltr"
