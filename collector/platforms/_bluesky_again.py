"""Asking Bluesky again for posts that are known, by id: what an answer leaves out is gone (parse says so)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from collector.fetch import Fetcher
from collector.platforms import _bluesky as posts
from collector.platforms._bluesky_server import ask, record
from collector.platforms._bluesky_wishes import Owner
from core.page import Page
from core.post import Asked

log = logging.getLogger(__name__)
_AT_ONCE = 25  # posts that one request may name


def shown(fetcher: Fetcher, server: str, known: Sequence[Asked]) -> Iterator[Page]:
    """Posts from the server that shows feeds, with their counts; reposts one by one, as it has no other way."""
    numbers = [post.platform_id for post in known if post.kind != "repost" and _parts(post)]
    for start in range(0, len(numbers), _AT_ONCE):
        about = numbers[start : start + _AT_ONCE]
        options = [("uris", _uri(number, posts.POST)) for number in about]
        if page := ask(fetcher, server, "app.bsky.feed.getPosts", options):
            yield replace(page, about=tuple(about), state={})
    yield from records(fetcher, server, [post for post in known if post.kind == "repost"], Owner())


def records(fetcher: Fetcher, server: str, known: Sequence[Asked], owner: Owner, did: str = "") -> Iterator[Page]:
    """Records from a server that holds them, one by one; with `did` those of that account alone."""
    for post in known:
        repo, rkey = _parts(post)
        if not repo or (did and repo != did):
            log.info("bluesky: %s is not asked for again: no server is known to hold its record", post.platform_id)
            continue
        collection = posts.REPOST if post.kind == "repost" else posts.POST
        if page := record(fetcher, server, repo, collection, rkey):
            headers = {**page.headers, **owner.headers()}
            yield replace(page, about=(post.platform_id,), headers=headers, state={})


def _parts(post: Asked) -> tuple[str, str]:
    """Account and record key; nothing for a repost whose key no feed showed."""
    did, _, rkey = post.platform_id.partition("/")
    sound = did.startswith("did:") and rkey and not rkey.startswith("~")
    return (did, rkey) if sound else ("", "")


def _uri(number: str, collection: str) -> str:
    did, _, rkey = number.partition("/")
    return f"at://{did}/{collection}/{rkey}"
