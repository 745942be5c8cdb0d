"""ActivityPub as Mastodon writes it into a user's archive (outbox.json): each activity as a status of the API."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from collector.formats._reading import About, problem
from collector.platforms import _answers as answers
from collector.platforms import _mastodon
from core.post import Problem, SeenPost, View

_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_NOTES = frozenset({"Note", "Question", "Article", "Page"})
_TYPES = {"image": "image", "video": "video", "audio": "audio"}
_QUOTES = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_Json = dict[str, Any]


def read(record: _Json, about: About) -> Iterator[SeenPost | Problem]:
    """Of an outbox, one of its activities, or a note by itself."""
    listed = answers.rows(record, "orderedItems") or answers.rows(record, "items")
    named = "orderedItems" in record or "items" in record
    known = answers.table(about.beside, "actor")
    for number, activity in enumerate(listed if named else [record], 1):
        found = answers.sound(activity, lambda one: _activity(one, known))
        if isinstance(found, Problem):
            yield problem(f"activity {number}", found.error, activity) if named else found
        elif found is not None:
            yield found


def _activity(activity: Any, actor: _Json) -> SeenPost | None:
    kind = answers.text(activity, "type")
    if kind in _NOTES:
        return _post(activity, answers.text(activity, "attributedTo"), actor)
    if kind == "Announce":
        return _mastodon.read(_boost(activity, actor))
    if kind == "Delete":
        return _gone(activity)
    if kind not in ("Create", "Update"):
        return None  # likes, follows and the like
    shown = activity.get("object")
    if not isinstance(shown, dict):
        raise ValueError("names its post by address only; the export of the account's archive holds the whole")
    if answers.text(shown, "type") not in _NOTES:
        return None
    return _post(shown, answers.text(activity, "actor"), actor)


def _post(note: _Json, author: str, actor: _Json) -> SeenPost | None:
    """Pictures of an export lie inside it, and nobody knows their address: then this is not all of the post."""
    post = _mastodon.read(_status(note, author, actor))
    attached = answers.tables(note, "attachment")
    return replace(post, view=View.PAGE) if post and len(post.media) < len(attached) else post


def _status(note: _Json, actor: str, known: _Json) -> _Json:
    """A note in the API's form."""
    author = answers.text(note, "attributedTo") or actor
    maps = answers.table(note, "contentMap")
    content = note.get("content")
    return {
        "uri": answers.needed(note, "id"),
        "url": answers.text(note, "url") or answers.text(note, "id"),
        "content": content if isinstance(content, str) else next((v for v in maps.values() if v), ""),
        "spoiler_text": answers.text(note, "summary"),
        "created_at": answers.text(note, "published"),
        "edited_at": answers.text(note, "updated") or None,
        "in_reply_to_id": answers.text(note, "inReplyTo") or None,
        "sensitive": note.get("sensitive"),
        "language": next(iter(maps), None) if len(maps) == 1 else None,
        "visibility": _visibility(note),
        "account": _account(author, known),
        "media_attachments": [_media(item) for item in answers.tables(note, "attachment")],
        "poll": {"options": [{"title": answers.text(o, "name")} for o in _options(note)]},
        **_quoted(note),
    }


def _boost(activity: _Json, known: _Json) -> _Json:
    """The export names what was boosted by its address alone."""
    shown = activity.get("object")
    address = answers.text(shown, "id") if isinstance(shown, dict) else answers.text(activity, "object")
    if not address:
        raise ValueError("boosts a post that it does not name")
    return {
        "uri": answers.needed(activity, "id").removesuffix("/activity"),
        "content": "",
        "created_at": answers.text(activity, "published"),
        "visibility": _visibility(activity),
        "account": _account(answers.text(activity, "actor"), known),
        "reblog": {"uri": address},
    }


def _gone(activity: _Json) -> SeenPost:
    shown = activity.get("object")
    address = answers.text(shown, "id") if isinstance(shown, dict) else answers.text(activity, "object")
    return SeenPost("mastodon", _mastodon.platform_id({"uri": address}), "post", None, "", deleted=True)


def _visibility(item: _Json) -> str:
    """Addressed to everybody: public; with everybody in copy: unlisted; else for some only."""
    if _everybody(item.get("to")):
        return "public"
    return "unlisted" if _everybody(item.get("cc")) else "private"


def _everybody(to: Any) -> bool:
    return any(address in _PUBLIC for address in (to if isinstance(to, list) else [to]) if isinstance(address, str))


def _account(actor: str, known: _Json) -> _Json:
    """From its address, .../users/name or .../@name, and what actor.json tells of the archive's own account."""
    parts = urlsplit(actor)
    own = known if answers.text(known, "id") == actor else {}
    user = answers.text(own, "preferredUsername") or parts.path.rstrip("/").rpartition("/")[2].lstrip("@")
    if not user or not parts.hostname:
        raise ValueError("does not say who wrote it: actor is no address of an account")
    return {"acct": f"{user}@{parts.hostname}", "display_name": answers.text(own, "name"), "url": actor}


def _media(item: _Json) -> _Json:
    kind = _TYPES.get(answers.text(item, "mediaType").partition("/")[0], "unknown")
    return {"type": kind, "url": answers.text(item, "url"), "description": answers.text(item, "name")}


def _options(note: _Json) -> list[_Json]:
    return answers.tables(note, "oneOf") or answers.tables(note, "anyOf")


def _quoted(note: _Json) -> _Json:
    address = next((url for name in _QUOTES if (url := answers.text(note, name))), "")
    return {"quote": {"uri": address}} if address else {}
