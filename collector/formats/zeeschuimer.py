"""Zeeschuimer's NDJSON: what a browser was shown, one item a line, each with the platform that it is from.

Also the NDJSON that 4CAT makes of it: the items alone, with `__import_meta`. Posts of X and, where a version
captures them, of Bluesky and Mastodon are read; an item of another platform is a problem that says so.
"""

from collections.abc import Iterable
from typing import Any

from collector.formats import bluesky, mastodon
from collector.formats._reading import About
from collector.formats._start import Start
from core.post import Problem, SeenPost

_READ = "posts of X, Bluesky and Mastodon are"
_NOT_FEDERATED = ("truthsocial.com", "gab.com", "parler.com")  # they answer much like Mastodon


def looks_like(start: Start) -> bool:
    if start.shape == "table":
        return False
    captured = start.any("source_platform", "data") or start.any("item_id", "data")
    return captured or start.any("__import_meta") or start.any("rest_id", "legacy") or start.any("legacy", "user")


def read(record: Any, about: About) -> SeenPost | Iterable[SeenPost | Problem] | None:
    if not isinstance(record, dict):
        raise ValueError("is no object with source_platform and data")
    item = record.get("data") if "source_platform" in record or "item_id" in record else record
    if not isinstance(item, dict):
        raise ValueError("has no data: nothing was captured")
    if "legacy" in item or "rest_id" in item or "tombstone" in item or isinstance(item.get("tweet"), dict):
        return _of_x(item)
    platform = str(record.get("source_platform") or "").lower()
    if bluesky.ours(item):
        return bluesky.read(item, about)
    if mastodon.ours(item) and not platform.endswith(_NOT_FEDERATED):
        return mastodon.read(item, about)
    raise ValueError(f"is an item of {platform or 'a platform that it does not name'}, which is not read; {_READ}")


def _of_x(item: dict[str, Any]) -> SeenPost:
    from collector.platforms import _answers as answers
    from collector.platforms import _x_client as client
    from collector.platforms._x_api import read_v1

    if notice := answers.table(item, "tombstone"):
        said = answers.text(answers.table(notice, "text"), "text") or "this post is not shown"
        raise ValueError(f"X shows a notice in its place: {said[:200]}")
    found = client.as_v1(item)
    if not answers.text(found, "full_text"):
        raise ValueError("is no post as X's page holds it: legacy is missing, or has no text")
    return read_v1({**found, "user": found["user"] or _user(item)})


def _user(item: dict[str, Any]) -> dict[str, Any]:
    """Beside the post: in older answers, and where the capture puts the author of a comment."""
    user = item.get("user")
    if not isinstance(user, dict):
        return {}
    return {**user, "screen_name": user.get("screen_name") or user.get("unique_id"),
            "name": user.get("name") or user.get("nickname")}  # fmt: skip
