"""Bluesky without login: an account's feed as the public server shows it, or its whole repository.

[[source]] kind = "bluesky": `account` as "@name.example", a DID or the profile's address. `via = "feed"` (the
default) reads app.bsky.feed.getAuthorFeed, with counts; `via = "repository"` lists the records on the account's own
server (PDS), which leaves nothing out. `base_url` asks another server for the same paths.
The newest page is read again in every round; posts that have vanished from it are asked for by themselves, and are
deleted where the server no longer has them.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, Self
from urllib.parse import urlencode

from pydantic import model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms import _bluesky_forms
from collector.platforms._account import AccountOptions, saved
from collector.platforms._bluesky_repository import PUBLIC, Repository, ask
from collector.platforms._walk import Answer, walk
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

_PROFILE = re.compile(r"https?://[^/]+/profile/([^/?#]+)/?")
_NAME = re.compile(r"(?:did:(?:plc|web):[A-Za-z0-9._:%-]+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_AT_ONCE = 25  # posts that one request may name


class Target(AccountOptions):
    account: str = ""
    via: Literal["feed", "repository"] = "feed"

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.path and not _NAME.fullmatch(self.name):
            raise ValueError('needs account = "@name.example", a DID or "https://bsky.app/profile/name.example"')
        return self

    @property
    def name(self) -> str:
        """Handle or DID as requests name it."""
        found = _PROFILE.fullmatch(self.account.strip())
        return (found[1] if found else self.account.strip()).lstrip("@").removeprefix("at://")


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
    elif target.via == "feed":
        yield from _feed(target, fetcher, state)
    else:
        about = Repository(target.name, target.base_url, target.max_pages)
        yield from about.pages(fetcher, state)


def _feed(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    look = _Look(target, fetcher, state)
    yield from walk(look.feed, look.state, "feed", target.max_pages)
    yield from look.vanished()


class _Look:
    """One round: what the newest page showed the last time, and what has vanished from it."""

    def __init__(self, target: Target, fetcher: Fetcher, state: dict[str, Any]) -> None:
        self._server = target.server(PUBLIC)
        self._name = target.name
        self._fetcher = fetcher
        of = f"feed {self._server} {target.name}"
        self.state: dict[str, Any] = state if state.get("of") == of else {"of": of}
        self._window: list[list[str]] = list(self.state.get("window", []))
        self._missing: list[str] = list(self.state.get("missing", []))

    def feed(self, cursor: str | None) -> Answer | None:
        options = {"actor": self._name, "filter": "posts_with_replies", "limit": "100"}
        state = None if cursor else self.state
        page = ask(self._fetcher, self._server, "app.bsky.feed.getAuthorFeed", cursor, options, state)
        if page is None:
            return None
        try:
            document = answers.document(page)
        except ParseError:
            return Answer(page, sound=False)
        items = [item for item in answers.rows(document, "feed") if isinstance(item, dict)]
        keys = tuple(key for item in items if (key := _sorted_at(item, page)))
        following = answers.text(document, "cursor") or None
        kept = {} if cursor else self._seen(items, keys, page, whole=following is None)
        return Answer(page, keys, following, isinstance(document, dict) and "feed" in document, kept)

    def _seen(
        self, items: list[dict[str, Any]], keys: tuple[str, ...], page: Page, *, whole: bool
    ) -> dict[str, Any]:
        own = [item for item in items if "reason" not in item]
        window = [[str(item["post"]["uri"]), _sorted_at(item, page)] for item in own if _kept(item, page)]
        shown = {uri for uri, _ in window}
        oldest = "" if whole else min(keys, default="~")
        lost = [uri for uri, key in self._window if uri not in shown and key >= oldest]
        self._missing = [u for u in dict.fromkeys([*self._missing, *lost]) if u not in shown]
        return {"of": self.state["of"], "window": window, "missing": self._missing}

    def vanished(self) -> Iterator[Page]:
        """Those that the answer leaves out are gone: parse compares them with the question in the address."""
        while batch := self._missing[:_AT_ONCE]:
            asked = urlencode([("uris", uri) for uri in batch])
            page = self._fetcher.get(f"{self._server}/xrpc/app.bsky.feed.getPosts?{asked}")
            self._missing = self._missing[_AT_ONCE:]
            if page:
                yield replace(page, state={"missing": self._missing})


def _sorted_at(item: dict[str, Any], page: Page) -> str:
    """Where a feed puts an item: when it was reposted, or written or indexed, whichever was first."""
    try:
        reposted = answers.moment(answers.table(item, "reason"), "indexedAt")
        post = answers.table(item, "post")
        indexed = answers.moment(post, "indexedAt")
    except ValueError:
        return ""
    written = answers.sound(answers.table(post, "record"), lambda record: answers.moment(record, "createdAt"))
    known = [t for t in (indexed, written if not isinstance(written, Problem) else None) if t]
    moment = reposted or min(known, default=None)
    return moment.isoformat(timespec="microseconds") if moment else ""


def _kept(item: dict[str, Any], page: Page) -> bool:
    return isinstance(answers.sound(item, lambda i: posts.from_feed(i, page.fetched_at)), SeenPost)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The posts and reposts of any answer that holds some, in its order; those asked for in vain are deleted."""
    yield from _bluesky_forms.read(page)
