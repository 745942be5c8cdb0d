"""What authors on Bluesky say about their own posts and account, and who may be shown them.

Labels that others put on (moderation) are not the author's and are not kept. An account's wishes are its directives
(`!no-unauthenticated`) and what its declaration of user intents disallows (`intent:bulk_dataset=disallow`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collector.platforms import _answers as answers
from core.page import Page

NO_READERS = "!no-unauthenticated"  # the author asks for readers with an account only
PROFILE, INTENTS = "app.bsky.actor.profile", "org.user-intents.declaration"
_HANDLE, _WISHES = "x-handle", "x-wishes"
_INTENTS = {"publicAccessArchive": "public_access_archive", "bulkDataset": "bulk_dataset"}
_Json = dict[str, Any]
Wishes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose records a page holds: they know their author by number alone. `wishes` as in core.post.Account."""

    handle: str = ""
    wishes: Wishes | None = None

    def headers(self) -> dict[str, str]:
        """How `fetch` tells `parse`; no server sends these."""
        told = {_HANDLE: self.handle} if self.handle else {}
        return told if self.wishes is None else {**told, _WISHES: ",".join(self.wishes)}

    @classmethod
    def of(cls, page: Page) -> "Owner":
        wishes = page.headers.get(_WISHES)
        known = None if wishes is None else tuple(filter(None, wishes.split(",")))
        return cls(page.headers.get(_HANDLE, ""), known)


def own_labels(record: _Json) -> Wishes:
    """The labels that a record's author wrote into it."""
    return _named(answers.tables(answers.table(record, "labels"), "values"))


def of_author(author: Any) -> Wishes | None:
    """The directives that an account gave itself, as views show them; None where a view shows no labels."""
    if not isinstance(author, dict) or not isinstance(author.get("labels"), list):
        return None
    did = answers.text(author, "did")
    own = [label for label in answers.tables(author, "labels") if did and label.get("src") == did]
    taken_back = set(_named(label for label in own if label.get("neg") is True))
    return tuple(value for value in _directives(_named(own)) if value not in taken_back)


def of_records(profile: _Json, intents: _Json) -> Wishes:
    """The same from the account's own records; {} where it has none."""
    denied = [name for name in _INTENTS if answers.table(intents, name).get("allow") is False]
    return (*_directives(own_labels(profile)), *(f"intent:{_INTENTS[name]}=disallow" for name in denied))


def _directives(values: Iterable[str]) -> Wishes:
    """Labels that ask something of programs begin with an exclamation mark; the others describe."""
    return tuple(value for value in values if value.startswith("!"))


def _named(labels: Iterable[_Json]) -> Wishes:
    return tuple(dict.fromkeys(value for label in labels if (value := answers.text(label, "val"))))
