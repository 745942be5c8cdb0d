"""Pages for tests: bytes as a site or a file would give them. Everything in them is invented."""

from datetime import UTC, datetime

from collector.platforms import article, feed
from core.page import Page
from core.post import Problem, SeenPost

SEEN = datetime(2026, 6, 1, tzinfo=UTC)
STATUS = "https://twitter.com/office_example/status/2051200000000000000"  # of 2026-05-04T07:19:24Z
SIGNED = f'&mdash; Office of Example (@office_example) <a href="{STATUS}?ref_src=twsrc%5Etfw">May 4, 2026</a>'
PARAGRAPH = "A paragraph of an invented article that says a thing or two about a meeting which never was."


def page(body: str | bytes, url: str = "https://news.example/a/1", content_type: str = "text/html") -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return Page(url, raw, SEEN, headers={"content-type": content_type})


def html(inside: str, head: str = "", lang: str = "en") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><title>Talks</title>{head}</head><body><article>'
        f"<p>{PARAGRAPH}</p>{inside}<p>{PARAGRAPH} It goes on.</p></article></body></html>"
    )


def read_article(
    body: str | bytes, url: str = "https://news.example/a/1", content_type: str = "text/html"
) -> list[SeenPost]:
    items = list(article.parse(page(body, url, content_type)))
    assert all(isinstance(item, SeenPost) for item in items), items
    return [item for item in items if isinstance(item, SeenPost)]


def embedded(inside: str) -> list[SeenPost]:
    """The posts that an article with this markup in it quotes."""
    first, *quoted = read_article(html(inside))
    assert first.kind == "article"
    return quoted


def rss(*items: str, head: str = "", declaration: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return (
        f'{declaration}{head}<rss version="2.0"><channel><title>Office of Example</title>'
        f"<link>https://www.office.example/</link>{''.join(items)}</channel></rss>"
    )


def item(**elements: str) -> str:
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in elements.items()) + "</item>"


def read_feed(body: str | bytes, url: str = "https://www.office.example/rss.xml") -> list[SeenPost | Problem]:
    return list(feed.parse(page(body, url, "application/rss+xml")))


def entries(*items: str) -> list[SeenPost]:
    found = read_feed(rss(*items))
    assert all(isinstance(entry, SeenPost) for entry in found), found
    return [entry for entry in found if isinstance(entry, SeenPost)]
