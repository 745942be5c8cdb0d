"""Feeds: RSS 0.9x, 1.0, 2.0, Atom and JSON Feed, over the web or as files on disk.

[[source]] kind = "feed": `url`, or `path`, a file or pattern beside kle.toml, with `url` as the public address that
a single file stands for; `follow_articles = true` also reads each new entry's page as kind `article`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import StrictBool

from collector.fetch import Fetcher
from collector.platforms import _json_feed, _xml_feed
from collector.platforms._entry import Entry, Feed, embedded, to_post
from collector.reading import charset
from collector.target import WebOrFile
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

_ITEM = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>/]")
_TTL = re.compile(r"<(?:\w+:)?ttl>\s*(\d{1,6})\s*</")
_PERIOD = re.compile(r"<\w+:updatePeriod>\s*(hourly|daily|weekly|monthly|yearly)\s*</", re.I)
_FREQUENCY = re.compile(r"<\w+:updateFrequency>\s*(\d{1,4})\s*</")
_PERIODS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(days=7),
            "monthly": timedelta(days=30), "yearly": timedelta(days=365)}  # fmt: skip
_LONGEST_MINUTES = 60 * 24 * 366
MEDIA_AS_ROBOT = True


class Target(WebOrFile):
    follow_articles: StrictBool = False


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    return fetcher.pages(target, state)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """Its entries as posts, in the feed's order, each once; behind each, the posts that its text embeds."""
    text = charset.decode(page.body, page.headers.get("content-type", "")).lstrip()
    if not text:
        raise ParseError("this feed is empty: not one character came")
    feed, entries = _json_feed.read(text) if text[0] in "{[" else _xml_feed.read(text, page.url)
    seen: dict[str, SeenPost] = {}
    for entry in _told_apart(list(entries)):
        for item in _read(entry, feed, page):
            if isinstance(item, Problem):
                yield item
            elif item.id not in seen:
                seen[item.id] = item
                yield item
            elif item.first_hand and item != seen[item.id]:
                yield Problem(f"two entries share the id {item.id}; the first was taken", item.text[:500])


def _told_apart(entries: list[Entry | Problem]) -> list[Entry | Problem]:
    """Some feeds give one guid to all their entries; those are known by their links instead."""
    links: dict[str, set[str]] = {}
    for entry in entries:
        if isinstance(entry, Entry) and entry.guid:
            links.setdefault(entry.guid, set()).add(entry.link)
    shared = {guid for guid, named in links.items() if len(named) > 1}
    return [replace(e, guid=None) if isinstance(e, Entry) and e.guid in shared else e for e in entries]


def _read(entry: Entry | Problem, feed: Feed, page: Page) -> list[SeenPost | Problem]:
    if isinstance(entry, Problem):
        return [entry]
    try:
        post = to_post(entry, feed, page)
    except (ValueError, OverflowError) as error:
        return [Problem(str(error), str(entry)[:500])]
    return [post, *embedded(entry, post, page)]


def hint(page: Page) -> timedelta | None:
    """How often the feed says that it changes, if it does: `ttl` of RSS, or the syndication module's words."""
    try:
        text = charset.decode(page.body, page.headers.get("content-type", ""))
    except ParseError:
        return None
    about = _ITEM.split(text, maxsplit=1)[0]
    spans = [_minutes(about), _period(about)]
    return max((span for span in spans if span), default=None)


def _minutes(about: str) -> timedelta | None:
    found = _TTL.search(about)
    return timedelta(minutes=int(found[1])) if found and 0 < int(found[1]) <= _LONGEST_MINUTES else None


def _period(about: str) -> timedelta | None:
    """So many times a period; once where the feed does not say how many."""
    period, often = _PERIOD.search(about), _FREQUENCY.search(about)
    times = int(often[1]) if often else 1
    return _PERIODS[period[1].lower()] / times if period and times else None
