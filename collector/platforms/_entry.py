"""A feed's entry in plain words, whatever its format was, and how it becomes a post and those that it embeds."""

import re
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from collector.platforms import _embeds
from collector.reading import dates, language, markup
from core import ids
from core.page import Page
from core.post import Account, Media, Problem, SeenPost, View
from core.text import squeeze

_RELEASE = frozenset({"release", "releases", "press release", "press releases", "news release", "news releases"})
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<!--")
_EMBEDDING = re.compile(r"twitter|\bx\.com/|tweet|bsky\.app|bluesky|mastodon|/embed\b", re.I)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")


@dataclass(frozen=True, slots=True)
class Feed:
    """What the feed says of itself: `home` is its site, `itself` its own address."""

    title: str = ""
    home: str = ""
    itself: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """`published` as written; `moment` where the feed's reader understood it; `content` is markup or plain."""

    guid: str | None = None
    link: str = ""
    title: str = ""
    content: str = ""
    markup: bool = True
    published: str = ""
    moment: datetime | None = None
    lang: str = ""
    base: str = ""
    media: tuple[Media, ...] = ()
    categories: tuple[str, ...] = ()


def to_post(entry: Entry, feed: Feed, page: Page) -> SeenPost:
    """The entry as a post; raises ValueError for one that says nothing at all."""
    home = markup.absolute(feed.home, page.url) or page.url
    link = _link(entry, home)
    base = markup.absolute(entry.base, home) or link or home
    body, root = _body(entry)
    title = " ".join(title_text(entry.title).split())
    text = _joined(title, body)
    media = _media(entry, root, base)
    if not (text or link or media):
        raise ValueError("an entry without title, text, link and picture")
    when = _when(entry, page.fetched_at)
    own = markup.links(root, base) if root is not None else []
    return SeenPost(
        platform="feed",
        platform_id=ids.feed_id(
            page.asked or page.url or feed.itself or home, entry.guid, link, title, entry.published, body
        ),
        kind=_kind(entry, title),
        account=_account(feed, link, home),
        text=text,
        url=link,
        lang=language.resolve(entry.lang or feed.lang, text),
        created_at=when.moment if when else None,
        precision=when.precision if when else "seen",
        links=tuple(url for url in own if url != link),
        media=media,
        view=View.ENTRY,
        follow=link,
    )


def embedded(entry: Entry, post: SeenPost, page: Page) -> list[SeenPost | Problem]:
    """The posts that the entry's own markup embeds, second hand, each once."""
    if not (entry.markup and _EMBEDDING.search(entry.content)):
        return []
    root = markup.tree(f"<div>{entry.content}</div>")
    if root is None:
        return []
    return [embed.post for embed in _embeds.once(_embeds.find(root, post.url or page.url or post.id))]


def title_text(title: str) -> str:
    """A title is often markup although its format says it is none: "&amp;amp;" and tags are read once more."""
    return markup.plain(title) if _TAG.search(title) or _ENTITY.search(title) else markup.plain_lines(title)


def _link(entry: Entry, home: str) -> str | None:
    return markup.absolute(entry.link, home)


def _body(entry: Entry) -> tuple[str, HtmlElement | None]:
    if not entry.content:
        return "", None
    if not entry.markup or not (_TAG.search(entry.content) or _ENTITY.search(entry.content)):
        return markup.plain_lines(entry.content), None
    root = markup.tree(f"<div>{entry.content}</div>")
    return ("\n".join(markup.lines(root)), root) if root is not None else ("", None)


def _joined(title: str, body: str) -> str:
    """Title, blank line, body; a body that begins with the title keeps it once."""
    if not title or not body:
        return title or body
    cut = title.rstrip(".…").strip()  # microblogs make their title from the first words
    first = body.split("\n", 1)[0]
    if squeeze(first) == squeeze(title):
        rest = body[len(first) :].strip()
        return f"{title}\n\n{rest}" if rest else title
    return body if cut and title != cut and first.startswith(cut) else f"{title}\n\n{body}"


def _kind(entry: Entry, title: str) -> str:
    if not title:
        return "post"
    return "release" if any(c.strip().lower() in _RELEASE for c in entry.categories) else "article"


def _account(feed: Feed, link: str | None, home: str) -> Account | None:
    handle = markup.host(markup.absolute(feed.home, home)) or markup.host(home) or markup.host(link)
    return Account("feed", handle, " ".join(title_text(feed.title).split()) or None) if handle else None


def _media(entry: Entry, root: HtmlElement | None, base: str) -> tuple[Media, ...]:
    named = [Media(m.type, url, m.alt) for m in entry.media if (url := markup.absolute(m.url, base))]
    shown = markup.images(root, base) if root is not None else []
    once: dict[str, Media] = {}
    for item in named + shown:
        known = once.get(item.url)
        once[item.url] = Media(known.type, item.url, known.alt or item.alt) if known else item
    return tuple(once.values())


def _when(entry: Entry, now: datetime) -> dates.When | None:
    """The entry's date, if it is a whole one and can be true."""
    written = entry.published.strip()
    if re.fullmatch(r"\d{4}(-\d\d)?", written):
        return None  # a year or a month only
    when = _moment(entry, written)
    return when if when and dates.plausible(when.moment, now) else None


def _moment(entry: Entry, written: str) -> dates.When | None:
    if found := dates.counted(written):
        return found
    if entry.moment:
        return dates.by_zone(entry.moment, written)
    if found := dates.iso(written):
        return found
    day = dates.day_in_words(written)
    return dates.When(day, "day") if day else None
