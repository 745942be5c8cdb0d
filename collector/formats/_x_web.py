"""A post as X's own page gets it (GraphQL, or the older "adaptive" answers), in the form of API v1.1."""

from typing import Any

from collector.platforms import _answers as answers
from collector.platforms._x_api import read_v1
from core.post import SeenPost

_Json = dict[str, Any]
_DEEPEST = 3  # a repost of a quotation of a post


def read(item: Any) -> SeenPost:
    """Raises ValueError for a post that is not shown, and for what is none."""
    found = _result(item)
    if gone := answers.table(found, "tombstone"):
        said = answers.text(answers.table(gone, "text"), "text") or "this post is not shown"
        raise ValueError(f"X shows a notice in its place: {said[:200]}")
    if answers.text(found, "__typename") == "TweetUnavailable":
        raise ValueError("X does not show this post (TweetUnavailable)")
    older = _older(found)
    if not older:
        raise ValueError("is no post as X's page holds it: legacy is missing")
    return read_v1(older)


def _result(item: Any) -> _Json:
    """The post itself, which some answers wrap."""
    outer = item if isinstance(item, dict) else {}
    return answers.table(outer, "tweet") or outer


def _older(found: _Json, depth: int = 0) -> _Json:
    plain = answers.table(found, "legacy")
    if not plain or depth > _DEEPEST:
        return {}
    number = answers.number(found, "rest_id") or answers.number(plain, "id_str")
    shown = {**plain, "id_str": number, "user": _user(found), "edit_history": _history(found)}
    views = answers.table(found, "views") or answers.table(found, "ext_views")
    shown |= {"views": views.get("count")} | _note(found)
    for name in ("retweeted_status", "quoted_status"):
        inner = answers.table(plain, f"{name}_result") or answers.table(found, f"{name}_result")
        if older := _older(_result(answers.table(inner, "result")), depth + 1):
            shown[name] = older
    return shown


def _user(found: _Json) -> _Json:
    """Whose handle stands in one of three places, by the year of the answer."""
    inside = answers.table(answers.table(answers.table(found, "core"), "user_results"), "result")
    plain = answers.table(inside, "legacy") or answers.table(found, "user")
    return {**plain, **answers.table(inside, "core"), **answers.table(inside, "privacy")}


def _note(found: _Json) -> _Json:
    """The whole of a long post, of which `legacy` has the beginning."""
    results = answers.table(answers.table(found, "note_tweet"), "note_tweet_results")
    note = answers.table(results, "result")
    text = answers.text(note, "text")
    return {"full_text": text, "entities": answers.table(note, "entity_set")} if text else {}


def _history(found: _Json) -> _Json:
    control = answers.table(found, "edit_control")
    states = answers.rows(control, "edit_tweet_ids")
    first = answers.table(control, "edit_control_initial")
    named = answers.rows(first, "edit_tweet_ids")
    return {"edit_tweet_ids": states or named, "initial_tweet_id": answers.number(control, "initial_tweet_id")}
