"""Applies core/terms.toml to a post in the API's form: the one place where something is withheld from outsiders.

The policy follows how a text was obtained: seen by API, oEmbed or file, the platform's row; seen only as a
quotation in an article, a quotation with the article's link. Several ways, or a wish of the author: the strictest.
"""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from core import times

Audience = Literal["internal", "public"]
_STRICTEST_FIRST = ("ids", "link", "quotation", "full")
_TEXT_SHARED = ("quotation", "full")
_SILENT = ("text", "media.alt", "tags.evidence")
_BARE = ("text", "media", "links", "metrics", "tags.evidence")
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
    ways = {bool(seen["first_hand"]) for seen in post["sightings"]}
    return _policy_of(post["platform"], True in ways, False in ways, tuple(post["labels"]))


@lru_cache(4096)  # the posts of one account are all alike in this
def _policy_of(platform: str, first_hand: bool, second_hand: bool, labels: tuple[str, ...]) -> Policy:
    table = policies()
    rows = [table.get(platform, table["other"])] if first_hand or not second_hand else []
    rows += [table["article"]] if second_hand else []
    rows += [wishes()[label] for label in labels if label in wishes()]
    return min(rows, key=lambda row: _STRICTEST_FIRST.index(row.share))


@dataclass(frozen=True, eq=False)  # there is one of each kind (`_ruling`)
class Ruling:
    """What one audience may have of one post: of its newest state, its versions, its tags, its counts."""

    policy: Policy
    audience: Audience

    @cached_property
    def withheld(self) -> bool:
        """Its text stays here, and whatever would tell of it."""
        return self.audience == "public" and not self.policy.shares_text

    @cached_property
    def bare(self) -> bool:
        """Its id and link leave, and what we ourselves say of it; nothing else that its platform shows."""
        return self.withheld and self.policy.share == "ids"

    @cached_property
    def rights(self) -> dict[str, Any]:
        return {"policy": self.policy.share, "text_withheld": self.withheld}

    @property
    def fields(self) -> tuple[str, ...]:
        """What stays here, in words of the API."""
        if not self.withheld:
            return ()
        return _BARE if self.bare else _SILENT

    def post(self, post: dict[str, Any]) -> dict[str, Any]:
        """`post` with `rights` filled in; the argument is left as it was."""
        return {
            **post,
            "tags": self.tags(post["tags"]),
            "rights": self.rights,
            "erasure": _erasure(post, self.audience),
            **(self._silenced(post) if self.withheld else {}),
            **({"metrics": None} if self.bare else {}),
        }

    def said(self, item: dict[str, Any]) -> dict[str, Any]:
        """A version of it, with what its author said as this audience may have it."""
        return {**item, **self._silenced(item)} if self.withheld else item

    def _silenced(self, item: dict[str, Any]) -> dict[str, Any]:
        if self.bare:
            return {"text": None, "links": [], "media": []}
        return {"text": None, "media": [{**media, "alt": None} for media in item["media"]]}

    def tags(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Who corrected a tag, and what they noted, is the operator's; that and when a person did so is not."""
        if self.audience == "internal":
            return items
        found = [{**tag, "correction": tag["correction"] and {**tag["correction"], **_UNNAMED}} for tag in items]
        return [{**tag, "evidence": None} for tag in found] if self.withheld else found


def ruling(post: dict[str, Any], audience: Audience) -> Ruling:
    return _ruling(policy_for(post), audience)


@cache
def _ruling(policy: Policy, audience: Audience) -> Ruling:
    return Ruling(policy, audience)


def apply(post: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """`post` as this audience may have it, with `rights` filled in; the argument is left as it was."""
    return ruling(post, audience).post(post)


def _erasure(post: dict[str, Any], audience: Audience) -> dict[str, Any] | None:
    """Why a person had it erased, in that person's words, is the operator's; the cause is not."""
    said: dict[str, Any] | None = post.get("erasure")
    return {**said, "reason": None} if said and audience == "public" else said


def apply_today(was: dict[str, Any], today: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """A state of before leaves by the terms of today: a wish or a way of seeing it that came later counts."""
    return ruling_today(was, today, audience).post(was)


def ruling_today(was: dict[str, Any], today: dict[str, Any], audience: Audience) -> Ruling:
    ways = {"platform": was["platform"], "sightings": today["sightings"], "labels": today["labels"]}
    return ruling(ways, audience)
