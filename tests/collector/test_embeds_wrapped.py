"""Embeds whose links lead to the post by an archive, a translator or a filter of links."""

from urllib.parse import quote

import pytest

from collector.reading.wrapped import unwrapped
from tests.collector.pages import SIGNED, STATUS, embedded

ENCODED = quote(STATUS, safe="")
WRAPPERS = {
    "archive": f"https://web.archive.org/web/20260601000000/{STATUS}",
    "archive, as it came": f"http://web.archive.org/web/20260601000000id_/{STATUS}",
    "inside of the archive": f"/web/20260601000000/{STATUS}",
    "another archive": f"https://archive.ph/20260601120000/{STATUS}",
    "translator": STATUS.replace("twitter.com", "twitter-com.translate.goog") + "?_x_tr_sl=ar&_x_tr_tl=en",
    "social network": f"https://l.facebook.com/l.php?u={ENCODED}&h=AT0",
    "mail filter": f"https://eur01.safelinks.protection.outlook.com/?url={ENCODED}&data=05",
    "search engine": f"https://www.google.com/url?q={ENCODED}&sa=D",
    "filter of filters": f"https://urldefense.com/v3/__https://web.archive.org/web/2026/{STATUS}__;!!AbC!d$",
}


@pytest.mark.parametrize("href", WRAPPERS.values(), ids=WRAPPERS)
def test_a_wrapped_link_tells_the_posts_id_and_time(href: str) -> None:
    signed = SIGNED.replace(f"{STATUS}?ref_src=twsrc%5Etfw", href.replace("&", "&amp;"))
    assert STATUS + "?ref" not in signed
    (post,) = embedded(f'<blockquote class="twitter-tweet"><p>Hello there.</p>{signed}</blockquote>')
    assert (post.id, post.text, post.precision) == ("x:2051200000000000000", "Hello there.", "second")
    assert post.url == STATUS.replace("twitter.com", "x.com")
    assert post.links == ()


def test_the_links_in_a_posts_words_lose_their_wrapper() -> None:
    words = 'See <a href="https://web.archive.org/web/20260601000000/https://t.co/aa">https://t.co/aa</a>'
    (post,) = embedded(f'<blockquote class="twitter-tweet"><p>{words}</p>{SIGNED}</blockquote>')
    assert post.links == ("https://t.co/aa",)


def test_a_wrapped_link_to_mastodon_tells_its_post() -> None:
    toot = "https://social.example/@office/116515400000000000"
    href = f"https://web.archive.org/web/20260601000000/{toot}"
    (post,) = embedded(f'<blockquote class="mastodon-embed"><a href="{href}">View on Mastodon</a></blockquote>')
    assert (post.id, post.url) == ("mastodon:social.example/116515400000000000", toot)


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://my--site-example-org.translate.goog/a?b=c", "https://my-site.example.org/a?b=c"),
        ("https://translate.google.com/translate?sl=ar&u=https://a.example/b", "https://a.example/b"),
        ("https://a.example/share?u=https://b.example", "https://a.example/share?u=https://b.example"),
        ("https://l.facebook.com/l.php?u=javascript:x", "https://l.facebook.com/l.php?u=javascript:x"),
        ("https://a.example/l.php?u=https://b.example", "https://a.example/l.php?u=https://b.example"),
        ("https://web.archive.org/web/2026/", "https://web.archive.org/web/2026/"),
        ("http://[broken", "http://[broken"),
    ],
)  # fmt: skip
def test_only_what_is_known_to_wrap_is_opened(url: str, leads: str) -> None:
    assert unwrapped(url) == leads


def test_a_wrapped_link_in_running_text_is_no_embed() -> None:
    assert embedded(f'<p>As <a href="{WRAPPERS["archive"]}">an archived post</a> said.</p>') == []
