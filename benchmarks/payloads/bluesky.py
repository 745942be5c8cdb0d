"""app.bsky.feed.getAuthorFeed: 100 items, every second with a link, every third with a picture."""

from collections.abc import Sequence
from typing import Any

from benchmarks.drafts import Draft
from benchmarks.payloads._form import decode_json, json_page, millis
from core.page import Page

MOST = 100
decode = decode_json
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_DID = "did:plc:{:a>24}"
_Json = dict[str, Any]


def page(drafts: Sequence[Draft]) -> Page:
    handle = drafts[0].office.handle.replace("_", ".")
    url = f"https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor={handle}&limit={MOST}"
    return json_page(
        url, {"feed": [{"post": _view(d, handle)} for d in drafts], "cursor": millis(drafts[-1].created_at)}
    )


def _view(draft: Draft, handle: str) -> _Json:
    did = _DID.format(draft.office.handle.partition("_")[0])
    uri = f"at://{did}/app.bsky.feed.post/{_record_key(draft)}"
    author = {
        "did": did,
        "handle": handle,
        "displayName": draft.office.name,
        "avatar": f"https://cdn.bsky.app/img/avatar/plain/{did}/bafkreiavatar@jpeg",
        "associated": {
            "chat": {"allowIncoming": "none"},
            "activitySubscription": {"allowSubscriptions": "followers"},
        },
        "labels": [],
        "createdAt": "2024-11-12T09:10:11.000Z",
    }
    record = _record(draft)
    shown = {"embed": _shown(record["embed"], did)} if "embed" in record else {}
    counts = {"bookmarkCount": 0, "replyCount": draft.number % 5, "repostCount": draft.number % 11}
    counts |= {"likeCount": draft.number % 97, "quoteCount": draft.number % 3}
    return {"uri": uri, "cid": f"bafyrei{draft.number:052d}", "author": author, "record": record, **shown, **counts,
            "indexedAt": millis(draft.created_at), "labels": []}  # fmt: skip


def _record(draft: Draft) -> _Json:
    record: _Json = {
        "$type": "app.bsky.feed.post",
        "createdAt": millis(draft.created_at),
        "langs": ["ku" if draft.lang == "kmr" else draft.lang],
        "text": draft.text,
    }
    if draft.number % 2:
        start = len(draft.text.encode()) + 1
        record["text"] += f" {draft.link[8:]}"
        record["facets"] = [{
            "$type": "app.bsky.richtext.facet",
            "index": {"byteStart": start, "byteEnd": start + len(draft.link) - 8},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": draft.link}],
        }]  # fmt: skip
    if draft.number % 3 == 0:
        blob = {
            "$type": "blob",
            "ref": {"$link": f"bafkrei{draft.number:052d}"},
            "mimeType": "image/jpeg",
            "size": 412_345,
        }
        image = {
            "alt": f"Officers at a table, {draft.number}",
            "aspectRatio": {"height": 1333, "width": 2000},
            "image": blob,
        }
        record["embed"] = {"$type": "app.bsky.embed.images", "images": [image]}
    return record


def _shown(embed: _Json, did: str) -> _Json:
    """The pictures of a record again, with their addresses."""
    named = [(f"plain/{did}/{image['image']['ref']['$link']}@jpeg", image) for image in embed["images"]]
    at = "https://cdn.bsky.app/img"
    images = [
        {"thumb": f"{at}/feed_thumbnail/{path}", "fullsize": f"{at}/feed_fullsize/{path}", "alt": image["alt"],
         "aspectRatio": image["aspectRatio"]}
        for path, image in named
    ]  # fmt: skip
    return {"$type": "app.bsky.embed.images#view", "images": images}


def _record_key(draft: Draft) -> str:
    """Microseconds and a clock's number in 13 letters, as servers make them."""
    value = int(draft.created_at.timestamp() * 1_000_000) << 10 | draft.number % 1024
    return "".join(_LETTERS[value >> 5 * place & 31] for place in reversed(range(13)))
