"""The page itself: its one address, text, time, account and language."""

import time

import pytest

from collector.platforms import article
from core import ids, times
from core.errors import ParseError
from core.post import Account, SeenPost, View
from tests.collector.pages import PARAGRAPH, html, page, read_article

LD = '<script type="application/ld+json">'
URL = "https://www.news.example/2026/talks?utm_source=x"


def read(head: str = "", inside: str = "", url: str = URL, lang: str = "en") -> SeenPost:
    return read_article(html(inside, head, lang), url)[0]


def test_an_article_has_title_text_account_and_view() -> None:
    post = read('<meta property="og:site_name" content="Example News">')
    assert post.text == f"Talks\n\n{PARAGRAPH}\n{PARAGRAPH} It goes on."
    assert post.account == Account("article", "news.example", "Example News")
    assert (post.kind, post.view, post.lang, post.first_hand) == ("article", View.PAGE, "en", True)


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="canonical" href="/2026/talks">', "https://www.news.example/2026/talks"),
        (
            '<link rel="canonical" href="https://m.news.example/t"><meta property="og:url" content="x">',
            "https://m.news.example/t",
        ),
        ('<meta property="og:url" content="https://news.example/og">', "https://news.example/og"),
        ('<link rel="canonical" href="https://other.example/stolen">', URL),
        ('<link rel="canonical" href="https://www.news.example/">', URL),
        ("", URL),
    ],
)
def test_the_canonical_address_is_the_pages_own_word_within_its_site(head: str, url: str) -> None:
    post = read(head)
    assert post.url == url
    assert post.platform_id == ids.article_id(url)


def test_a_saved_page_takes_its_address_from_itself_or_has_none() -> None:
    assert read('<link rel="canonical" href="https://news.example/1">', url="").url == "https://news.example/1"
    bare = read(url="")
    assert (bare.url, bare.account) == (None, None)
    assert bare.platform_id == read(url="").platform_id != read(inside="<p>more</p>", url="").platform_id


@pytest.mark.parametrize(
    ("head", "moment", "precision"),
    [
        (
            LD + '{"@type":"NewsArticle","datePublished":"2026-05-04T10:00:00+03:00"}</script>',
            "2026-05-04T07:00:00Z",
            "second",
        ),
        (
            LD + '{"@graph":[{"@type":["Thing","BlogPosting"],"datePublished":"2026-05-04"}]}</script>',
            "2026-05-04T00:00:00Z",
            "day",
        ),
        (
            '<meta property="article:published_time" content="2026-05-04T10:00:00Z">',
            "2026-05-04T10:00:00Z",
            "second",
        ),
        ('<meta property="article:published_time" content="2026-05-04T10:00:00">', "2026-05-04T00:00:00Z", "day"),
        (
            '<meta name="date" content="2026-05-04"><meta name="pubdate" content="2026-05-04T09:00:00Z">',
            "2026-05-04T09:00:00Z",
            "second",
        ),
        (LD + '{broken</script><meta name="pubdate" content="2026-05-04">', "2026-05-04T00:00:00Z", "day"),
    ],
)
def test_the_exact_time_where_the_page_states_one(head: str, moment: str, precision: str) -> None:
    post = read(head)
    assert post.created_at
    assert (times.text(post.created_at), post.precision) == (moment, precision)


def test_a_page_without_a_believable_date_has_none() -> None:
    post = read('<meta property="article:published_time" content="1970-01-01T00:00:00Z">')
    assert (post.created_at, post.precision) == (None, "seen")


@pytest.mark.parametrize(
    ("declared", "text", "code"),
    [
        ("en-US", "The advisors met the leaders and the talks went on for the day.", "en"),
        ("ku", "ڕاوێژکاران لەگەڵ سەرکردەکانی پێشمەرگە کۆبوونەوە و باسیان لە چاکسازی کرد", "ckb"),
        ("ku", "Şêwirmendan li Hewlêrê bi fermandaran re civiyan û li ser çaksaziyê axivîn", "kmr"),
        ("en", "قال التحالف الدولي في بيان إن المستشارين التقوا قادة في أربيل هذا اليوم", "ar"),
        ("fr-FR", "Les conseillers ont rencontré leurs partenaires hier à la capitale", "fr"),
        ("", "ڕاوێژکاران لەگەڵ سەرکردەکانی پێشمەرگە کۆبوونەوە و باسیان لە چاکسازی کرد", "ckb"),
    ],
)
def test_the_language_is_what_is_declared_if_its_letters_agree(declared: str, text: str, code: str) -> None:
    body = f'<html lang="{declared}"><body><article><p>{text}</p><p>{text}</p></article></body></html>'
    assert read_article(body)[0].lang == code


def test_the_title_loses_the_sites_name_and_is_not_repeated() -> None:
    head = "<head><title>Talks go on | Example News</title></head>"
    body = f"<html>{head}<body><h1>Talks go on</h1><p>{PARAGRAPH}</p></body></html>"
    assert read_article(body)[0].text == f"Talks go on\n\n{PARAGRAPH}"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Le général a été reçu à l’école"),
        ("cp1256", "قال التحالف الدولي في بيان إن المستشارين التقوا"),
        ("utf-8", "ڕاوێژکاران کۆبوونەوە"),
        ("iso8859_6", "قال التحالف الدولي في بيان إن المستشارين التقوا"),
        ("koi8_r", "Встреча советников с командирами прошла"),
        ("gb18030", "国际联盟周一会见了指挥官，讨论了改革问题。"),
        ("shift_jis", "有志連合の顧問団は月曜日に司令官と会談した。"),
        ("utf-16", "ڕاوێژکاران کۆبوونەوە"),
        ("utf-16-le", "ڕاوێژکاران کۆبوونەوە"),
    ],
)
def test_a_page_that_declares_the_wrong_encoding_is_read_rightly(encoding: str, text: str) -> None:
    body = html(f"<p>{text}</p>", '<meta charset="utf-8">').encode(encoding)
    assert text in read_article(body, content_type="text/html; charset=utf-8")[0].text


def test_a_page_cut_in_the_middle_of_a_letter_is_read() -> None:
    assert PARAGRAPH in read_article(html("<p>é</p>").encode() + "é".encode()[:1])[0].text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("<html><body><script>app()</script></body></html>", "no text without its scripts"),
        ("%PDF-1.7", "a PDF"),
    ],
)
def test_a_page_that_shows_nothing_is_refused_with_the_reason(body: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        list(article.parse(page(body)))


CHALLENGES = {
    "question": ("Just a moment...", "<p>Enable JavaScript and cookies to continue</p>"),
    "question in German": ("Nur einen Moment…", "<script>window._cf_chl_opt={}</script><h1>news.example</h1>"),
    "captcha": ("news.example", "<p>Press &amp; Hold to confirm you are a human (and not a bot).</p>"),
    "marks alone": (
        "news.example",
        '<script src="https://x.captcha-delivery.com/c.js"></script><p>Please wait</p>',
    ),
}
REFUSALS = {
    "denied": ("Access Denied", "<h1>Access Denied</h1>You don't have permission to access this on this server."),
    "blocked": ("Attention!", "<h1>Sorry, you have been blocked</h1><p>Why have I been blocked?</p>"),
    "forbidden": ("403 Forbidden", "<center><h1>403 Forbidden</h1></center><hr><center>a server</center>"),
}
CONSENT = {
    "asked": ("Before you continue", "<div>We use cookies.</div>"),
    "in German": ("Zustimmung", "<p>Wir und unsere Partner verwenden Cookies.</p><button>Akzeptieren</button>"),
}


@pytest.mark.parametrize(
    ("reason", "title", "inside"),
    [("whether a person is reading", *page) for page in CHALLENGES.values()]
    + [("refuses this reader", *page) for page in REFUSALS.values()]
    + [("asks for consent", *page) for page in CONSENT.values()]
    + [
        ("server's error page", "502 Bad Gateway", "<h1>502 Bad Gateway</h1>"),
        ("no text without its scripts", "News", "<noscript>Enable JavaScript to run this app.</noscript>"),
    ],
    ids=[*CHALLENGES, *REFUSALS, *CONSENT, "error", "scripts"],
)
def test_what_stands_in_an_articles_place_is_refused_and_named(reason: str, title: str, inside: str) -> None:
    with pytest.raises(ParseError, match=reason):
        read_article(f"<html><head><title>{title}</title></head><body>{inside}</body></html>")


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("Just a moment: the general on reform", f"<p>{PARAGRAPH}</p>" * 20),
        ("Access denied: how reporters were kept out", f"<p>{PARAGRAPH}</p>" * 3),
        ("Why captchas fail", f"<p>{PARAGRAPH}</p>" * 3 + "<p>This site is protected by a captcha.</p>"),
        ("Talks", f"<p>{PARAGRAPH}</p>" * 3 + "<div>We use cookies to improve. Accept</div>"),
        ("Talks", f"<p>404 people came. {PARAGRAPH}</p>"),
    ],
)
def test_an_article_about_such_pages_stays_one(title: str, inside: str) -> None:
    body = f"<html><head><title>{title}</title></head><body><article>{inside}</article></body></html>"
    assert PARAGRAPH in read_article(body)[0].text


@pytest.mark.parametrize(
    "inside",
    [
        f'<div><p>{PARAGRAPH} <a href="/x">x</a></p>' * 1900,
        f"<article><p>{PARAGRAPH}</p>" * 1900,
        f'<b><span class="embed" data-url="https://x.com/a/status/2051200000000000000">{PARAGRAPH}' * 900,
        f'<blockquote class="twitter-tweet"><p>{PARAGRAPH} <a href="https://x.com/a/status/20">x</a></p>' * 900,
    ],
    ids=["divs", "articles", "spans", "quotes"],
)
def test_pages_nested_thousands_of_elements_deep_take_seconds(inside: str) -> None:
    start = time.process_time()
    assert PARAGRAPH in read_article(html(inside))[0].text
    assert time.process_time() - start < 10


def test_menus_scripts_and_hidden_markup_are_no_text() -> None:
    text = read(inside="<script>evil()</script><style>p{}</style><nav>Menu</nav><!-- note -->").text
    assert not {"evil", "p{}", "Menu", "note"} & set(text.split())


def test_media_and_links_are_the_articles_own() -> None:
    post = read(
        '<meta property="og:image" content="/i.jpg"><meta property="og:image:alt" content="A room">',
        '<p>See <a href="/more">more</a>.</p><nav><p><a href="/menu">menu</a></p></nav>',
    )
    assert [(m.type, m.url, m.alt) for m in post.media] == [("image", "https://www.news.example/i.jpg", "A room")]
    assert post.links == ("https://www.news.example/more",)


@pytest.mark.parametrize(
    "inside",
    [
        "<div class=a><span>word</span><a href=/b>another one</a></div>" * 70_000,
        "<p>" + "Words of an invented article. " * 20 + "</p>",
        "<div>" * 50_000,
        "<blockquote>" * 20_000,
    ],
    ids=["many divs", "text", "deep", "deep quotes"],
)
def test_large_and_crooked_pages_take_seconds(inside: str) -> None:
    body = html(inside * max(1, 3_000_000 // max(len(inside), 100_000)) if len(inside) < 1000 else inside)
    start = time.process_time()
    assert read_article(body)
    assert time.process_time() - start < 20
