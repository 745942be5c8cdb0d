"""Posts inside the answers of X's own web client (GraphQL), as objects of API v1.1."""

from collections.abc import Iterator
from typing import Any

from collector.platforms import _answers as answers
from collector.platforms import _x_v1 as v1

_Json = dict[str, Any]
_PAID = ("promotedMetadata", "promoted_metadata")
_NOT_SHOWN = ("TweetTombstone", "TweetUnavailable")


def is_result(item: Any) -> bool:
    return isinstance(item, dict) and "full_text" in answers.table(item, "legacy")


def results(document: Any) -> Iterator[_Json]:
    """Every post in its order, however deep; those inside another post belong to it, those paid for to nobody."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if is_result(node):
            yield node
        elif isinstance(node, dict) and not any(name in node for name in _PAID):
            waiting += reversed(list(node.values()))
        elif isinstance(node, list):
            waiting += reversed(node)


def as_v1(result: _Json) -> _Json:
    """Its parts where API v1.1 has them. Raises ValueError for a post that is not shown."""
    result = answers.table(result, "tweet") or result
    if result.get("__typename") in _NOT_SHOWN:
        raise ValueError(f"X does not show this post ({result['__typename']})")
    legacy = answers.table(result, "legacy")
    note = answers.table(answers.table(answers.table(result, "note_tweet"), "note_tweet_results"), "result")
    made = {
        **legacy,
        "id_str": answers.number(result, "rest_id") or legacy.get("id_str"),
        "user": _user(result),
        "views": answers.table(result, "views").get("count"),
        "edit_history": {"edit_tweet_ids": edits(result)},
    }
    if answers.text(note, "text"):
        made |= {"full_text": note["text"], "entities": answers.table(note, "entity_set")}
        made["extended_entities"] = legacy.get("extended_entities") or legacy.get("entities")
    for name in ("retweeted_status", "quoted_status"):
        holder = answers.table(legacy, f"{name}_result") or answers.table(result, f"{name}_result")
        inner = answers.table(holder, "result")
        inner = answers.table(inner, "tweet") or inner
        if is_result(inner):
            made[name] = as_v1(inner)
    return made


def _user(result: _Json) -> _Json:
    """Newer answers have the name beside what was there before."""
    user = answers.table(answers.table(answers.table(result, "core"), "user_results"), "result")
    return {**answers.table(user, "legacy"), **answers.table(user, "core")}


def edits(result: Any) -> list[Any]:
    """The ids of its states."""
    return v1.edits(answers.table(result, "edit_control"))
