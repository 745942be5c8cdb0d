"""Posts of X in news pages, in the forms found in the wild; and what only looks like one."""

import json
import re
import time
from base64 import b64encode
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

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
SERIALISED = ESCAPED.replace(r"\/", r"\u002F")
ATTRIBUTE = escape(QUOTE)
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
    "slashes escaped too": '<script>x = {body: "' + SERIALISED + '"}</script>',
    "slashes escaped in lower case": f'<script>x = "{SERIALISED.replace("u002F", "u002f")}"</script>',
    "hexadecimal slashes": "<script>x = '" + re.sub("u00(..)", r"x\1", SERIALISED) + "'</script>",
    "unclosed": QUOTE.removesuffix("</blockquote>"),
    "script with hexadecimal escapes": f"<script>x = '{QUOTE}'</script>".replace("<blockquote", r"\x3cblockquote"),
    "escaped in an attribute": f'<div data-code="{ATTRIBUTE}"></div>',
    "escaped twice in an attribute": f'<div data-code="{ATTRIBUTE.replace("&", "&amp;")}"></div>',
    "base64 of a consent banner": f'<script type="text/template">{b64encode(QUOTE.encode()).decode()}</script>',
    "frame's own document": f'<iframe srcdoc="{ATTRIBUTE}"></iframe>',
    "frame with data": f'<iframe src="data:text/html;charset=utf-8,{quote(QUOTE)}"></iframe>',
    "shown as text by mistake": f"<p>{QUOTE.replace('&', '&amp;').replace('<', '&lt;')}</p>",
    "div of the class": QUOTE.replace("blockquote", "div"),
    "amp with a placeholder": (
        f'<amp-twitter data-tweetid="{ID}">{QUOTE.replace("class", "placeholder x")}</amp-twitter>'
    ),
    "right-to-left marks": QUOTE.replace("(@office_example)", "(\u200e@office_example\u200f)"),
    "photo": QUOTE.replace(f"{ID}?", f"{ID}/photo/1?"),
    "handle with an at sign": QUOTE.replace("office_example/status", "@office_example/status"),
    "unclosed, with a link to another post behind": (
        QUOTE.removesuffix("</blockquote>")
        + '<p>More words, <a href="https://x.com/other/status/2051100000000000000">it says</a>.</p>'
    ),
    "sanitised to paragraphs": f"<p>Hello there.</p><p>{SIGNED}</p>",
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
        f'<iframe class="lazy" data-cmp-src="https://platform.twitter.com/embed/index.html?id={ID}"></iframe>',
        f'<iframe src="https://twitter.com/i/videos/tweet/{ID}"></iframe>',
        f'<iframe src="https://platform.x.com/embed/Tweet.html?origin=https%3A%2F%2Fa.example%2Fshare&id={ID}"></iframe>',
        f'<figure data-e2e="twitter-embed-{STATUS}"><p>May we show this?</p></figure>',
        f'<div class="twitter" data-url="{STATUS}"></div>',
        f'<a class="embedly-card" rel="nofollow noopener" href="{STATUS}">A post</a>',
        f'<div class="content with-sidebar"><div class="tweet" data-tweet-id="{ID}">Hello there.</div></div>',
        f'<div class="twitter-widget"><div data-tweet-id="{ID}"></div></div>',
        f'<div class="tweet-facade" role="button" data-tweet-id="{ID}">Load</div>',
        f'<iframe src="https://frame.example/show?url={quote(STATUS, safe="")}"></iframe>',
        f'<div class="waits" data-suppressedsrc="https://platform.twitter.com/embed/Tweet.html?id={ID}"></div>',
        f'<div class="lazy-tweet" data-url="{STATUS}"></div>',
        f'<div class="embed" data-embed-src="{STATUS}"></div>',
        f'<div data-oembed-url="{STATUS}">Preview</div>',
        f'<span class="js-tweet" data-id="{ID}"></span>',
        f'<div class="twitter-embed" id="tweet-{ID}"></div>',
        f'<drupal-url data-embed-url="{STATUS}"></drupal-url>',
        f'<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">\n{STATUS}\n</div></figure>',
        f'<figure class="wp-block-embed"><a href="{STATUS}">{STATUS}</a><figcaption>Shown.</figcaption></figure>',
        f'<div class="tweet-embed"><a href="{STATUS}">View on X</a></div>',
        f'<a class="embedly-card" href="{STATUS}">Office of Example on X</a>',
        f'<blockquote class="twitter-tweet-lazy" data-tweet-url="{STATUS}"><p>Loading...</p></blockquote>',
        f'<blockquote class="rm twitter-tweet" data-twitter-tweet-id="{ID}">— @ (@) <a href="#"></a></blockquote>',
        f'<script type="application/json">{{"type":"tweet","attrs":{{"x":1}},"id":"{ID}"}}</script>',
        f'<script>x.push("{{\\"__typename\\":\\"TwitterEmbed\\",\\"url\\":\\"{STATUS}\\"}}")</script>',
        f'<script type="application/json">{{"tweetUrl":"{STATUS.replace("/", chr(92) + "/")}"}}</script>',
        f'<script>x={{"blocks":[{{"type":"twitter","url":"{STATUS.replace("/", chr(92) + "u002F")}"}}]}}</script>',
        f'<script>__NUXT__={{blocks:[{{type:"tweet",url:"{STATUS.replace("/", chr(92) + "u002F")}"}}]}}</script>',
        f'<script>x="{{\\x22tweetUrl\\x22:\\x22{STATUS.replace("/", chr(92) + "x2f")}\\x22}}"</script>',
        f'<script>{{"author":{{"name":"Somebody"}},"socialEmbeds":[{{"type":"twitter","url":"{STATUS}"}}]}}</script>',
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
        f'<div class="tweets"><p>Latest words <a href="{STATUS}">2 hours ago</a></p></div>',
        f'<div class="embed-share"><a href="{STATUS}">{STATUS}</a></div>',
        f'<a class="retweet twitter-intent-retweet" href="{STATUS}">Retweet</a>',
        f'<div id="most_popular_retweet_text_{ID}">x</div>',
        f'<form class="tweet-comment" data-tweetid="{ID}"></form>',
        f'<ol class="stream"><li class="h-entry tweet" data-tweet-id="{ID}"><p>Latest words</p></li></ol>',
        f'<aside class="latest-tweets"><div data-tweet-id="{ID}"><p>Latest words</p></div></aside>',
        f'<aside class="sidebar"><p class="tweets-list"><b class="tweet" data-tweet-id="{ID}">x</b></p></aside>',
        f'<aside class="sidebar"><h3>X</h3><div><div class="tweet" data-tweet-id="{ID}">Words</div></div></aside>',
        f'<div id="twitter-feed"><div class="tweet" data-tweet-id="{ID}">Latest words</div></div>',
        f'<div class="twitter-feed-widget"><div class="tweet" data-tweet-id="{ID}">Latest words</div></div>',
        '<a class="twitter-timeline" href="https://twitter.com/office_example">Tweets by office_example</a>',
        '<figure class="wp-block-embed"><div>https://twitter.com/office_example</div></figure>',
        '<iframe src="https://syndication.twitter.com/srv/timeline-profile/screen-name/office"></iframe>',
        f'<iframe src="https://platform.x.com/widgets/tweet_button.html?url={quote(STATUS, safe="")}"></iframe>',
        f'<script>{{"type":"twitter","share":true,"url":"{STATUS}"}}</script>',
        f'<script>{{"social":[{{"type":"rss","url":"/"}},{{"type":"twitter","url":"{STATUS}"}}]}}</script>',
        f'<script>{{"author":{{"name":"x","pages":[{{"type":"twitter","url":"{STATUS}"}}]}}}}</script>',
        f"<pre><code>{QUOTE.replace('&', '&amp;').replace('<', '&lt;')}</code></pre>",
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


def test_a_post_quoted_in_another_belongs_to_it() -> None:
    other = "https://twitter.com/other/status/2051100000000000000"
    inner = f'{OPEN}<p>Earlier.</p>— Other (@other) <a href="{other}">May 4, 2026</a></blockquote>'
    (post,) = embedded(f"{OPEN}<p>Look.</p>{inner}{SIGNED}</blockquote>")
    assert (post.platform_id, post.text) == (ID, "Look.\nEarlier.\n— Other (@other) May 4, 2026")


def test_a_newsletters_own_data_tell_the_whole_post() -> None:
    data = {"url": STATUS, "full_text": "Hello <b>there</b>.", "username": "office_example", "name": "Office"}
    (post,) = embedded(f'<div class="twitter-embed" data-attrs="{escape(json.dumps(data))}"></div>')
    assert (post.platform_id, post.text) == (ID, "Hello there.")
    assert post.account == Account("x", "@office_example", "Office")


@pytest.mark.parametrize(
    "markup",
    [
        f'<div class="react-tweet-theme"><article><a href="{STATUS}">Office @office</a><p lang="en" dir="auto">'
        f'Hello there.</p><a href="{STATUS}"><time>7:19 AM · May 4, 2026</time></a></article></div>',
        f'<aside class="onebox twitterstatus" data-onebox-src="{STATUS}"><h4><a href="{STATUS}">Office</a></h4>'
        f'<div class="tweet">Hello there.</div><div class="date"><a href="{STATUS}">4 May</a></div></aside>',
    ],
    ids=["drawn by the server", "onebox of a forum"],
)
def test_a_post_that_the_site_draws_itself_is_read(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.platform_id, post.text) == (ID, "Hello there.")
    assert post.account == Account("x", "@office_example")


def test_line_breaks_paragraphs_and_pictures_stay_and_tags_are_no_links() -> None:
    (post,) = embedded(
        '<blockquote class="twitter-tweet"><p lang="en">One &amp; two.<br><br>Three <a href="https://twitter.com/'
        'hashtag/KLE">#KLE</a> <a href="https://t.co/aa">https://t.co/aa</a> <a href="https://t.co/bb">pic.twitter.com/'
        f"bb</a></p>{SIGNED}</blockquote>"
    )
    assert post.text == "One & two.\n\nThree #KLE https://t.co/aa pic.twitter.com/bb"
    assert post.links == ("https://t.co/aa", "https://t.co/bb")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("One.<br>Two.", "One.\nTwo."),
        ("One.<br> <br>\n<br/>Two.<br>Three.<br><br>", "One.\n\nTwo.\nThree."),
        ("<br><br>One.</p><p>Two.", "One.\nTwo."),
        ("One.<br><br>\u200b<br>— Two (@other) said.", "One.\n\n— Two (@other) said."),
    ],
)
def test_a_blank_line_in_a_post_stays_one(words: str, text: str) -> None:
    (post,) = embedded(f'<blockquote class="twitter-tweet"><p lang="en">{words}</p>{SIGNED}</blockquote>')
    assert post.text == text


def test_a_blank_line_does_not_change_a_recovered_id() -> None:
    unsigned = SIGNED.partition("<a")[0] + "May 4, 2026"
    one, two = (embedded(f"{OPEN}<p>One.{gap}Two.</p>{unsigned}</blockquote>")[0] for gap in ("<br>", "<br><br>"))
    assert (one.text, two.text) == ("One.\nTwo.", "One.\n\nTwo.")
    assert one.platform_id == two.platform_id


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


@pytest.mark.parametrize("text", ["\\" * 300_000 + "u002", '{"type":"tweet",' * 5_000])
def test_a_script_of_backslashes_or_open_objects_costs_little(text: str) -> None:
    began = time.process_time()
    assert embedded(f'<script>x = "{text} twitter-tweet {{"</script>') == []
    assert time.process_time() - began < 10


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
