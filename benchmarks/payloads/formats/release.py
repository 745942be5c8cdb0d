"""A post of a release with its history a line, as `kle import` puts it together from a release's tables."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.drafts import SEEN_AT, Draft
from benchmarks.payloads.formats import post_form
from core import times
from core.page import Page

MOST = 100
_ARCHIVE = "11111111-2222-4333-8444-555555555555"
decode = post_form.decode


def page(drafts: Sequence[Draft]) -> Page:
    return Page("", b"".join(map(_line, drafts)), SEEN_AT, headers={"content-type": "application/x-ndjson"})


def _line(draft: Draft) -> bytes:
    post = orjson.loads(post_form.line(draft))
    seen_at, text = times.text(SEEN_AT), hashlib.sha256(post["text"].encode()).hexdigest()
    counts = {"observed_at": seen_at, **post.pop("metrics")}
    record: dict[str, Any] = {
        "archive": _ARCHIVE,
        "audience": "public",
        "post": {**post, "text_sha256": text, "metrics": None},
        "versions": [_version(post, text, seen_at)],
        "metrics": [{"id": post["id"], **counts}],
    }
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _version(post: dict[str, Any], text_sha256: str, seen_at: str) -> dict[str, Any]:
    said = {name: post[name] for name in ("id", "text", "links", "media")}
    digest = hashlib.sha256(post["id"].encode()).hexdigest()
    return {
        **said, "number": 1, "change": "first", "seen_at": seen_at, "first_hand": True, "digest": digest,
        "text_sha256": text_sha256, "erased": False, "merged": None,
    }  # fmt: skip
