"""Asking servers of the AT Protocol; and an account's repository, record by record, on its own server (PDS)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms._walk import Answer, Ask, walk
from core.errors import FetchError, Gone, ParseError, Refused
from core.page import Page

PUBLIC = "https://public.api.bsky.app"
HANDLE = "x-handle"  # whose repository this is; its records do not say
_DIRECTORY = "https://plc.directory"
_DENIED = re.compile(r" answered (?:400|401|403)\b")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")


def ask(fetcher: Fetcher, server: str, method: str, cursor: str | None, options: dict[str, str],
        state: dict[str, Any] | None = None) -> Page | None:  # fmt: skip
    """One query; None where nothing has changed. Raises Refused where the server has no such account to show."""
    query = urlencode(options | ({"cursor": cursor} if cursor else {}), safe=":")
    try:
        return fetcher.get(f"{server}/xrpc/{method}?{query}", state)
    except FetchError as error:
        if error.transient or not _DENIED.search(error.message):
            raise
        raise Refused(
            f"{error.message}. There is no such account, or it is deactivated or suspended, or this server may "
            "not show it"
        ) from None


@dataclass(frozen=True, slots=True)
class Repository:
    """`name` is a handle or DID; `base_url` its server, where somebody named one."""

    name: str
    base_url: str
    max_pages: int

    def pages(self, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
        """Posts, then reposts, newest first. Raises Refused where the account does not want outside readers."""
        of = f"repository {self.base_url} {self.name}"
        state = state if state.get("of") == of else {"of": of}
        server, handle = self._home(fetcher, state)
        _refuse_unwilling(fetcher, server, self.name)
        kept = {"of": of, "server": server, "handle": handle}
        for collection in (posts.POST, posts.REPOST):
            yield from walk(self._records(fetcher, collection, kept), state, collection, self.max_pages)

    def _records(self, fetcher: Fetcher, collection: str, kept: dict[str, Any]) -> Ask:
        def records(cursor: str | None) -> Answer | None:
            options = {"repo": self.name, "collection": collection, "limit": "100"}
            page = ask(fetcher, kept["server"], "com.atproto.repo.listRecords", cursor, options)
            return _answer(page, kept) if page else None

        return records

    def _home(self, fetcher: Fetcher, state: dict[str, Any]) -> tuple[str, str]:
        """The server that holds the repository, and the account's handle; asked for once."""
        if state.get("server"):
            return str(state["server"]), str(state.get("handle", ""))
        if self.base_url:
            server = self.base_url.rstrip("/")
            about = _read(ask(fetcher, server, "com.atproto.repo.describeRepo", None, {"repo": self.name}))
            return server, _handle(answers.text(about, "handle"))
        did = self.name if self.name.startswith("did:") else _resolved(fetcher, self.name)
        web = did.startswith("did:web:")
        place = f"https://{did[8:]}/.well-known/did.json" if web else f"{_DIRECTORY}/{did}"
        return _named_home(_read(fetcher.get(place)), place)


def _answer(page: Page, kept: dict[str, Any]) -> Answer:
    page = replace(page, headers={**page.headers, HANDLE: kept["handle"]}, state={})
    try:
        document = answers.document(page)
    except ParseError:
        return Answer(page, sound=False)
    keys = [answers.text(row, "uri").rpartition("/")[2] for row in answers.tables(document, "records")]
    sound = isinstance(document, dict) and "records" in document
    return Answer(page, tuple(filter(None, keys)), answers.text(document, "cursor") or None, sound, kept)


def _resolved(fetcher: Fetcher, handle: str) -> str:
    about = _read(ask(fetcher, PUBLIC, "com.atproto.identity.resolveHandle", None, {"handle": handle}))
    found = answers.text(about, "did")
    if not _DID.fullmatch(found):
        raise FetchError(f"nobody knows whose handle {handle} is")
    return found


def _named_home(about: Any, place: str) -> tuple[str, str]:
    """What a DID document says."""
    names = [n[5:] for n in answers.rows(about, "alsoKnownAs") if isinstance(n, str) and n.startswith("at://")]
    for service in answers.tables(about, "service"):
        if answers.text(service, "type") == "AtprotoPersonalDataServer":
            server = answers.text(service, "serviceEndpoint").rstrip("/")
            return server, _handle(names[0] if names else "")
    raise FetchError(f"{place} names no server that holds the account's records")


def _handle(name: str) -> str:
    return f"@{name.lower()}" if name and name != posts.INVALID else ""


def _read(page: Page | None) -> Any:
    return answers.document(page) if page else None


def _refuse_unwilling(fetcher: Fetcher, server: str, name: str) -> None:
    """The wish stands in the profile's record; an account without a profile has none."""
    options = {"repo": name, "collection": "app.bsky.actor.profile", "rkey": "self"}
    try:
        about = _read(ask(fetcher, server, "com.atproto.repo.getRecord", None, options))
    except (Gone, Refused) as error:
        if isinstance(error, Refused) and " answered 400" not in error.message:
            raise
        return
    if posts.unwilling(answers.table(about, "value")):
        raise Refused(f"{name} asks for readers with an account only ({posts.NO_READERS}): it is not collected")
