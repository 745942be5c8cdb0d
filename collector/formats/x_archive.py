"""A user's own archive of X: tweets.js, tweet.js, community-tweet.js, note-tweet.js; also the monthly files of old.

Whose archive it is stands in account.js beside it, or is told, or shows in the addresses of its own pictures. The
beginning of a long post is in tweets.js, the whole of it in note-tweet.js under a number of its own: the two are
joined by time and words. A note whose post is not beside it gets the id of a post that was recovered without one
(DESIGN, section 5) until its post is seen.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from collector.formats._reading import About
from collector.formats._start import Start
from core.errors import ParseError
from core.post import Account, SeenPost, View

_TWEETS = re.compile(r"YTD\.(?:tweets?|community_tweets?)\.part\d+|Grailbird\.data\.\w+")
_NOTES = re.compile(r"YTD\.note_tweets?\.part\d+")
_DELETED = re.compile(r"YTD\.deleted_\w+\.part\d+")
_CUT = re.compile(r"…(?:\s*https://t\.co/\w+)?$")
_WHOSE = (
    "it does not say whose archive it is, so its posts are kept without an account: put account.js of the same "
    "archive beside it, or name the account with --account @handle (account in kle.toml)"
)
_Json = dict[str, Any]


def looks_like(start: Start) -> bool:
    """Raises ParseError for a part of the archive that holds no posts, or deleted ones."""
    if not start.variable:
        return start.shape != "table" and any(map(_entry, start.records))
    if _TWEETS.fullmatch(start.variable) or _NOTES.fullmatch(start.variable):
        return True
    if _DELETED.fullmatch(start.variable):
        raise ParseError("these posts were deleted by their author: they are not kept")
    raise ParseError(
        f"this script sets {start.variable[:80]}; of an archive of X tweets.js, tweet.js and note-tweet.js are read"
    )


def _entry(record: Any) -> bool:
    """An entry of the archive, or what others made of it: its post alone, which names no author."""
    if not isinstance(record, dict):
        return False
    inside = record.get("tweet") or record.get("noteTweet") or record
    named = isinstance(inside, dict) and ("core" in inside or {"id_str", "full_text"} <= inside.keys())
    return named and "user" not in inside and "legacy" not in inside


def beside(path: Path, account: str) -> Callable[[bytes, bool], _Json]:
    """Whose archive it is, and the notes or posts that belong to each slice; `missing` where nobody says whose."""
    from collector.formats._x_notes import Beside

    around = Beside(path, account.lstrip("@"))

    def of(body: bytes, first: bool) -> _Json:
        found = around.of(body, first)
        missing = {} if around.handle or _named(body) else {"missing": _WHOSE}
        return {"handle": around.handle, "name": around.name} | missing | found

    return of


def _named(body: bytes) -> bool:
    """The files of before 2018 name the author in every post."""
    return bool(re.search(rb'"user"\s*:\s*\{', body[:100_000]))


def read(record: Any, about: About) -> SeenPost:
    if not isinstance(record, dict):
        raise ValueError("is no object with tweet or noteTweet")
    if isinstance(record.get("noteTweet"), dict):
        return _note(record["noteTweet"], about)
    tweet = record["tweet"] if isinstance(record.get("tweet"), dict) else record
    number = str(tweet.get("id_str") or tweet.get("id"))
    return _tweet(tweet, _at(about, "notes", number), about)


def _at(about: About, name: str, number: str) -> _Json:
    found = about.beside.get(name)
    return found.get(number) or {} if isinstance(found, dict) else {}


def _owner(about: About) -> Account | None:
    handle = about.beside.get("handle") or about.handle
    return Account("x", f"@{handle}", about.beside.get("name") or None) if handle else None


def _tweet(tweet: _Json, note: _Json, about: About) -> SeenPost:
    """What stands in tweets.js alone may be cut off: then it is a lesser view."""
    from collector.platforms._x_api import read_v1

    post = read_v1({**tweet, **_words(note)}, _owner(about))
    return replace(post, view=View.ENTRY) if not note and _CUT.search(post.text) else post


def _words(note: _Json) -> _Json:
    """A note's text and links as the older API has them."""
    from collector.platforms import _answers as answers

    core = answers.table(note, "core")
    text = answers.text(core, "text")
    if not text:
        return {}
    urls = [
        {"url": answers.text(url, "shortUrl"), "expanded_url": answers.text(url, "expandedUrl")}
        for url in answers.tables(core, "urls")
    ]
    return {"full_text": text, "entities": {"urls": urls}, "truncated": False}


def _note(note: _Json, about: About) -> SeenPost:
    from collector.platforms import _answers as answers
    from collector.platforms import _x_post
    from core import ids

    number = _x_post.number_of(note, "noteTweetId")
    words = _words(note)
    if not words:
        raise ValueError("is a note without text")
    if tweet := _at(about, "tweets", number):
        return _tweet(tweet, note, about)
    written = answers.moment(note, "createdAt")
    post = _tweet({"id_str": number, **words}, note, about)
    handle = post.account.handle if post.account else ""
    recovered = ids.recovered_id(handle, written or post.created_at, post.text)
    return replace(post, platform_id=recovered, url=None, created_at=written or post.created_at, other_ids=())
