"""Posts of X in news pages, in the forms found in the wild; and what only looks like one."""

from datetime import UTC, datetime

import pytest

from collector.platforms import _x, article
from core.post import Account, Problem, View
from tests.collector.pages import SIGNED, STATUS, embedded, html, page, read_article

OPEN = '<blockquote class="twitter-tweet">'
ID = "2051200000000000000"
QUOTE = f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">Hello there.</p>{SIGNED}</blockquote>'
ESCAPED = (
    r"\u003Cblockquote class=\"twitter-tweet\"\u003E\u003Cp\u003EHello there.\u003C\/p\u003E\u0026mdash; "
    r"Office of Example (@office_example) \u003Ca href=\"https:\/\/twitter.com\/office_example\/status\/"
    + ID
    + r"\"\u003EMay 4, 2026\u003C\/a\u003E\u003C\/blockquote\u003E"
)
FORMS = {
    "classed": QUOTE,
    "video": QUOTE.replace("twitter-tweet", "twitter-video"),
    "more classes": QUOTE.replace('"twitter-tweet"', '"wp-block tw-align-center twitter-tweet"'),
    "unclassed": QUOTE.replace(' class="twitter-tweet"', ""),
    "signature in a paragraph": f"{OPEN}<p>Hello there.</p><p>{SIGNED}</p></blockquote>",
    "no paragraph": f'<blockquote class="twitter-tweet">Hello there.<br>{SIGNED}</blockquote>',
    "hyphen": QUOTE.replace("&mdash;", "-"),
    "x.com": QUOTE.replace("twitter.com", "x.com"),
    "mobile": QUOTE.replace("//twitter.com", "//mobile.twitter.com"),
    "statuses": QUOTE.replace("/status/", "/statuses/"),
    "without handle in the link": QUOTE.replace("office_example/status", "i/web/status"),
    "in a frame": f"<blockquote>{QUOTE}</blockquote>",
    "amp": f'<amp-twitter data-tweetid="{ID}">{QUOTE}</amp-twitter>',
    "template": f"<template>{QUOTE}</template>",
    "noscript": f"<noscript>{QUOTE}</noscript>",
    "textarea": f"<textarea>{QUOTE.replace('&', '&amp;').replace('<', '&lt;')}</textarea>",
    "script": f'<script>x = {{"html": "{ESCAPED}"}}</script>',
    "script in a script": '<script>x = "' + ESCAPED.replace("\\", "\\\\") + '"</script>',
    "unclosed": QUOTE.removesuffix("</blockquote>"),
    "twice": QUOTE + "<p>and again</p>" + QUOTE,
    "once empty": f'<blockquote class="twitter-tweet"><a href="{STATUS}"></a></blockquote>' + QUOTE,
}  # fmt: skip


@pytest.mark.parametrize("markup", FORMS.values(), ids=FORMS)
def test_each_form_gives_the_one_post(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.id, post.text, post.url) == (f"x:{ID}", "Hello there.", STATUS.replace("twitter.com", "x.com"))
    assert post.account == Account("x", "@office_example", "Office of Example")
    assert post.created_at == datetime(2026, 5, 4, 7, 19, 24, 110000, tzinfo=UTC)
    assert (post.precision, post.view, post.embedded_in) == ("second", View.QUOTE, "https://news.example/a/1")
    assert not post.first_hand


@pytest.mark.parametrize(
    "markup",
    [
        f'<amp-twitter width="1" data-tweetid="{ID}"></amp-twitter>',
        f'<iframe src="https://platform.twitter.com/embed/Tweet.html?dnt=true&amp;id={ID}"></iframe>',
        f'<iframe data-src="https://platform.x.com/embed/Tweet.html?id={ID}"></iframe>',
        f'<twitter-widget data-tweet-id="{ID}"></twitter-widget>',
        f'<twitterwidget class="twitter-tweet" data-tweet-id="{ID}"></twitterwidget>',
        f'<div class="lazy-tweet" data-url="{STATUS}"></div>',
        f'<figure><oembed url="{STATUS}"></oembed></figure>',
        f'<blockquote class="twitter-tweet"><a href="{STATUS}">{STATUS}</a></blockquote>',
    ],
)
def test_an_embed_that_shows_no_text_still_tells_its_id_and_time(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.id, post.text, post.precision) == (f"x:{ID}", "", "second")


@pytest.mark.parametrize(
    "markup",
    [
        f'<p>As a <a href="{STATUS}">post</a> said.</p>',
        f'<blockquote><p>We go on, he said <a href="{STATUS}">on X</a> and left the room.</p></blockquote>',
        '<a class="twitter-share-button" href="https://twitter.com/intent/tweet?text=x">Tweet</a>',
        f'<div class="tweet-share" data-url="{STATUS}"></div>',
        '<a href="https://x.com/office_example">Follow us</a>',
        f'{OPEN}<a href="https://x.com/office_example">Follow @office_example</a></blockquote>',
        '<blockquote class="twitter-tweet"><p>This Post was deleted by the Post author.</p></blockquote>',
        f"{OPEN}<p>This Tweet is from an account that no longer exists.</p>{SIGNED}</blockquote>",
        "<blockquote><p>Words of a general — one (@office_example) on May 4, 2026, who said more.</p></blockquote>",
    ],
)
def test_what_only_looks_like_an_embed_is_none(markup: str) -> None:
    assert embedded(markup) == []


def test_line_breaks_paragraphs_and_pictures_stay_and_tags_are_no_links() -> None:
    (post,) = embedded(
        '<blockquote class="twitter-tweet"><p lang="en">One &amp; two.<br><br>Three <a href="https://twitter.com/'
        'hashtag/KLE">#KLE</a> <a href="https://t.co/aa">https://t.co/aa</a> <a href="https://t.co/bb">pic.twitter.com/'
        f"bb</a></p>{SIGNED}</blockquote>"
    )
    assert post.text == "One & two.\nThree #KLE https://t.co/aa pic.twitter.com/bb"
    assert post.links == ("https://t.co/aa", "https://pic.twitter.com/bb")


def test_dashes_and_handles_in_the_words_are_not_the_signature() -> None:
    (post,) = embedded(
        '<blockquote class="twitter-tweet"><p>Yes — and the partners (@other) — agreed.</p>'
        f"{SIGNED.replace('Office of', 'Office — of')}</blockquote>"
    )
    assert post.text == "Yes — and the partners (@other) — agreed."
    assert post.account == Account("x", "@office_example", "Office — of Example")


def test_a_post_that_links_another_keeps_its_own_id() -> None:
    other = "https://twitter.com/other/status/2051100000000000000"
    (post,) = embedded(
        f'<blockquote class="twitter-tweet"><p>See <a href="{other}">{other}</a></p>{SIGNED}</blockquote>'
    )
    assert (post.platform_id, post.links) == (ID, (other,))


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("May 4, 2026", 4),
        ("4 mai 2026", 4),
        ("٤ مايو، ٢٠٢٦", 4),
        ("4. Mai 2026", 4),
        ("4 Gulan 2026", 4),
        ("2026年5月4日", 4),
    ],
)
def test_without_an_id_the_shown_date_counts_in_any_language(date: str, day: int) -> None:
    (post,) = embedded(f"{OPEN}<p>Hello there.</p>— Office of Example (@office_example) {date}</blockquote>")
    assert post.platform_id.startswith("~")
    assert (post.created_at, post.precision, post.url) == (datetime(2026, 5, day, tzinfo=UTC), "day", None)


def test_an_id_and_a_date_that_contradict_each_other_are_a_problem() -> None:
    markup = html(QUOTE.replace("May 4, 2026", "May 4, 2019"))
    (problem,) = [item for item in article.parse(page(markup)) if isinstance(item, Problem)]
    assert "dates it 2019-05-04" in problem.error


def test_posts_come_in_the_order_of_the_page() -> None:
    second = QUOTE.replace(ID, "2051100000000000000").replace("Hello", "Earlier")
    assert [post.text for post in embedded(QUOTE + second)] == ["Hello there.", "Earlier there."]


def test_the_article_quotes_an_embed_in_reading_order() -> None:
    broken = f'<blockquote class="twitter-tweet"><p>One.<br><br>Two.</p>{SIGNED}</blockquote>'
    text = read_article(html(broken))[0].text
    assert "One.\nTwo.\n— Office of Example (@office_example) May 4, 2026\n" in text


def test_a_post_pasted_as_paragraphs_is_found_too() -> None:
    (post,) = embedded("<p>Pasted words. pic.twitter.com/aa</p><p>— Office (@office_example) May 4, 2026</p>")
    assert (post.text, post.precision) == ("Pasted words. pic.twitter.com/aa", "day")


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("This Post is unavailable.", True),
        ("Sorry, that page doesn’t exist!", True),
        ("Account is suspended", True),
        ("We deleted the old page of this office; the new one is open.", False),
        ("The talks are over: the account of them is no secret.", False),
    ],
)
def test_notices_are_told_from_words_about_pages(text: str, notice: bool) -> None:
    assert _x.is_notice(text) is notice


def test_one_status_with_two_texts_is_one_post() -> None:
    again = QUOTE.replace("Hello there.", "Hello there, again and longer.").replace("?ref_src", "?s=46&amp;t=abc")
    assert [post.id for post in embedded(QUOTE + "<p>and once more</p>" + again)] == [f"x:{ID}"]


def test_a_page_that_breaks_off_is_read_and_told() -> None:
    text = html(f"<p>The office wrote on Monday that it had met.</p>{QUOTE}")
    whole, cut = (list(article.parse(page(t))) for t in (text, text[: text.index("</body>")]))
    assert not [i for i in whole if isinstance(i, Problem)]
    assert [i.error for i in cut if isinstance(i, Problem)] == ["this page breaks off: its end is missing"]
    assert len(cut) == len(whole) + 1
