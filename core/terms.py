"""Applies core/terms.toml to a post in the API's form: the one place where something is withheld from outsiders.

The policy follows how a text was obtained: seen by API, oEmbed or file, the platform's row; seen only as a
quotation in an article, a quotation with the article's link. Several ways, or a wish of the author: the strictest.
"""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core import times

Audience = Literal["internal", "public"]
_STRICTEST_FIRST = ("ids", "link", "quotation", "full")
_TEXT_SHARED = ("quotation", "full")
_UNNAMED = {"name": None, "key": None, "note": None}


@dataclass(frozen=True, slots=True)
class Policy:
    """`follow`: how often the platform is asked whether a post is still there; None: it cannot or need not be.
    `erase`: what is deleted there is erased here. `keep`: how long after it was last seen a text may stay.
    """

    name: str
    share: str
    note: str
    follow: timedelta | None = None
    erase: bool = False
    keep: timedelta | None = None

    @property
    def shares_text(self) -> bool:
        return self.share in _TEXT_SHARED


@cache
def policies() -> dict[str, Policy]:
    return {name: _policy(name, row) for name, row in _table().items() if name != "wish"}


@cache
def wishes() -> dict[str, Policy]:
    """By the label that says them."""
    return {label: _policy(label, row) for label, row in _table()["wish"].items()}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _policy(name: str, row: dict[str, Any]) -> Policy:
    spans = {field: times.parse_every(row[field]) for field in ("follow", "keep") if field in row}
    return Policy(name, row["share"], row["note"], erase=row.get("erase", False), **spans)


def policy_for(post: dict[str, Any]) -> Policy:
    """The policy of a post in the API's form, by its platform, sightings and labels."""
    table = policies()
    first_hand = any(s["first_hand"] for s in post["sightings"])
    second_hand = any(not s["first_hand"] for s in post["sightings"])
    rows = [table.get(post["platform"], table["other"])] if first_hand or not second_hand else []
    rows += [table["article"]] if second_hand else []
    rows += [wishes()[label] for label in post["labels"] if label in wishes()]
    return min(rows, key=lambda row: _STRICTEST_FIRST.index(row.share))


def apply(post: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """`post` as this audience may have it, with `rights` filled in; the argument is left as it was."""
    policy = policy_for(post)
    withheld = audience == "public" and not policy.shares_text
    rights = {"policy": policy.share, "text_withheld": withheld}
    post = {**post, "tags": tags(post["tags"], audience), "rights": rights, "erasure": _erasure(post, audience)}
    if not withheld:
        return post
    silent = [{**tag, "evidence": None} for tag in post["tags"]]
    media = [{**item, "alt": None} for item in post["media"]]
    return {**post, "text": None, "tags": silent, "media": media}


def _erasure(post: dict[str, Any], audience: Audience) -> dict[str, Any] | None:
    """Why a person had it erased, in that person's words, is the operator's; the cause is not."""
    said: dict[str, Any] | None = post.get("erasure")
    return {**said, "reason": None} if said and audience == "public" else said


def apply_today(was: dict[str, Any], today: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """A state of before leaves by the terms of today: a wish or a way of seeing it that came later counts."""
    if was is today:
        return apply(was, audience)
    ruled = apply({**was, "sightings": today["sightings"], "labels": today["labels"]}, audience)
    return {**ruled, "sightings": was["sightings"], "labels": was["labels"]}


def tags(items: list[dict[str, Any]], audience: Audience) -> list[dict[str, Any]]:
    """Who corrected a tag, and what they noted, is the operator's; that and when a person did so is not."""
    if audience == "internal":
        return items
    return [{**tag, "correction": tag["correction"] and {**tag["correction"], **_UNNAMED}} for tag in items]
