"""Posts of X whose bare address stands alone in a paragraph, in pages and feeds; and links that are only links."""

from html import escape
from urllib.parse import quote

import pytest

from core.post import View
from tests.collector.pages import PARAGRAPH, STATUS, embedded, entries, item

ID = "x:2051200000000000000"


@pytest.mark.parametrize(
    "markup",
    [
        f"<p>{STATUS}</p>",
        f"<p>\n {STATUS}?s=20&amp;t=abc \n</p>",
        f'<p><a href="{STATUS}">{STATUS}</a></p>',
        f'<p><a href="{STATUS}?s=20">{STATUS}</a></p>',
        f'<p><strong><a href="{STATUS}" target="_blank">{STATUS.removeprefix("https://")}</a></strong></p>',
        f'<p><a href="{STATUS}">{STATUS[:40]}…</a></p>',
        f'<p><a href="https://l.facebook.com/l.php?u={quote(STATUS, safe="")}">{STATUS}</a></p>',
        f'<div class="entry-content"><p class="has-text-align-center">{STATUS}</p></div>',
        f"<p>[embed]{STATUS}[/embed]</p>",
        f"<p>[tweet {STATUS}]</p>",
        f'<p>[embed width="500"]{STATUS}[/embed]</p>',
    ],
)
def test_an_address_alone_in_a_paragraph_is_an_embed(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.id, post.text, post.precision, post.view) == (ID, "", "second", View.QUOTE)
    assert post.account is not None
    assert post.account.handle == "@office_example"


@pytest.mark.parametrize(
    "markup",
    [
        f"<p>The office said so: {STATUS}</p>",
        f'<p>As <a href="{STATUS}">{STATUS}</a> shows, it met.</p>',
        f'<p><a href="{STATUS}">The office on its meeting</a></p>',
        f'<p><a href="{STATUS}">https://twitter.com/other/status/1</a></p>',
        f'<p><a href="https://a.example/">{STATUS}</a></p>',
        f'<p class="share">{STATUS}</p>',
        f"<ul><li><p>{STATUS}</p></li></ul>",
        f"<aside><p>{STATUS}</p></aside>",
        f'<div id="comments"><div class="comment-body"><p>{STATUS}</p></div></div>',
        f"<p>Sources:</p><p>https://a.example/report</p><p>{STATUS}</p>",
        "<p>https://twitter.com/office_example</p>",
        f"<p>{STATUS} {STATUS}</p>",
    ],
)
def test_an_address_elsewhere_is_a_link(markup: str) -> None:
    assert embedded(markup) == []


def test_two_addresses_in_two_paragraphs_are_two_embeds_in_their_order() -> None:
    other = STATUS.replace("20512", "20511")
    assert [post.url for post in embedded(f"<p>{STATUS}</p><p>{other}</p>")] == [
        url.replace("twitter.com", "x.com") for url in (STATUS, other)
    ]


@pytest.mark.parametrize("before", ["", f"<p>{PARAGRAPH}</p>\n"])
def test_a_feeds_entry_gives_the_post_that_its_site_would_show(before: str) -> None:
    content = escape(f"{before}<p>{STATUS}</p>\n")
    first, post = entries(item(title="Talks", link="https://www.office.example/a", description=content))
    assert first.kind == "article"
    assert (post.id, post.embedded_in) == (ID, "https://www.office.example/a")


def test_a_link_in_a_feeds_sentence_is_none() -> None:
    content = escape(f'<p>{PARAGRAPH} See <a href="{STATUS}">{STATUS}</a>.</p>')
    assert len(entries(item(title="Talks", link="https://www.office.example/a", description=content))) == 1
