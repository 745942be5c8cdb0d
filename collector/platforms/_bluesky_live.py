"""Following an account on Jetstream, the stream of all changes: edits and deletions as they happen.

A round connects with the cursor of the last event that was archived and reads what has happened since. The cursor
is a time in microseconds, which every server of either version takes; it is set back a little, since servers
differ, and what comes a second time is known. No message says that the present is reached, and a replay passes over
the whole network's events without a word: so the older the cursor, the longer silence has to last before it counts.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from collector import fetch, stream
from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms import _bluesky_events as events
from collector.platforms._bluesky_forms import MISSED
from collector.platforms._bluesky_wishes import Owner
from core import ids, times
from core.errors import FetchError
from core.page import Page

STREAM = "wss://jetstream.us-east.bsky.network/xrpc/network.bsky.jetstream.subscribeEvents"
_SECOND = "network.bsky.jetstream."  # in the address of the second version
_PROTOCOL = "xrpc.v1.json"
_OVERLAP = 5_000_000
_AHEAD = 60_000_000  # clocks differ; a cursor far in the future would skip all that comes until then
_QUIET = 3.0
_REPLAY_SPEED = 60  # a server replays a minute of the network in a second, or faster
_LONGEST_REPLAY = 240.0
_AT_ONCE = 500  # events in one page
_UNREADABLE = 50  # messages in a row, of somebody who speaks another language


@dataclass(frozen=True, slots=True)
class Live:
    """`address` is the stream's; `seconds` how long it is listened to once the present is reached."""

    address: str
    did: str
    owner: Owner
    seconds: float
    kept: dict[str, Any] = field(default_factory=dict)

    def pages(self, fetcher: fetch.Fetcher, state: dict[str, Any]) -> Iterator[Page]:
        """Each with the cursor of its last event. Raises FetchError where the stream ends, after what it told."""
        begun = _micros()
        of = f"{self.address} {self.did}"
        saved = state.get("cursor") if state.get("of") == of else None
        known = saved if type(saved) is int and 0 < saved <= begun else begun
        oldest = begun - int(_LONGEST_REPLAY * _REPLAY_SPEED * 1_000_000)
        batch = _Batch(self, {**self.kept, "of": of}, begun, max(known, oldest), owner=self.owner)
        batch.known = {str(digest): known for digest in answers.rows(state, "known")}
        if known < oldest:
            batch.missed = times.text(events.moment(known))
        yield from batch.heard(fetcher)

    def question(self, cursor: int) -> str:
        second = _SECOND in urlsplit(self.address).path
        dids, collections = ("dids", "collections") if second else ("wantedDids", "wantedCollections")
        options = [(dids, self.did), (collections, posts.POST), (collections, posts.REPOST)]
        options += [("maxMessageSizeBytes", str(stream.MOST_BYTES)), ("cursor", str(cursor))]
        return f"{self.address}{'&' if '?' in self.address else '?'}{urlencode(options, safe=':')}"


@dataclass(slots=True)
class _Batch:
    """What one round hears, page by page."""

    live: Live
    kept: dict[str, Any]
    begun: int
    cursor: int
    missed: str = ""
    lines: list[str] = field(default_factory=list)
    owner: Owner = field(default_factory=Owner)
    known: dict[str, int] = field(default_factory=dict)
    size: int = 0
    total: int = 0
    unreadable: int = 0
    url: str = ""

    def heard(self, fetcher: fetch.Fetcher) -> Iterator[Page]:
        self.url = self.live.question(self.cursor - _OVERLAP)
        replay = max(0.0, (self.begun - self.cursor) / 1e6 / _REPLAY_SPEED)
        quiet, seconds = _QUIET + replay, self.live.seconds + replay
        protocol = _PROTOCOL if _SECOND in self.live.address else ""
        until, broken = monotonic() + seconds, None
        with closing(fetcher.messages(self.url, seconds, min(quiet, seconds), protocol)) as messages:
            try:
                for message in messages:
                    until = monotonic() + min(quiet, seconds)
                    if self._take(message) or self.total > fetcher.max_bytes:
                        break
                    if len(self.lines) >= _AT_ONCE or self.size > stream.MOST_BYTES:
                        yield self._page()
                    if self.unreadable > _UNREADABLE:
                        raise FetchError(f"{self.live.address} does not speak as Jetstream does; is it one?")
                else:
                    self._fell_silent(monotonic() >= until)
            except FetchError as error:
                broken = error
        if self.lines or not broken:
            yield self._page()
        if broken:
            raise broken

    def _take(self, message: str) -> bool:
        """Whether the present is reached. Events of other accounts move the cursor and are not kept."""
        self.total += len(message)
        try:
            event = events.event(answers.loads(message))
        except ValueError:
            event = None
        self.unreadable = 0 if event else self.unreadable + 1
        at = event.at if event and event.at < self.begun + _AHEAD else 0
        self.cursor = max(self.cursor, at)
        if (not event or event.did in ("", self.live.did)) and self._is_new(message, at):
            self.lines.append(" ".join(message.split("\n")))
            self.size += len(message)
        if event and event.kind == "identity" and event.did == self.live.did:
            self._renamed(posts.at(answers.text(event.said, "handle")))
        return at >= self.begun

    def _is_new(self, message: str, at: int) -> bool:
        """Not one that the overlap brings a second time, word for word."""
        digest = ids.short_hash(message)
        if digest in self.known:
            return False
        self.known[digest] = at
        return True

    def _renamed(self, handle: str) -> None:
        """Posts that are told from here on have the new handle."""
        if not handle:
            return
        self.owner = replace(self.owner, handle=handle)
        if "handle" in self.kept:
            self.kept["handle"] = handle

    def _fell_silent(self, silent: bool) -> None:
        """Nothing more came: what is known reaches to when this round began."""
        if silent:
            self.cursor = max(self.cursor, self.begun)

    def _page(self) -> Page:
        headers = {"content-type": "application/x-ndjson", **self.owner.headers()}
        headers |= {MISSED: self.missed} if self.missed else {}
        body = "".join(f"{line}\n" for line in self.lines).encode("utf-8", "replace")
        self.known = {digest: at for digest, at in self.known.items() if at >= self.cursor - _OVERLAP}
        state = {"live": {**self.kept, "cursor": self.cursor, "known": list(self.known)}}
        self.lines, self.size, self.missed = [], 0, ""
        return Page(self.url, body, times.now(), None, headers, fetch.tool(), state)


def _micros() -> int:
    return round(times.now().timestamp() * 1_000_000)
