"""Why a post matches a query: of all that the query asks for, what speaks for this post.

Pure. Reasons hold no text of the post, so that nothing has to be forgotten in them; `alerts.body` adds the evidence
when a message is made.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from alerts.match import Said, holds
from core import addresses
from core.snippets import Wanted, places
from db import language
from db.forms import KLE
from db.language import And, Field, Or, Phrase, Prefix, Tree
from db.query import PostQuery

Post = dict[str, Any]
Reason = dict[str, Any]
_EVERYTHING: Reason = {"kind": "everything"}
_SLUG = re.compile(r"[^<>=\s]+")


def reasons(query: PostQuery, said: Said, post: Post) -> list[Reason]:
    """`post` in the API's form. A query without a filter, or one that only says what is not wanted, matches for
    everything else."""
    found = [reason for part in _wanted(query.tree) if (reason := _reason(query.q, part, said, post))]
    return [reason for place, reason in enumerate(found) if reason not in found[:place]] or [_EVERYTHING]


def _wanted(tree: Tree | None) -> Iterator[Phrase | Prefix | Field]:
    """What a query asks for, without what it does not want."""
    match tree:
        case Phrase() | Prefix() | Field():
            yield tree
        case And(parts) | Or(parts):
            for part in parts:
                yield from _wanted(part)


def _reason(q: str, part: Phrase | Prefix | Field, said: Said, post: Post) -> Reason | None:
    if not isinstance(part, Field):
        return {"kind": "words", "words": _as_written(q, part)} if holds(part, said) else None
    rule = _FIELDS.get(part.name)
    if rule:
        return rule(part.value, post)
    return {"kind": "filter", "filter": language.write(part)} if _passes(part, post) else None


@lru_cache(10_000)
def _as_written(q: str, part: Phrase | Prefix) -> str:
    """In the letters of who asked, where they stand in the query: folded ones are no way to write Sorani."""
    found = places(q, [Wanted(part.words, isinstance(part, Prefix))])
    begun = "*" if isinstance(part, Prefix) else ""
    return q[found[0].start : found[0].end] + begun if found else language.write(part)


def _of_topic(value: str, post: Post) -> Reason | None:
    named = _SLUG.match(value)
    slug = named[0].lower() if named else ""
    for tag in post["tags"]:
        if tag["topic"] == slug and tag["decision"] != "not":
            return {name: tag[name] for name in ("topic", "probability", "decision", "model", "by")} | {
                "kind": "topic"
            }
    return None


def _of_account(value: str, post: Post) -> Reason | None:
    handle = (post["account"] or {}).get("handle") or ""
    same = handle.lstrip("@").lower() == value.lstrip("@").lower()
    return {"kind": "account", "account": handle} if handle and same else None


def _of_actor(value: str, post: Post) -> Reason | None:
    return {"kind": "actor", "actor": value} if (post["account"] or {}).get("actor") == value else None


def _is(value: str, post: Post) -> Reason | None:
    if value.lower() == "kle":
        return _of_topic(KLE, post)
    test = _STATES.get(value.lower())
    return {"kind": "filter", "filter": f"is:{value.lower()}"} if test and test(post) else None


_FIELDS: dict[str, Callable[[str, Post], Reason | None]] = {
    "topic": _of_topic,
    "from": _of_account,
    "actor": _of_actor,
    "is": _is,
}
_STATES: dict[str, Callable[[Post], bool]] = {
    "edited": lambda post: bool(post["edits"]),
    "deleted": lambda post: post["deleted_at"] is not None,
    "erased": lambda post: post["erasure"] is not None,
    "unsure": lambda post: any(tag["decision"] == "unsure" for tag in post["tags"]),
    "second_hand": lambda post: not any(seen["first_hand"] for seen in post["sightings"]),
    "synthetic": lambda post: bool(post["synthetic"]),
}


def _passes(part: Field, post: Post) -> bool:
    """Of the alternatives of an OR only those are told that hold; what else was asked for holds anyway."""
    value = part.value.lower()
    if part.name in ("platform", "kind", "lang"):
        return str(post[part.name] or "").lower() == value
    if part.name == "source":
        return any(seen["source"] == part.value for seen in post["sightings"])
    if part.name == "has":
        return (
            bool(post["media"])
            if value == "media"
            else bool(post["links"]) or addresses.stands_in(post["text"] or "")
        )
    return True
