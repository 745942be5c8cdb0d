"""Bluesky without login: an account's feed as the public server shows it, or its whole repository.

[[source]] kind = "bluesky": `account` as "@name.example", a DID or the profile's address. `via = "feed"` (the
default) reads app.bsky.feed.getAuthorFeed, with counts; `via = "repository"` lists the records on the account's
own server (PDS), which leaves nothing out, and reads there what its owner asks of readers. `base_url` asks another
server for the same paths. The newest page is read again in every round; posts that have vanished from it are asked
for by themselves, and are deleted where the server no longer has them.

`live = "jetstream"` also follows the account on Jetstream, which tells edits and deletions: each round reads what
has happened since the last one, and listens for `listen_seconds` (20) at most once it has reached the present.
`jetstream` is another stream's address, wss://host/subscribe for the first version.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms import _bluesky_again as again
from collector.platforms import _bluesky_forms
from collector.platforms._account import AccountOptions, saved
from collector.platforms._bluesky_live import STREAM, Live
from collector.platforms._bluesky_repository import DID, Repository
from collector.platforms._bluesky_server import PUBLIC, ask, why_not_shown
from collector.platforms._bluesky_wishes import Owner
from collector.platforms._walk import Answer, walk
from core.errors import FetchError, Gone, ParseError, Refused
from core.page import Page
from core.post import Asked, Problem, SeenPost

_PROFILE = re.compile(r"https?://[^/]+/profile/([^/?#]+)/?")
_NAME = re.compile(r"(?:did:(?:plc|web):[A-Za-z0-9._:%-]+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


class Target(AccountOptions):
    account: str = ""
    via: Literal["feed", "repository"] = "feed"
    live: Literal["", "jetstream"] = ""
    jetstream: str = STREAM
    listen_seconds: float = Field(default=20, ge=1, le=600)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.path and not _NAME.fullmatch(self.name):
            raise ValueError('needs account = "@name.example", a DID or "https://bsky.app/profile/name.example"')
        return self

    @model_validator(mode="after")
    def _streamed(self) -> Self:
        if not re.match(r"wss?://[^/\s]", self.jetstream):
            raise ValueError(f"jetstream = {self.jetstream!r} is no stream's address such as {STREAM}")
        return self

    @property
    def name(self) -> str:
        """Handle or DID as requests name it."""
        found = _PROFILE.fullmatch(self.account.strip())
        return (found[1] if found else self.account.strip()).lstrip("@").removeprefix("at://")

    @property
    def stream(self) -> str:
        """Both versions answer at /subscribe."""
        return (
            self.jetstream
            if urlsplit(self.jetstream).path.strip("/")
            else f"{self.jetstream.rstrip('/')}/subscribe"
        )


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
    elif target.via == "feed":
        yield from _feed(target, fetcher, state)
    else:
        yield from _repository(target, fetcher, state)


def recheck(target: Target, fetcher: Fetcher, state: dict[str, Any], posts: Sequence[Asked]) -> Iterator[Page]:
    """Known posts again, 25 at a time with their counts; on an account's own server one by one, its own alone.

    A repost of which no feed showed the record is left out: nobody can be asked for it. Raises Refused where the
    account is switched off: then nothing is known of its posts.
    """
    if target.path:
        return
    if target.via == "feed":
        yield from again.Shown(fetcher, target.server(PUBLIC)).pages(posts)
        return
    try:
        home = _whole(target).home(fetcher, state)
    except (Gone, Refused):
        if target.base_url:
            raise
        # its server has it no more, and perhaps nobody: who shows feeds knows whether it is gone for good
        yield from again.Shown(fetcher, PUBLIC).pages(posts)
        return
    yield from again.records(fetcher, home.server, home.did, posts, home.owner)


def _feed(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    look = _Look(target, fetcher, state)
    yield from walk(look.feed, look.state, "feed", target.max_pages)
    yield from look.vanished()
    if target.live:
        remembered = answers.table(state, "live")
        kept = remembered if remembered.get("name") == target.name else _who(target, fetcher)
        live = Live(target.stream, kept["did"], Owner(kept["handle"]), target.listen_seconds, kept)
        yield from live.pages(fetcher, remembered)


def _who(target: Target, fetcher: Fetcher) -> dict[str, str]:
    """The number of the account that a source names, by which streams know it; and its handle."""
    page = ask(fetcher, target.server(PUBLIC), "app.bsky.actor.getProfile", [("actor", target.name)])
    profile = answers.document(page) if page else None
    did = answers.text(profile, "did")
    if not DID.fullmatch(did):
        raise FetchError(f"{target.server(PUBLIC)} does not say which account {target.name} is")
    return {"name": target.name, "did": did, "handle": posts.at(answers.text(profile, "handle"))}


def _repository(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    repository = _whole(target)
    home = repository.home(fetcher, state)
    yield from repository.pages(fetcher, state, home)
    if target.live:
        live = Live(target.stream, home.did, home.owner, target.listen_seconds)
        yield from live.pages(fetcher, answers.table(state, "live"))


def _whole(target: Target) -> Repository:
    return Repository(target.name, target.base_url, target.max_pages)


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
        options = [("actor", self._name), ("filter", "posts_with_replies"), ("limit", "100")]
        options += [("cursor", cursor)] if cursor else []
        state = None if cursor else self.state
        try:
            page = ask(self._fetcher, self._server, "app.bsky.feed.getAuthorFeed", options, state=state)
        except Refused as refused:
            raise why_not_shown(self._fetcher, self._server, self._name) or refused from None
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
        """Those that the answer leaves out are gone: their account is there, since its feed was."""
        waiting = [Asked(number, "post") for uri in self._missing if (number := _number(uri))]
        known = {post.platform_id.partition("/")[0]: Owner() for post in waiting}
        for page in again.Shown(self._fetcher, self._server, known).pages(waiting):
            self._missing = [uri for uri in self._missing if _number(uri) not in page.about]
            yield replace(page, state={"missing": self._missing})


def _number(uri: str) -> str:
    try:
        return posts.platform_id(uri)
    except ValueError:
        return ""


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
