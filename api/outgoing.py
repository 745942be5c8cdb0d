"""What leaves, by who asks: core.terms for posts, and no operator's detail for the public."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from core import terms
from core.terms import Audience

_PLAIN = ("not followed yet", "nobody looked", "no room", "interrupted", "rate_limited", "over_budget", "failed")


def posts(items: list[dict[str, Any]], today: list[dict[str, Any]], audience: Audience) -> list[dict[str, Any]]:
    """`today` has each as it is now: by that one's terms it leaves."""
    return [terms.apply_today(was, now, audience) for was, now in zip(items, today, strict=True)]


def echoes(
    items: list[dict[str, Any]],
    today: list[dict[str, Any]],
    marks: list[dict[str, Any]],
    asked: dict[str, Any],
    audience: Audience,
) -> list[dict[str, Any]]:
    """`marks` says of each what it is in the group of `asked`. How much two texts share would tell what is in a
    withheld one: then only that they say the same is told."""
    hidden = terms.apply(asked, audience)["rights"]["text_withheld"]
    shown = posts(items, today, audience)
    return [
        {**post, "echo": _silent_echo(mark) if hidden or post["rights"]["text_withheld"] else mark}
        for post, mark in zip(shown, marks, strict=True)
    ]


def _silent_echo(mark: dict[str, Any]) -> dict[str, Any]:
    by_text = mark["relation"] in ("copy", "excerpt", "fuller")
    return {**mark, "overlap": None, "relation": "echo" if by_text else mark["relation"]}


def versions(post: dict[str, Any], items: list[dict[str, Any]], audience: Audience) -> list[dict[str, Any]]:
    """A text that may not leave may not leave as an old version or as a difference either."""
    ruled = terms.ruling(post, audience)
    shown = [ruled.said({**item, "tags": ruled.tags(item["tags"])}) for item in items]
    if not ruled.withheld:
        return shown
    return [{**item, "diff": [], "attached": [] if ruled.bare else item["attached"]} for item in shown]


def sources(items: list[dict[str, Any]], audience: Audience) -> list[dict[str, Any]]:
    """A feed's address can hold a token, and an error message an address: both are the operator's."""
    if audience == "internal":
        return items
    return [{**s, "url": _bare(s["url"]), "last_run": _silent(s["last_run"]), "media": None} for s in items]


def runs(items: list[dict[str, Any]], audience: Audience) -> list[dict[str, Any]]:
    return items if audience == "internal" else [{**run, "error": None} for run in items]


def coverage(looked: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """The reason of a gap can be an error message."""
    if audience == "internal":
        return looked
    return {**looked, "sources": [{**s, "gaps": [_gap(g) for g in s["gaps"]]} for s in looked["sources"]]}


def _gap(gap: dict[str, Any]) -> dict[str, Any]:
    plain = next((word for word in _PLAIN if gap["reason"].partition(":")[0] == word), "failed")
    return {**gap, "reason": plain}


def storage(said: str | None, audience: Audience) -> str | None:
    """How much is free is the operator's."""
    return said if audience == "internal" else said and said.partition(":")[0]


def _silent(run: dict[str, Any] | None) -> dict[str, Any] | None:
    return {**run, "error": None} if run else None


def _bare(url: str | None) -> str | None:
    try:
        parts = urlsplit(url or "")
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    return urlunsplit((parts.scheme, host or "", parts.path, "", ""))
