"""Handles of accounts that belong to no institution, replaced: the same handle by the same name, which nobody can
turn back or make up without the key (keyed BLAKE2).

Only handle and name of the account go, and what names it: its own address, and every address of links, pictures and
sightings, here and in its versions, in which the handle stands. Ids stay, and so do texts: whoever has those
finds the post. It keeps people out of tables of accounts; it makes nobody anonymous.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from sqlmodel import Session

from core.errors import BadRequest
from db import accounts, language
from db.query import PostQuery

_HOSTS = ("feed", "article")  # their handle is a host's name
_SIZE = 16  # bytes
_NESTED = 3  # an address in an address is percent-encoded again
Item = dict[str, Any]


def refuse_named(session: Session, query: PostQuery) -> None:
    """A query stands in every paper: one that asks for, or leaves out, the posts of an account would say whose
    pseudonym it is. Raises BadRequest."""
    named = [field.value for field in language.fields(query.tree) if field.name == "from"]
    hidden = [handle for platform, handle in accounts.without_actor(session, named) if platform not in _HOSTS]
    if hidden:
        raise BadRequest(
            f"the query names {hidden[0]} (from:), whom --pseudonyms would hide: leave one of the two out, or"
            " assign the account to an actor in kle.toml",
            parameter="q",
        )


class Pseudonyms:
    """`seen` are the accounts that got one."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.seen: set[str] = set()

    def said(self) -> Item:
        """As the manifest tells it: by `key`, which is a mark of the key, one knows whether two releases have the
        same names."""
        mark = hashlib.blake2b(b"fingerprint", key=self._key, digest_size=4).hexdigest()
        return {"key": mark, "accounts": len(self.seen)}

    def apply(self, post: Item) -> Item:
        owner = post["account"]
        if not _hides(owner):
            return post
        name = self.of(owner["platform"], owner["handle"])
        self.seen.add(name)
        names = _naming(owner["handle"])
        seen = [{**s, "url": None} if s["first_hand"] or names(s["url"]) else s for s in post["sightings"]]
        repeats = None if names(post["repeats"]) else post["repeats"]
        shown = {**post, "account": {**owner, "handle": name, "name": None}, "url": None, "sightings": seen}
        return _without(names, {**shown, "repeats": repeats})

    def versions(self, owner: Item | None, rows: Iterable[Item]) -> Iterator[Item]:
        """Those of a post of this account."""
        if owner is None or not _hides(owner):
            yield from rows
            return
        names = _naming(owner["handle"])
        for row in rows:
            merged = row["merged"]
            yield _without(names, {**row, "merged": None if merged and names(merged["archive"]) else merged})

    def of(self, platform: str, handle: str) -> str:
        said = f"{platform}:{handle.lstrip('@').lower()}"
        return "~" + hashlib.blake2b(said.encode(), key=self._key, digest_size=_SIZE).hexdigest()


def _hides(owner: Item | None) -> bool:
    return owner is not None and not owner["actor"] and owner["platform"] not in _HOSTS


def _without(names: Callable[[str | None], bool], row: Item) -> Item:
    links = [link for link in row["links"] if not names(link)]
    return {**row, "links": links, "media": [item for item in row["media"] if not names(item["url"])]}


def _naming(handle: str) -> Callable[[str | None], bool]:
    """Whether the handle stands in an address as a word of it, or what comes before its host (@name@host)."""
    whole = handle.lstrip("@").casefold()
    words = sorted({re.escape(name) for name in (whole, whole.partition("@")[0]) if name}, key=len, reverse=True)
    found = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)") if words else None
    return lambda address: bool(found and address and found.search(_plain(address)))


def _plain(address: str) -> str:
    for _ in range(_NESTED):
        address = unquote(address)
    return address.casefold()
