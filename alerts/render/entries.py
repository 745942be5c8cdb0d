"""A post in the API's form -> its entry in a message."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alerts.render import clean
from alerts.render.message import Entry, Link, Section, Why
from alerts.words import Said, Words
from core import addresses

Post = Mapping[str, Any]
_NAMES = {"x": "X", "bluesky": "Bluesky", "mastodon": "Mastodon", "dvids": "DVIDS", "youtube": "YouTube"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_NAMED = ("words", "account", "actor", "filter")  # reasons that one field says whole
_NAME, _EVIDENCE = 80, 200  # characters


def sections(data: Mapping[str, Any], words: Words) -> list[Section]:
    """The posts of a body as its digest lays them out; all of them, also those that it leaves out."""
    posts = {post["id"]: post for post in data["posts"]}
    left = dict(posts)
    found = []
    for part in data.get("digest") or []:
        entries = [_with_echoes(told, left, data, words) for told in part["posts"] if told["id"] in left]
        if entries:
            found.append((clean.line(part["name"]) if part["topic"] else words.say("no_topic"), entries))
    if left:
        found.append((words.say("no_topic"), [entry(post, data, words) for post in left.values()]))
    if len(posts) == 1 or not data.get("digest"):
        return [Section("", entries) for _, entries in found]
    return [Section(_counted(name, entries, words), entries) for name, entries in found]


def _counted(name: str, entries: Sequence[Entry], words: Words) -> str:
    posts = words.many("posts", sum(one.count for one in entries))
    return words.say("counted", name=name, posts=posts)


def _with_echoes(told: Mapping[str, Any], left: dict[str, Post], data: Mapping[str, Any], words: Words) -> Entry:
    """Takes what it tells out of `left`. Where the first may not say its text, an echo that may says it."""
    post = left.pop(told["id"])
    echoes = [left.pop(one) for one in told["echoes"] if one in left]
    speaker = next((one for one in (post, *echoes) if clean.text(one["text"])), post)
    return entry(post, data, words, [entry(one, data, words, said=one is speaker) for one in echoes])


def entry(
    post: Post, data: Mapping[str, Any], words: Words, echoes: Sequence[Entry] = (), *, said: bool = True
) -> Entry:
    """`said` is False for an echo whose text stands already, in another's words."""
    return Entry(
        by=words.say("by", author=author(post, words), when=_when(post, words)),
        text=clean.text(post["text"]) if said else "",
        lang=post["lang"] if post["lang"] and _LANGUAGE.fullmatch(post["lang"]) else None,
        remarks=_remarks(post, data, words, said),
        via=_via(post, words),
        why=[_why(one, data["alert"], words, said) for one in _joined(post.get("reasons") or [])],
        links=_links(post, words),
        echoes=list(echoes),
    )


def author(post: Post, words: Words) -> Said:
    account = post["account"] or {}
    name, handle = (clean.line(account.get(field), _NAME) for field in ("name", "handle"))
    if name and handle and name != handle:
        return Said(f"{words.apart(name)} ({words.apart(handle)})")
    one = name or handle
    return words.apart(one) if one else words.say("unknown_author")


def _when(post: Post, words: Words) -> Said:
    if post["created_at_precision"] == "day":
        return words.date(post["created_at"])
    moment = words.moment(post["created_at"])
    return words.say("first_seen", when=moment) if post["created_at_precision"] == "seen" else moment


def _remarks(post: Post, data: Mapping[str, Any], words: Words, said: bool) -> list[str]:
    found: list[str] = []
    if post["synthetic"]:
        found.append(words.say("synthetic"))
    if post.get("edited"):
        found.append(words.say("edited"))
    if post["deleted_at"]:
        found.append(words.say("deleted", when=words.moment(post["deleted_at"])))
    if data.get("late"):
        found.append(words.say("seen_now", when=words.moment(post["first_seen_at"])))
    if said and not clean.text(post["text"]):
        found.append(words.say(_why_silent(post)))
    return found


def _why_silent(post: Post) -> str:
    if post["erasure"]:
        return "erased"
    return "withheld" if post["rights"]["text_withheld"] else "textless"


def _via(post: Post, words: Words) -> list[Link]:
    """The articles through which alone it was seen."""
    if any(seen["first_hand"] for seen in post["sightings"]):
        return []
    found = dict.fromkeys(filter(None, (clean.url(seen["url"]) for seen in post["sightings"])))
    return [Link(words.say("second_hand", host=addresses.host(one)), one) for one in found]


def _links(post: Post, words: Words) -> list[Link]:
    original, page = clean.url(post["url"]), clean.url(post["page"])
    platform = _NAMES.get(post["platform"])
    label = words.say("original_at", platform=platform) if platform else words.say("original")
    pairs = ((label, original), (words.say("page"), page))
    return [Link(said, address) for said, address in pairs if address]


# -- why ----------------------------------------------------------------------------------------------------


def _joined(reasons: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The words of one alert as one reason, where the first of them stands."""
    found: dict[Any, Mapping[str, Any]] = {}
    for number, reason in enumerate(reasons):
        key = reason["alert"]["id"] if reason["kind"] == "words" else (number,)
        first = found.get(key)
        found[key] = {**first, "words": f"{first['words']}, {reason['words']}"} if first else reason
    return list(found.values())


def _why(reason: Mapping[str, Any], alert: Mapping[str, Any], words: Words, quoting: bool) -> Why:
    """Another alert that matches as well is named."""
    said = _reason(reason, words, quoting)
    if reason["alert"]["id"] != alert["id"]:
        said = words.say("of_alert", alert=clean.line(reason["alert"]["name"]), reason=said)
    link = clean.url(reason.get("link"))
    return Why(said, Link(words.say("evidence"), link) if link else None)


def _reason(reason: Mapping[str, Any], words: Words, quoting: bool) -> Said:
    kind = reason["kind"]
    if kind == "topic":
        return _quoted(_topic(reason, words), reason, words) if quoting else _topic(reason, words)
    if kind == "everything":
        return words.say("everything")
    if kind in _NAMED:
        return words.say(kind, **{kind: clean.line(reason[kind])})
    return words.apart(clean.line(reason["text"]))  # of a later version: in English is better than not at all


def _topic(reason: Mapping[str, Any], words: Words) -> Said:
    name = clean.line(reason["name"])
    if reason.get("by") == "person" or reason["model"] is None:
        return words.say("topic_by_person", topic=name)
    phrase = "topic_unsure" if reason["decision"] == "unsure" else "topic"
    return words.say(phrase, topic=name, percent=words.percent(reason["probability"]))


def _quoted(said: Said, reason: Mapping[str, Any], words: Words) -> Said:
    evidence = clean.line((reason["evidence"] or {}).get("text"), _EVIDENCE)
    return words.say("quoted", reason=said, evidence=evidence) if evidence else said
