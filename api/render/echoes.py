"""Who else published the same, as the page of a post shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.render import formats
from api.render.cards import href
from api.render.formats import When

SHOWN = 20  # on the page; the rest is behind the link to the JSON
_WHAT = {
    "first": "",
    "this": "",
    "echo": "the same",
    "copy": "the same",
    "excerpt": "a part of it",
    "fuller": "in a longer text",
    "repost": "repost",
    "quote": "quotes it",
}


@dataclass(frozen=True, slots=True)
class Other:
    """One post of the group. `lag` is empty for the first one; `own` marks the post whose page it is."""

    href: str
    author: str
    platform: str
    when: When
    what: str
    lag: str
    own: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Others:
    """`more` counts those that are not shown; `certain` is False where the first may have been another one."""

    shown: list[Other]
    more: int
    certain: bool


def others(items: Sequence[dict[str, Any]], told: dict[str, Any], own: str, as_of: str | None) -> Others | None:
    """None where nobody else published it."""
    if told["total"] < 2:
        return None
    return Others(
        [_other(item, own, as_of) for item in items], told["total"] - len(items), told["first"]["certain"]
    )


def _other(item: dict[str, Any], own: str, as_of: str | None) -> Other:
    account, echo = item["account"] or {"name": None, "handle": None}, item["echo"]
    first = echo["relation"] == "first"
    return Other(
        href=href(item["id"], as_of),
        author=account["name"] or account["handle"] or "Unknown author",
        platform=formats.platform(item["platform"]),
        when=formats.when(item),
        what=_WHAT[echo["relation"]],
        lag="" if first else lag(echo),
        own=item["id"] == own,
        first=first,
    )


def lag(echo: dict[str, Any]) -> str:
    """Exact where it is known, else what is known of it."""
    exact, least, most = echo["after_seconds"], echo["at_least"], echo["at_most"]
    if exact is not None:
        return f"{_span(exact)} later" if exact >= 1 else "at the same time"
    if least is not None and least > 0:
        return f"{_span(least)} to {_span(most)} later" if most is not None else f"at least {_span(least)} later"
    return f"at most {_span(most)} later, perhaps before" if most is not None else "nobody knows how much later"


def _span(seconds: float) -> str:
    """The two largest units: 7384 is "2 h 3 min"."""
    parts, left = [], int(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"
