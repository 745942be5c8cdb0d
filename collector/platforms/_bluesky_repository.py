"""An account's repository, record by record, on its own server (PDS)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms import _bluesky_wishes as wishes
from collector.platforms._bluesky_server import PUBLIC, ask, record
from collector.platforms._bluesky_wishes import Owner
from collector.platforms._walk import Answer, Ask, walk
from core.errors import FetchError, ParseError, Refused
from core.page import Page

_DIRECTORY = "https://plc.directory"
DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Home:
    """Where an account's records lie, and whose they are."""

    server: str
    did: str
    owner: Owner

    def state(self, of: str) -> _Json:
        return {"of": of, "server": self.server, "did": self.did}


@dataclass(frozen=True, slots=True)
class Repository:
    """`name` is a handle or DID; `base_url` its server, where somebody named one."""

    name: str
    base_url: str
    max_pages: int

    @property
    def _of(self) -> str:
        return f"repository {self.base_url} {self.name}"

    def home(self, fetcher: Fetcher, state: _Json) -> Home:
        """Asked for in every round: handles, servers and wishes change. Raises Refused where there is none."""
        known = state if state.get("of") == self._of else {}
        name, remembered = str(known.get("did") or self.name), str(known.get("server") or "")
        server = self.base_url.rstrip("/") or remembered or _server_of(fetcher, name)
        try:
            return _described(fetcher, server, name)
        except Refused as refused:
            moved = "" if self.base_url or not remembered else _server_of(fetcher, name)
            if moved in ("", server):
                raise refused
        return _described(fetcher, moved, name)

    def pages(self, fetcher: Fetcher, state: _Json, home: Home) -> Iterator[Page]:
        """Posts, then reposts, newest first."""
        kept = home.state(self._of)
        memory = state if state.get("of") == self._of else {}
        for collection in (posts.POST, posts.REPOST):
            yield from walk(_records(fetcher, collection, home, kept), memory, collection, self.max_pages)


def _records(fetcher: Fetcher, collection: str, home: Home, kept: _Json) -> Ask:
    def records(cursor: str | None) -> Answer | None:
        options = [("repo", home.did), ("collection", collection), ("limit", "100")]
        options += [("cursor", cursor)] if cursor else []
        page = ask(fetcher, home.server, "com.atproto.repo.listRecords", options)
        return _answer(page, home.owner, kept) if page else None

    return records


def _answer(page: Page, owner: Owner, kept: _Json) -> Answer:
    page = replace(page, headers={**page.headers, **owner.headers()}, state={})
    try:
        document = answers.document(page)
    except ParseError:
        return Answer(page, sound=False)
    keys = [answers.text(row, "uri").rpartition("/")[2] for row in answers.tables(document, "records")]
    sound = isinstance(document, dict) and "records" in document
    return Answer(page, tuple(filter(None, keys)), answers.text(document, "cursor") or None, sound, kept)


def _described(fetcher: Fetcher, server: str, name: str) -> Home:
    about = _read(ask(fetcher, server, "com.atproto.repo.describeRepo", [("repo", name)]))
    did = answers.text(about, "did")
    if not DID.fullmatch(did):
        raise FetchError(f"{server} does not say which account {name} is")
    wanted = _wished(fetcher, server, did, answers.rows(about, "collections"))
    return Home(server, did, Owner(posts.at(answers.text(about, "handle")), wanted))


def _wished(fetcher: Fetcher, server: str, did: str, collections: list[Any]) -> wishes.Wishes:
    """From the profile and the declaration of intents, where the account has them."""
    return wishes.of_records(*(
        _self(fetcher, server, did, name) if name in collections else {}
        for name in (wishes.PROFILE, wishes.INTENTS)
    ))  # fmt: skip


def _self(fetcher: Fetcher, server: str, did: str, collection: str) -> _Json:
    return answers.table(_read(record(fetcher, server, did, collection, "self")), "value")


def _server_of(fetcher: Fetcher, name: str) -> str:
    """The server that the account's DID document names."""
    did = name if name.startswith("did:") else _resolved(fetcher, name)
    web = did.startswith("did:web:")
    place = f"https://{did[8:]}/.well-known/did.json" if web else f"{_DIRECTORY}/{did}"
    for service in answers.tables(_read(fetcher.get(place)), "service"):
        if answers.text(service, "type") == "AtprotoPersonalDataServer":
            return answers.text(service, "serviceEndpoint").rstrip("/")
    raise FetchError(f"{place} names no server that holds the account's records")


def _resolved(fetcher: Fetcher, handle: str) -> str:
    about = _read(ask(fetcher, PUBLIC, "com.atproto.identity.resolveHandle", [("handle", handle)]))
    found = answers.text(about, "did")
    if not DID.fullmatch(found):
        raise FetchError(f"nobody knows whose handle {handle} is")
    return found


def _read(page: Page | None) -> Any:
    return answers.document(page) if page else None
