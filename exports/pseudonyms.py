"""Handles of accounts that belong to no institution, replaced: the same handle by the same name, which nobody can
turn back or make up without the key (keyed BLAKE2).

Only handle and name of the account go, and addresses that hold them. Ids stay, and so do texts: whoever has those
finds the post. It keeps people out of tables of accounts; it makes nobody anonymous.
"""

import hashlib
from typing import Any

from sqlmodel import Session

from core.errors import BadRequest
from db import accounts, language
from db.query import PostQuery

_HOSTS = ("feed", "article")  # their handle is a host's name
_SIZE = 16  # bytes
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
        if owner is None or owner["actor"] or owner["platform"] in _HOSTS:
            return post
        name = self.of(owner["platform"], owner["handle"])
        self.seen.add(name)
        seen = [{**s, "url": None} if s["first_hand"] else s for s in post["sightings"]]
        return {**post, "account": {**owner, "handle": name, "name": None}, "url": None, "sightings": seen}

    def of(self, platform: str, handle: str) -> str:
        said = f"{platform}:{handle.lstrip('@').lower()}"
        return "~" + hashlib.blake2b(said.encode(), key=self._key, digest_size=_SIZE).hexdigest()
