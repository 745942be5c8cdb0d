"""Posts of Bluesky and Mastodon in news pages, and what only looks like one."""

import json
from datetime import UTC, datetime
from html import escape

import pytest

from collector.platforms import article
from core.post import Account, Problem, View
from tests.collector.pages import embedded, html, page

DID, RKEY = "did:plc:exampleexampleexample", "3mkz522jl7k22"
POST = f"https://bsky.app/profile/{DID}/post/{RKEY}"
URI = f"at://{DID}/app.bsky.feed.post/{RKEY}"
MADE = datetime(2026, 5, 4, 7, 19, 24, 110000, tzinfo=UTC)
SIGNED = (
    f'&mdash; Office (<a href="https://bsky.app/profile/{DID}?ref_src=embed">@office.example</a>) '
    f'<a href="{POST}?ref_src=embed">2026-05-04T07:19:24.110Z</a>'
)
OPEN = f'<blockquote class="bluesky-embed" data-bluesky-uri="{URI}">'
QUOTE = f'{OPEN}<p lang="en">Hello.</p>{SIGNED}</blockquote>'
TOOT = "https://social.example/@office/116515400000000000"


@pytest.mark.parametrize(
    "markup",
    [
        QUOTE,
        QUOTE.replace("Hello.", f'Hello.<br><br><a href="{POST}">[image or embed]</a>'),
        QUOTE.replace(f'Office (<a href="https://bsky.app/profile/{DID}?ref_src=embed">@office.example</a>)',
                      f'<a href="https://bsky.app/profile/{DID}">Office (@office.example)</a>'),
        QUOTE.replace(f' class="bluesky-embed" data-bluesky-uri="{URI}"', ""),
        QUOTE.replace(f' data-bluesky-uri="{URI}"', ""),
        QUOTE.replace(URI, f"at://office.example/app.bsky.feed.post/{RKEY}"),
        f"<template>{QUOTE}</template>",
        f"<script>x = {json.dumps(QUOTE)}</script>",
        f'<div data-bluesky-content="{escape(QUOTE)}"></div>',
        f'<iframe src="https://embed.bsky.app/embed/{DID}/app.bsky.feed.post/{RKEY}?id=1"></iframe>' + QUOTE,
    ],
    ids=["whole", "with a picture", "name linked", "unclassed", "by its link", "handle in its uri", "template",
         "script", "attribute", "frame beside it"],
)  # fmt: skip
def test_each_form_of_bluesky_gives_the_one_post(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.id, post.text) == (f"bluesky:{DID}/{RKEY}", "Hello.")
    assert post.account == Account("bluesky", "@office.example", "Office")
    assert post.url == f"https://bsky.app/profile/office.example/post/{RKEY}"
    assert (post.created_at, post.precision) == (MADE, "second")
    assert (post.view, post.embedded_in, post.links) == (View.QUOTE, "https://news.example/a/1", ())


@pytest.mark.parametrize(
    "markup",
    [
        f'<iframe src="https://embed.bsky.app/embed/{DID}/app.bsky.feed.post/{RKEY}?id=1"></iframe>',
        f'<iframe data-src="https://embed.bsky.app/embed/{DID}/app.bsky.feed.post/{RKEY}"></iframe>',
        f'<bluesky-post post-uri="{URI}"></bluesky-post>',
        f'<figure><oembed url="{POST}"></oembed></figure>',
        f'<figure class="wp-block-embed"><div>{POST}</div></figure>',
    ],
)
def test_a_post_of_bluesky_without_text_tells_its_id(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.id, post.text, post.account) == (f"bluesky:{DID}/{RKEY}", "", Account("bluesky", DID))


def test_a_blank_line_in_a_post_of_bluesky_stays() -> None:
    (post,) = embedded(QUOTE.replace("Hello.", f'Hello.<br><br>There.<br>Here.<br><a href="{POST}">[image]</a>'))
    assert post.text == "Hello.\n\nThere.\nHere."


def test_a_newsletters_data_tell_the_post_of_bluesky() -> None:
    data = {"uri": URI, "text": "Hello.", "authorHandle": "Office.example", "authorName": "Office",
            "createdAt": "2026-05-04T07:19:24.110Z"}  # fmt: skip
    (post,) = embedded(f'<div class="bluesky-wrap" data-attrs="{escape(json.dumps(data))}"></div>')
    assert (post.text, post.created_at) == ("Hello.", MADE)
    assert post.account == Account("bluesky", "@office.example", "Office")


@pytest.mark.parametrize(
    ("shown", "moment", "precision"),
    [
        ("May 4, 2026 at 9:19 AM", None, "day"),
        ("4. Mai 2026 um 09:19", None, "day"),
        ("2026-05-04T07:19:24.110Z", MADE, "second"),
    ],
)
def test_the_time_of_a_post_of_bluesky_is_what_is_shown(
    shown: str, moment: datetime | None, precision: str
) -> None:
    (post,) = embedded(QUOTE.replace("2026-05-04T07:19:24.110Z", shown).replace(RKEY, "self"))
    assert (post.created_at, post.precision) == (moment or datetime(2026, 5, 4, tzinfo=UTC), precision)


def test_a_handle_alone_is_no_id() -> None:
    markup = (
        f'<blockquote class="bluesky-embed"><a href="https://bsky.app/profile/office.example/post/{RKEY}">x</a>'
    )
    (problem,) = [item for item in article.parse(page(html(markup + "</blockquote>"))) if isinstance(item, Problem)]
    assert "by handle alone (@office.example" in problem.error


@pytest.mark.parametrize(
    "markup",
    [
        f'<blockquote class="mastodon-embed" data-embed-url="{TOOT}/embed"><a href="{TOOT}">'
        "<div>Post by @office@social.example</div><div>View on Mastodon</div></a></blockquote>",
        f'<blockquote class="mastodon-embed"><a href="{TOOT}">View on Mastodon</a></blockquote>',
        f'<iframe src="{TOOT}/embed" class="mastodon-embed"></iframe>',
        f'<iframe data-src="{TOOT}/embed"></iframe>',
        f'<figure class="wp-block-embed is-provider-mastodon"><div>{TOOT}</div></figure>',
        f'<figure><oembed url="{TOOT}"></oembed></figure>',
    ],
)
def test_each_form_of_mastodon_gives_the_one_post(markup: str) -> None:
    (post,) = embedded(markup)
    assert (post.id, post.text, post.url) == ("mastodon:social.example/116515400000000000", "", TOOT)
    assert post.account == Account("mastodon", "@office@social.example")
    assert (f"{post.created_at:%Y-%m-%d}", post.precision, post.view) == ("2026-05-04", "second", View.QUOTE)


def test_a_quote_of_mastodon_that_shows_words_keeps_them() -> None:
    (post,) = embedded(
        f'<blockquote class="mastodon-embed"><p>Hello.</p><a href="{TOOT}">On Mastodon</a></blockquote>'
    )
    assert post.text == "Hello."


def test_the_first_posts_of_a_server_have_no_time_in_their_number() -> None:
    (post,) = embedded('<iframe src="https://social.example/@office/12/embed"></iframe>')
    assert (post.id, post.created_at, post.precision) == ("mastodon:social.example/12", None, "seen")


def test_a_copy_on_another_server_does_not_tell_its_id() -> None:
    markup = '<iframe src="https://social.example/@office@other.example/116515400000000000/embed"></iframe>'
    (problem,) = [item for item in article.parse(page(html(markup))) if isinstance(item, Problem)]
    assert "only other.example tells its number" in problem.error


@pytest.mark.parametrize(
    "markup",
    [
        f'<p>As <a href="{POST}">a post</a> said.</p>',
        f'<ul><li>Words <a href="{POST}">2 days ago</a></li></ul>',
        f'<a href="https://bsky.app/profile/{DID}">Bluesky</a>',
        f'<div class="share"><a href="https://bsky.app/intent/compose?text={POST}">Share</a></div>',
        f'<blockquote>We go on, he said <a href="{POST}">on Bluesky</a> and left.</blockquote>',
        f'<p>As <a href="{TOOT}">a post</a> said.</p>',
        '<a rel="me" href="https://social.example/@office">Mastodon</a>',
        '<aside class="mastodon-embed"><p>Words by hand</p></aside>',
        '<iframe src="https://video.example/videos/embed/abc"></iframe>',
        '<iframe src="https://truthsocial.com/@office/116515400000000000/embed"></iframe>',
    ],
)
def test_links_and_profiles_elsewhere_are_no_embeds(markup: str) -> None:
    assert embedded(markup) == []
