"""Feeds: RSS 0.9x, 1.0, 2.0, Atom and JSON Feed, over the web or as files on disk.

[[source]] kind = "feed": `url`, or `path`, a file or pattern beside kle.toml, with `url` as the public address that
a single file stands for; `follow_articles = true` also reads each new entry's page as kind `article`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from collector.fetch import Fetcher
from collector.platforms import _json_feed, _xml_feed
from collector.platforms._entry import Entry, Feed, to_post
from collector.reading import charset
from collector.target import WebOrFile
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost


class Target(WebOrFile):
    follow_articles: bool = False


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    return fetcher.pages(target, state)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """Its entries as posts, in the feed's order, each once."""
    text = charset.decode(page.body, page.headers.get("content-type", "")).lstrip()
    if not text:
        raise ParseError("this feed is empty: not one character came")
    feed, entries = _json_feed.read(text) if text[0] in "{[" else _xml_feed.read(text, page.url)
    seen: dict[str, SeenPost] = {}
    for entry in _told_apart(list(entries)):
        item = _read(entry, feed, page)
        if isinstance(item, Problem):
            yield item
        elif item.id not in seen:
            seen[item.id] = item
            yield item
        elif item != seen[item.id]:
            yield Problem(f"two different entries share the id {item.id}; the first was taken", item.text[:500])


def _told_apart(entries: list[Entry | Problem]) -> list[Entry | Problem]:
    """Some feeds give one guid to all their entries; those are known by their links instead."""
    links: dict[str, set[str]] = {}
    for entry in entries:
        if isinstance(entry, Entry) and entry.guid:
            links.setdefault(entry.guid, set()).add(entry.link)
    shared = {guid for guid, named in links.items() if len(named) > 1}
    return [replace(e, guid=None) if isinstance(e, Entry) and e.guid in shared else e for e in entries]


def _read(entry: Entry | Problem, feed: Feed, page: Page) -> SeenPost | Problem:
    if isinstance(entry, Problem):
        return entry
    try:
        return to_post(entry, feed, page)
    except (ValueError, OverflowError) as error:
        return Problem(str(error), str(entry)[:500])
