"""What of a slice goes in: without what no database stores, dated, and put aside where it contradicts itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core import ids, times
from core.post import Account, Media, Problem, SeenPost
from core.text import storable
from db import accounts, find

_X_TOLERANCE = {"second": timedelta(minutes=1), "day": timedelta(hours=38)}  # a shown date may be of any zone
_AHEAD = timedelta(minutes=10)  # clocks differ
_LONGEST_ID = 500  # bytes
_LONGEST_URL = 2000  # bytes; PostgreSQL's indexes hold no longer ones
_MOST_COUNTED = 1 << 63


def admit(posts: Sequence[SeenPost], now: datetime) -> tuple[list[SeenPost], list[Problem]]:
    """The posts to take in, and the reasons for those that are not."""
    sound: list[SeenPost] = []
    problems: list[Problem] = []
    for post in map(_cleaned, posts):
        exact = ids.x_time(post.platform_id) if post.platform == "x" else None
        reason = _too_long(post) or _contradiction(post, exact, now)
        if reason:
            problems.append(Problem(reason, post.id))
        else:
            sound.append(_dated(post, exact, now))
    return sound, problems


def _cleaned(post: SeenPost) -> SeenPost:
    """As parsers made it, save for NUL, halves of surrogate pairs and counts that no column holds."""
    if any(v is not None and not 0 <= v < _MOST_COUNTED for v in post.metrics.values()):
        counts = {n: v if v is not None and 0 <= v < _MOST_COUNTED else None for n, v in post.metrics.items()}
        post = replace(post, metrics=counts)
    if post.follow and len(post.follow.encode("utf-8", "replace")) > _LONGEST_URL:
        post = replace(post, follow=None)
    said = " ".join(_strings(post))  # a line break would send every post through the slower check
    return post if storable(said) == said else _stripped(post)


def _strings(post: SeenPost) -> Iterator[str]:
    account = (post.account.platform, post.account.handle, post.account.name) if post.account else ()
    own = (post.platform_id, post.text, post.url, post.lang, post.embedded_in, post.repeats, post.follow)
    yield from (s for s in (*own, *account, *post.links) if s)
    for item in post.media:
        yield from (s for s in (item.type, item.url, item.alt) if s)


def _stripped(post: SeenPost) -> SeenPost:
    names = ("platform_id", "text", "url", "lang", "embedded_in", "repeats", "follow")
    found = {name: getattr(post, name) for name in names}
    plain: dict[str, Any] = {name: storable(value) if value else value for name, value in found.items()}
    owner = post.account
    name = storable(owner.name) if owner and owner.name else None
    account = Account(storable(owner.platform), storable(owner.handle), name) if owner else None
    media = tuple(Media(storable(m.type), storable(m.url), storable(m.alt) if m.alt else None) for m in post.media)
    return replace(post, **plain, account=account, media=media, links=tuple(map(storable, post.links)))


def _too_long(post: SeenPost) -> str | None:
    handle = post.account.handle if post.account else ""
    for what, value, most in (
        ("id", post.platform_id, _LONGEST_ID),
        ("handle", handle, _LONGEST_ID),
        ("address", post.url, _LONGEST_URL),
        ("quoting address", post.embedded_in, _LONGEST_URL),
    ):
        if value and len(value) * 4 > most and len(value.encode()) > most:
            return f"its {what} has {len(value.encode())} bytes, at most {most} are taken: {value[:80]}"
    return None


def _contradiction(post: SeenPost, exact: datetime | None, now: datetime) -> str | None:
    if exact is None:
        return None
    if exact > now + _AHEAD:
        return f"{post.id} would be made at {times.text(exact)} by its id, which is still to come"
    tolerance = _X_TOLERANCE.get(post.precision)
    if tolerance and post.created_at and abs(exact - post.created_at) > tolerance:
        return f"{post.id} was made at {times.text(exact)} by its id, but says {times.text(post.created_at)}"
    return None


def _dated(post: SeenPost, exact: datetime | None, now: datetime) -> SeenPost:
    if exact:
        return replace(post, created_at=exact, precision="second")
    if post.created_at and times.EARLIEST <= post.created_at <= now + _AHEAD and post.precision != "seen":
        return post
    return replace(post, created_at=None, precision="seen")


def crowded(posts: Sequence[SeenPost]) -> set[str]:
    """Addresses that several entries of one payload share: such an address names none of them."""
    owners: dict[str, set[str]] = {}
    for post in posts:
        key = find.address(post)
        if key and post.platform == "feed":
            owners.setdefault(key, set()).add(post.id)
    return {key for key, found in owners.items() if len(found) > 1}


def passes(posts: Sequence[SeenPost], shared: set[str]) -> Iterator[list[SeenPost]]:
    """The posts in turns, none of which holds two that may be one; quotations without id come last."""
    waiting = sorted(posts, key=lambda p: p.platform_id.startswith("~"))
    while waiting:
        seen: set[str] = set()
        once: list[SeenPost] = []
        again: list[SeenPost] = []
        for post in waiting:
            names, handle = _names(post, shared), _x_handle(post)
            clashes = names | handle if post.platform_id.startswith("~") else names
            (once if seen.isdisjoint(clashes) else again).append(post)
            seen |= names | handle
        yield once
        waiting = again


def _names(post: SeenPost, shared: set[str]) -> set[str]:
    key = find.address(post)
    return {post.id, key} if key and key not in shared else {post.id}


def _x_handle(post: SeenPost) -> set[str]:
    return {"@" + accounts.key(post.account)[1]} if post.platform == "x" and post.account else set()
