"""News pages, as HTML or as plain text: the article itself, and every post that it embeds (second hand).

[[source]] kind = "article": `url`, or `path`, a file or pattern beside kle.toml, with `url` as the public address
that a single file stands for.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from collector.fetch import Fetcher
from collector.platforms import _body, _challenge, _embeds, _quoted
from collector.platforms._embed import Embed
from collector.platforms._metadata import Metadata
from collector.reading import charset, language, markup
from collector.target import WebOrFile
from core import ids
from core.errors import ParseError
from core.page import Page
from core.post import Account, Problem, SeenPost, View
from core.text import squeeze

_OPENED = re.compile(r"<(?:html|body)\b", re.I)
_CLOSED = re.compile(r"</(?:html|body)\s*>", re.I)
_HTML = re.compile(r"<(?:!doctype|html|head|body|meta|div|p|article|blockquote|h1|table|title)\b", re.I)
MEDIA_AS_ROBOT = True


class Target(WebOrFile):
    pass


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    return fetcher.pages(target, state, as_robot=True)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The article first, then the posts that it embeds, each once."""
    content_type = page.headers.get("content-type", "").lower()
    text = charset.decode(page.body, content_type)
    if not text.strip():
        raise ParseError("this page is empty: not one character came")
    if _is_markup(text, content_type):
        yield from _page(text, page)
    else:
        yield from _plain(text, page)


def _is_markup(text: str, content_type: str) -> bool:
    head = text.lstrip()[:2000]
    if "text/plain" in content_type:
        return bool(re.match(r"<!doctype|<html", head, re.I))
    return "html" in content_type or bool(_HTML.search(head))


def _plain(text: str, page: Page) -> Iterator[SeenPost | Problem]:
    tidy = "\n".join(line.strip() for line in text.strip().split("\n"))
    number = ids.article_id(page.url) if page.url else ids.short_hash(tidy)
    yield SeenPost(
        platform="article",
        platform_id=number,
        kind="article",
        account=_account(page.url, ""),
        text=tidy,
        url=page.url or None,
        lang=language.resolve(None, tidy),
        precision="seen",
        view=View.PAGE,
    )
    yield from _quoted.find(tidy, page.url or ids.public_id("article", number))


def _page(text: str, page: Page) -> Iterator[SeenPost | Problem]:
    root = markup.tree(text)
    if root is None:
        raise ParseError("there is nothing in this page")
    about = Metadata(root, page.url)
    url, published, own_links = about.url, about.published(page.fetched_at), _links(root, about.url)
    number = ids.article_id(url) if url else ids.short_hash(text)
    quoting = url or ids.public_id("article", number)
    embeds, known = _embeds.find(root, quoting), _embeds.statuses(root)
    title = about.title
    if not embeds and (why := _challenge.reason(root, title, text)):
        raise ParseError(why)
    body = _body.extract(root, embeds)
    if not (body or title or embeds):
        raise ParseError("this page shows no text without its scripts; is there a feed or another address?")
    whole = _titled(title, body)
    if whole:
        yield SeenPost(
            platform="article",
            platform_id=number,
            kind="article",
            account=_account(url, about.site_name),
            text=whole,
            url=url or None,
            lang=language.resolve(about.language, whole),
            created_at=published.moment if published else None,
            precision=published.precision if published else "seen",
            links=own_links,
            media=about.images,
            view=View.PAGE,
        )
    yield from (embed.post for embed in _embeds.once(embeds))
    yield from _unmarked(body, quoting, embeds, known)
    if _OPENED.search(text) and not _CLOSED.search(text):
        yield Problem("this page breaks off: its end is missing", text[-200:])


def _unmarked(body: str, quoting: str, embeds: list[Embed], known: _quoted.Known) -> Iterator[SeenPost | Problem]:
    """Posts that the page quotes as plain paragraphs; those that are embeds too have come already."""
    shown = {squeeze(line) for embed in embeds for line in [*embed.lines, *_lines(embed.post)]}
    came = {embed.post.id for embed in embeds if isinstance(embed.post, SeenPost)}
    for found in _quoted.find(body, quoting, known):
        if isinstance(found, SeenPost) and found.id in came:
            continue
        if not all(squeeze(line) in shown for line in _lines(found)):
            yield found


def _lines(item: SeenPost | Problem) -> list[str]:
    return (item.text if isinstance(item, SeenPost) else item.item).split("\n")


def _titled(title: str, body: str) -> str:
    first, _, rest = body.partition("\n")
    if title and squeeze(first) == squeeze(title):
        body = rest
    return f"{title}\n\n{body}".strip() if title else body


def _links(root: HtmlElement, url: str) -> tuple[str, ...]:
    """Where the article's own paragraphs lead; menus and footers are not it."""
    paragraphs = [(a, around) for a in root.iter("a") if a.get("href") and "p" in (around := _around(a))]
    own = [(a, around) for a, around in paragraphs if around & {"article", "main"}] or paragraphs
    found = (markup.absolute(a.get("href"), url) for a, around in own if not around & {"blockquote", "nav"})
    return tuple(list(dict.fromkeys(u for u in found if u))[:200])


def _around(element: HtmlElement) -> set[Any]:
    """The tags around it; an XPath that asks for them costs the square of a page's paragraphs."""
    return {ancestor.tag for ancestor in element.iterancestors()}


def _account(url: str, name: str) -> Account | None:
    host = markup.host(url)
    return Account("article", host, name or None) if host else None
