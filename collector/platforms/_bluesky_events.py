"""What Jetstream tells live about repositories, in the form of its first and of its second version.

The first sends {did, time_us, kind, commit: {...}}; the second wraps each in {$type: "message", payload: {...}},
names the kind in the payload's $type, and has notes of its own (`info`) and errors.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms._bluesky_wishes import Owner
from core import times
from core.post import SeenPost

_START = datetime.fromtimestamp(0, UTC)
_KINDS = ("commit", "identity", "account", "sync", "info")
_SHORT = {"com": "commit", "id": "identity", "acc": "account", "c": "create", "u": "update", "d": "delete"}
_STATUS = {"takendown": "taken down"}
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is when the stream saw it, in microseconds since 1970, 0 where it does not say: the cursor."""

    kind: str
    did: str
    at: int
    said: _Json

    @property
    def moment(self) -> datetime | None:
        return moment(self.at) if self.at else None


def moment(micros: int) -> datetime:
    return _START + timedelta(microseconds=micros)


def event(document: Any) -> Event | None:
    """None for a document of another form."""
    if not isinstance(document, dict):
        return None
    if document.get("$type") == "error" and isinstance(document.get("error"), str):
        return Event("error", "", 0, document)
    payload = answers.table(document, "payload") if document.get("$type") == "message" else document
    fragment = answers.text(payload, "$type").rpartition("jetstream.subscribeEvents#")[2]
    if fragment in _KINDS:
        return Event(fragment, answers.text(payload, "did"), _second_time(payload),
                     payload if fragment in ("commit", "info") else answers.table(payload, fragment))  # fmt: skip
    return _first_form(payload)


def _first_form(payload: _Json) -> Event | None:
    named = answers.text(payload, "kind") or answers.text(payload, "type")
    kind = _SHORT.get(named, named) or ("commit" if "commit" in payload else "")
    if kind not in _KINDS or not isinstance(payload.get("did"), str):
        return None
    at = payload.get("time_us")
    micros = at if type(at) is int and 0 < at < 1 << 53 else 0
    return Event(kind, answers.text(payload, "did"), micros, answers.table(payload, kind))


def _second_time(payload: _Json) -> int:
    """When it was witnessed; `time` may have been set by somebody who imported older times."""
    for name in ("witnessedAt", "time"):
        try:
            found = answers.moment(payload, name)
        except ValueError:
            continue
        if found and found > times.EARLIEST:
            return round((found - _START) / timedelta(microseconds=1))
    return 0


def post(event: Event, owner: Owner, seen_at: datetime) -> SeenPost | None:
    """What changed; None for likes, follows and names. Raises ValueError for what a reader should know."""
    if event.kind == "commit":
        return _changed(event, owner, seen_at)
    if event.kind == "account" and event.said.get("active") is False:
        status = answers.text(event.said, "status") or "not active"
        named = _STATUS.get(status, status)
        raise ValueError(f"the account {event.did} is {named}{_told(event)}: the network does not show its posts")
    if event.kind == "sync":
        raise ValueError(
            f"the repository of {event.did} was written anew{_told(event)}: some changes were not told"
        )
    if event.kind in ("info", "error"):
        name = answers.text(event.said, "name") or answers.text(event.said, "error")
        raise ValueError(f"the stream says {name}: {answers.text(event.said, 'message') or 'no more'}")
    return None


def _changed(event: Event, owner: Owner, seen_at: datetime) -> SeenPost | None:
    commit = event.said
    collection = answers.text(commit, "collection")
    if collection not in (posts.POST, posts.REPOST):
        return None
    uri = f"at://{answers.needed({'did': event.did}, 'did')}/{collection}/{answers.needed(commit, 'rkey')}"
    named = answers.text(commit, "operation") or answers.text(commit, "type")
    if _SHORT.get(named, named) == "delete":
        return gone(uri, _revised(event))
    return posts.from_record(uri, answers.table(commit, "record"), owner, seen_at, _revised(event))


def gone(uri: str, revised_at: datetime | None = None) -> SeenPost:
    kind = "repost" if posts.parts(uri)[1] == posts.REPOST else "post"
    return SeenPost(
        posts.PLATFORM, posts.platform_id(uri), kind, None, "", deleted=True, revised_at=revised_at
    )  # fmt: skip


def _revised(event: Event) -> datetime | None:
    """When the repository was changed, by its own clock unless that is ahead of the stream's."""
    by_author = posts.tid_time(answers.text(event.said, "rev"))
    known = [found for found in (by_author, event.moment) if found]
    return min(known, default=None)


def _told(event: Event) -> str:
    return f" (told {times.text(event.moment)})" if event.moment else ""
