"""One post of Bluesky as our post, from whichever form it comes in: a view, a repost in a feed, or a bare record.

Text, links and media are read from the record, which every form holds: so the same post looks the same through
all of them, and a change is an edit and not another form.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from collector.platforms import _answers as answers
from collector.platforms import _bluesky_wishes as wishes
from collector.platforms._bluesky_wishes import NO_READERS, Owner
from collector.reading import charset, language, markup
from core import ids, times
from core.post import Account, Media, SeenPost, View

PLATFORM = "bluesky"
POST, REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
_URI = re.compile(r"at://([^/\s]+)/([A-Za-z0-9.-]+)/([^/\s]+)/?")
_PAGES = {POST: "post", "app.bsky.feed.generator": "feed", "app.bsky.graph.list": "lists"}
_METRICS = {"likes": "likeCount", "reposts": "repostCount", "replies": "replyCount", "quotes": "quoteCount"}
INVALID = "handle.invalid"
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}")
_TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_AHEAD = timedelta(minutes=10)  # clocks differ
_Json = dict[str, Any]


def parts(uri: str) -> tuple[str, str, str]:
    """Account, collection and record key of at://did/collection/rkey. Raises ValueError."""
    if found := _URI.fullmatch(uri):
        return found[1], found[2], found[3]
    raise ValueError(f"uri {uri[:100]!r} is no address of a record")


def platform_id(uri: str) -> str:
    did, _, rkey = parts(uri)
    return f"{did}/{rkey}"


def from_view(view: Any, seen_at: datetime) -> SeenPost | None:
    """A post view, as feeds, threads and searches hold them; None for one that is gone or not shown to us."""
    if isinstance(view, dict) and "record" not in view and (view.get("notFound") or view.get("blocked")):
        return None
    author = answers.table(view, "author")
    uri, record = answers.needed(view, "uri"), answers.table(view, "record")
    indexed = _quietly(view, "indexedAt")
    created = _created(record, indexed, min(seen_at, indexed or seen_at))
    return _post(uri, record, _account(author), created, answers.counts(view, _METRICS))


def from_feed(item: Any, seen_at: datetime) -> SeenPost | None:
    """An item of a feed: a post, or somebody's repost of it (a post of its own)."""
    if not isinstance(item, dict) or not isinstance(item.get("post"), dict):
        raise ValueError("is no item of a feed: an object with post")
    reason = answers.table(item, "reason")
    if not answers.text(reason, "$type").endswith("#reasonRepost"):
        return from_view(item["post"], seen_at)
    return _repost_view(item["post"], reason, seen_at)


def from_record(
    uri: str, record: _Json, owner: Owner, seen_at: datetime, revised_at: datetime | None = None
) -> SeenPost | None:
    """A record of a repository, which knows its author by number alone; None for one that is no post."""
    did, collection, rkey = parts(uri)
    account = Account(PLATFORM, owner.handle or did, wishes=owner.wishes)
    created = _created(record, tid_time(rkey), seen_at)
    if collection == REPOST:
        named = answers.needed(answers.table(record, "subject"), "uri")
        repeated = ids.public_id(PLATFORM, platform_id(named))
        return SeenPost(
            PLATFORM,
            platform_id(uri),
            "repost",
            account,
            "",
            created_at=created,
            view=View.ENTRY,
            repeats=repeated,
            revised_at=revised_at,
        )  # fmt: skip  (feeds show the words too)
    if collection != POST:
        return None
    return replace(_post(uri, record, account, created, {}), revised_at=revised_at)


def _post(
    uri: str, record: _Json, account: Account, created: datetime | None, metrics: dict[str, int | None]
) -> SeenPost:
    did, collection, rkey = parts(uri)
    if collection != POST or not isinstance(record.get("text"), str):
        raise ValueError("record is no post: it has no text")
    embed, text = answers.table(record, "embed"), charset.clean(record["text"]).strip()
    quoted, link = _quoted(embed)
    return SeenPost(
        platform=PLATFORM,
        platform_id=platform_id(uri),
        kind="reply" if answers.table(record, "reply") else "quote" if quoted else "post",
        account=account,
        text=text,
        url=f"https://bsky.app/profile/{account.handle.lstrip('@')}/post/{rkey}",
        lang=_language(record, text),
        created_at=created,
        links=tuple(dict.fromkeys([*_facet_links(record), *_outside(embed), *link])),
        media=tuple(_media(embed, did)),
        metrics=metrics,
        repeats=quoted,
        labels=wishes.own_labels(record),
    )


def _repost_view(view: _Json, reason: _Json, seen_at: datetime) -> SeenPost:
    """Its words are the original's, where their author lets people without an account read them."""
    by = answers.table(reason, "by")
    named = answers.needed(view, "uri")
    uri = answers.text(reason, "uri")
    number = platform_id(uri) if uri else f"{answers.needed(by, 'did')}/~{ids.short_hash(named)}"
    original = answers.sound(view, lambda v: from_view(v, seen_at))
    shown = original if isinstance(original, SeenPost) and _for_everybody(original) else None
    return SeenPost(
        platform=PLATFORM,
        platform_id=number,
        kind="repost",
        account=_account(by),
        text=shown.text if shown else "",
        url=shown.url if shown else None,
        lang=shown.lang if shown else None,
        created_at=_quietly(reason, "indexedAt"),
        links=shown.links if shown else (),
        media=shown.media if shown else (),
        repeats=ids.public_id(PLATFORM, platform_id(named)),
        labels=shown.labels if shown else (),
    )


def _for_everybody(post: SeenPost) -> bool:
    return NO_READERS not in (*post.labels, *((post.account and post.account.wishes) or ()))


def at(handle: str) -> str:
    """A handle as accounts have it; "" for none and for one that no longer leads to its account."""
    known = handle.lstrip("@").lower()
    return f"@{known}" if known not in ("", INVALID) else ""


def _account(author: _Json) -> Account:
    return Account(
        PLATFORM, at(answers.text(author, "handle")) or answers.needed(author, "did"),
        answers.text(author, "displayName") or None, wishes.of_author(author),
    )  # fmt: skip


def _created(record: _Json, otherwise: datetime | None, latest: datetime) -> datetime | None:
    """What the author's program says, unless that cannot be: nobody's post was there before it was written."""
    said = _quietly(record, "createdAt")
    return said if said and times.EARLIEST <= said <= latest + _AHEAD else otherwise


def _quietly(item: Any, name: str) -> datetime | None:
    try:
        return answers.moment(item, name)
    except ValueError:
        return None


def tid_time(rkey: str) -> datetime | None:
    """The time inside a record key, microseconds over a clock's number; None for keys of another make."""
    if not _TID.fullmatch(rkey):
        return None
    value = 0
    for letter in rkey:
        value = value << 5 | _TID_LETTERS.index(letter)
    found = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=value >> 10)
    return found if found >= times.EARLIEST else None


def _language(record: _Json, text: str) -> str | None:
    declared = [code for code in answers.rows(record, "langs") if isinstance(code, str) and code]
    return language.resolve(declared[0], text) if declared else None


def _facet_links(record: _Json) -> list[str]:
    """Where stretches of the text lead (they are counted in bytes of UTF-8), in reading order."""
    found: list[tuple[int, str]] = []
    for facet in answers.tables(record, "facets"):
        start = answers.table(facet, "index").get("byteStart")
        for feature in answers.tables(facet, "features"):
            if url := markup.absolute(answers.text(feature, "uri"), ""):
                found.append((start if type(start) is int else 0, url))
    for entity in answers.tables(record, "entities"):  # the form of the first year
        start = answers.table(entity, "index").get("start")
        if answers.text(entity, "type") == "link" and (url := markup.absolute(answers.text(entity, "value"), "")):
            found.append((start if type(start) is int else 0, url))
    return [url for _, url in sorted(found, key=lambda pair: pair[0])]


def _outside(embed: _Json) -> list[str]:
    """The page that a card shows."""
    cards = (answers.table(part, "external") for part in (embed, answers.table(embed, "media")))
    return [url for card in cards if (url := markup.absolute(answers.text(card, "uri"), ""))]


def _quoted(embed: _Json) -> tuple[str | None, list[str]]:
    """The public id of a quoted post; or the page of a quoted feed or list."""
    record = answers.table(embed, "record")
    uri = answers.text(record, "uri") or answers.text(answers.table(record, "record"), "uri")
    if not uri:
        return None, []
    did, collection, rkey = parts(uri)
    if collection == POST:
        return ids.public_id(PLATFORM, f"{did}/{rkey}"), []
    page = _PAGES.get(collection)
    return None, [f"https://bsky.app/profile/{did}/{page}/{rkey}"] if page else []


def _media(embed: _Json, did: str) -> Iterator[Media]:
    """Pictures and videos, at the addresses that Bluesky serves them from; more than four pictures are items."""
    for part in (embed, answers.table(embed, "media")):
        for item in (*answers.tables(part, "images"), *answers.tables(part, "items"), part):
            alt = answers.text(item, "alt") or None
            if cid := _blob(item, "image"):
                yield Media("image", f"https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg", alt)
            if cid := _blob(item, "video"):
                url = f"https://video.bsky.app/watch/{quote(did, safe='')}/{cid}/playlist.m3u8"
                yield Media("video", url, alt)


def _blob(item: _Json, name: str) -> str:
    """A blob's content id, in the present form or that of the first year."""
    blob = answers.table(item, name)
    return answers.text(answers.table(blob, "ref"), "$link") or answers.text(blob, "cid")
