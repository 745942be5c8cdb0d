"""What lies beside a file of an archive of X: the account, and which note is the whole of which post."""

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from collector.formats import _array
from collector.platforms import _answers as answers
from core import ids
from core.errors import ParseError
from core.text import squeeze

_LINKS = re.compile(r"https?://\S+")
_PICTURE = re.compile(r"https?://(?:twitter|x)\.com/(\w{1,20})/status/(\d+)/(?:photo|video)/", re.A)
_APART = 2  # minutes: a note is made just before its post
_LEAST = 15  # characters that must agree
_LONGEST = 400_000_000  # bytes of a file that is read for what belongs to another
_Json = dict[str, Any]


class Beside:
    """One file's neighbours; they are read once, when the first slice asks."""

    def __init__(self, path: Path, handle: str = "") -> None:
        self._folder = path.parent
        about = next((a for a in self._entries("account.js", "account")), {})
        own = str(about.get("username") or "")
        self.handle = handle or own
        self.name = str(about.get("accountDisplayName") or "") if self.handle.lower() == own.lower() else ""
        self._notes: _Index | None = None
        self._tweets: _Index | None = None

    def of(self, body: bytes, first: bool) -> dict[str, _Json]:
        """For a slice of posts their notes by the post's id; for one of notes their posts by the note's id."""
        notes = b'"noteTweet"' in body
        if self.handle and not notes and not self._wholes():
            return {}
        entries = list(_readable(body, first=first))
        if notes:
            self.handle = self.handle or owner(self._entries("tweet*.js", "tweet"))
            wholes = [entry["noteTweet"] for entry in entries if isinstance(entry.get("noteTweet"), dict)]
            return {"tweets": self._posts().join(map(_of_note, wholes))}
        tweets = [t for entry in entries if isinstance(t := entry.get("tweet", entry), dict)]
        self.handle = self.handle or owner(tweets)
        return {"notes": self._wholes().join(map(_of_tweet, tweets))}

    def _wholes(self) -> "_Index":
        if self._notes is None:
            self._notes = _Index()
            for note in self._entries("note-tweet*.js", "noteTweet"):
                self._notes.add(_of_note(note))
        return self._notes

    def _posts(self) -> "_Index":
        if self._tweets is None:
            self._tweets = _Index()
            for text in map(_of_tweet, self._entries("tweet*.js", "tweet")):
                if self._wholes().near(text):
                    self._tweets.add(text)
        return self._tweets

    def _entries(self, pattern: str, name: str) -> Iterator[_Json]:
        for path in sorted(self._folder.glob(pattern)):
            with suppress(OSError):
                if path.stat().st_size <= _LONGEST:
                    for entry in _readable(path.read_bytes(), first=True):
                        if isinstance(entry.get(name), dict):
                            yield entry[name]


def owner(tweets: Iterable[_Json]) -> str:
    """Whose posts these are, as their own pictures' addresses or answers to themselves tell; "" where none do."""
    listed = list(tweets)
    known = {_number(tweet) for tweet in listed}
    for tweet in listed:
        if tweet.get("in_reply_to_status_id_str") in known and (name := tweet.get("in_reply_to_screen_name")):
            return str(name)
        for part in ("extended_entities", "entities"):
            for item in answers.tables(answers.table(tweet, part), "media"):
                found = _PICTURE.match(answers.text(item, "expanded_url"))
                if found and found[2] == _number(tweet):
                    return found[1]
    return ""


class _Index:
    """Texts by the minute in which they were written."""

    def __init__(self) -> None:
        self._minutes: dict[int, list[_Text]] = defaultdict(list)
        self._given: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._minutes)

    def add(self, text: "_Text") -> None:
        if text.moment:
            self._minutes[text.minute].append(replace(text, words=squeeze(text.words)))

    def near(self, text: "_Text") -> "list[_Text]":
        reach = range(text.minute - _APART, text.minute + _APART + 1)
        return [row for minute in reach for row in self._minutes.get(minute, [])] if text.moment else []

    def join(self, texts: "Iterable[_Text]") -> dict[str, _Json]:
        """By each text's number the one that begins alike, the nearest pairs in time first; each is given once."""
        pairs = [pair for text in texts for pair in self._alike(text)]
        found: dict[str, _Json] = {}
        for text, row in sorted(pairs, key=lambda pair: pair[0].apart(pair[1])):
            number = str(text.number)
            if number not in found and self._given.setdefault(row.number, text.number) == text.number:
                found[number] = row.item
        return found

    def _alike(self, text: "_Text") -> "list[tuple[_Text, _Text]]":
        near = self.near(text)
        words = squeeze(text.words) if near else ""
        return [(text, row) for row in near if _alike(words, row.words)]


@dataclass(frozen=True, slots=True)
class _Text:
    """A post or a note, as far as the two are told to be one."""

    number: int
    moment: datetime | None
    told: datetime | None  # the same to the second, as it is written
    words: str
    item: _Json

    @property
    def minute(self) -> int:
        return int(self.moment.timestamp()) // 60 if self.moment else 0

    def apart(self, other: "_Text") -> tuple[int, int]:
        """In seconds; in numbers where these are equal."""
        one, two = self.told or self.moment, other.told or other.moment
        seconds = abs(int(one.timestamp()) - int(two.timestamp())) if one and two else 60 * _APART
        return seconds, abs(self.number - other.number)


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _LEAST and long.startswith(short))


def _number(tweet: _Json) -> str:
    return str(tweet.get("id_str") or tweet.get("id") or "")


def _of_tweet(tweet: _Json) -> _Text:
    """Its words up to where they are cut off."""
    shown = html.unescape(str(tweet.get("full_text") or "")).partition("…")[0]
    return _text(_number(tweet), tweet, "created_at", shown)


def _of_note(note: _Json) -> _Text:
    core = note.get("core")
    shown = core.get("text") if isinstance(core, dict) else ""
    return _text(str(note.get("noteTweetId") or ""), note, "createdAt", str(shown))


def _text(number: str, item: _Json, dated: str, shown: str) -> _Text:
    from collector.platforms import _x_post

    told = None
    with suppress(ValueError):
        told = _x_post.moment(item, dated)
    moment = ids.x_time(number) or told
    return _Text(int(number) if number.isdecimal() else 0, moment, told, _LINKS.sub(" ", shown), item)


def _readable(body: bytes, *, first: bool) -> Iterator[_Json]:
    """Entries up to where the file breaks; what is broken is told when it is read for itself."""
    with suppress(ParseError):
        for entry in _array.values(body, first=first, last=False):
            if isinstance(entry, dict):
                yield entry
