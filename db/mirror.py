"""The change feed of a query: a page of what happened after a place in the ledger, for programs that mirror posts.

Each item has the post as it is now where it matches now, else null: who puts and takes away what the items say, in
their order, ends with what a search finds. A post that stopped matching is told to whoever asks for what it left;
an erasure to everybody, as of an erased text nobody can tell any more what it matched.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from core import cursor, times
from core.errors import BadRequest, CursorError
from db import forms, happened, ledger
from db.happened import ERASED, Change, Told
from db.language import Tree, fields
from db.query import PostQuery, selection

KIND = "changes"  # of cursors
START, NOW = "start", "now"  # in place of a cursor
KINDS = happened.KINDS
MOST_LINES = 5_000  # of the ledger that one page reads: it ends earlier with fewer items, and its cursor goes on
_SLICE = 500
_MOST_BACK = 20  # moments of before at which one page asks whether a post matched
_INSTANT = timedelta(microseconds=1)
_CHECK = 12  # hex digits of a line's digest in a cursor
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a line of the ledger: its number, and a part of its digest, by which an archive knows its own."""

    seq: int = 0
    check: int = 0

    @classmethod
    def behind(cls, line: Any) -> "Place":
        return cls(line.seq, int(line.digest[:_CHECK], 16)) if line else cls()

    @property
    def cursor(self) -> str:
        return cursor.encode(KIND, self.seq, self.check)


@dataclass(frozen=True, slots=True)
class Page:
    """`posts` has the post of each item (or None), in their order. `place` is behind the last line that was read;
    `end`: it was the last there is. `places` are behind the line of each item."""

    items: list[Item]
    posts: list[Item | None]
    places: list[Place]
    place: Place
    end: bool


def place(session: Session, value: str | None, since: datetime | None = None) -> Place:
    """The place of a cursor, of START (where it is None) or NOW; or the first of a moment.

    Raises CursorError for a line that is not in this archive: one restored from before it, or another one.
    """
    if value in (None, START):
        return Place.behind(ledger.last_before(session, since)) if since else Place()
    if since:
        raise BadRequest("changed_since is where to begin, and so is cursor: give one of them", parameter="cursor")
    if value == NOW:
        return end(session)
    found = Place(*cursor.decode(str(value), KIND, parts=2))
    if found != Place() and found != Place.behind(ledger.line(session, found.seq)):
        raise CursorError(
            "this cursor is of a state that this archive never had, or lost when a backup was restored: begin again"
            " without it",
            parameter="cursor",
        )
    return found


def check(session: Session, query: PostQuery) -> None:
    """Raises QueryError where a page would."""
    selection(session, query)


def end(session: Session) -> Place:
    return Place.behind(ledger.line(session, ledger.head(session)[0]))


def page(session: Session, query: PostQuery, after: Place, limit: int, kinds: Collection[str] = KINDS) -> Page:
    """At most `limit` changes after this place, of posts that match or have stopped to."""
    reader = _Reader(session, query, frozenset(kinds), limit)
    reader.read(after)
    posts = dict(zip(reader.keys, forms.posts(session, reader.keys), strict=True))
    shown = [posts.get(change.key) if matches else None for change, _, matches in reader.found]
    items = [_item(change, told) for change, told, _ in reader.found]
    places = [reader.places[change.seq] for change, _, _ in reader.found]
    return Page(items, shown, places, reader.place, reader.end)


def _item(change: Change, told: Told) -> Item:
    return {
        "seq": change.seq,
        "change": change.kind,
        "at": times.text(change.at),
        "id": told.id,
        "other_ids": told.others,
        "version": change.version,
        "topics": change.topics,
    }


class _Reader:
    """Reads slices of lines until there are enough changes, or until it has read as much as one request may."""

    def __init__(self, session: Session, query: PostQuery, kinds: frozenset[str], limit: int) -> None:
        self.session, self.query, self.kinds, self.limit = session, query, kinds, limit
        self.found: list[tuple[Change, Told, bool]] = []
        self.places: dict[int, Place] = {}
        self.place, self.end = Place(), False
        self.back = _MOST_BACK
        self.topics = _topics(query.tree)
        self.selected = selection(session, query)

    @property
    def keys(self) -> list[int]:
        """Of the posts to show, each once."""
        return list(dict.fromkeys(change.key for change, _, matches in self.found if matches))

    def read(self, after: Place) -> None:
        self.place = after
        for _ in range(MOST_LINES // _SLICE):
            lines = ledger.lines_after(self.session, self.place.seq, _SLICE)
            if not self._take(lines):
                return
            if len(lines) < _SLICE:
                self.end = True
                return

    def _take(self, lines: Sequence[Any]) -> bool:
        """Whether all of these lines were read; else the next page begins where this one broke off."""
        changes, posts = happened.changes(self.session, lines)
        changes = [change for change in changes if change.kind in self.kinds]
        matching = self.selected.among(self.session, {change.key for change in changes})
        away = [c for c in changes if c.key not in matching and self._may_have_left(c, posts[c.key])]
        left, unasked = self._left(away)
        by_line = {line.seq: line for line in lines}
        for change in changes:
            if len(self.found) >= self.limit or change.seq == unasked:
                return False
            matches = change.key in matching
            if matches or change.seq in left or change.kind == ERASED:
                self.found.append((change, posts[change.key], matches))
            self.place = self.places[change.seq] = Place.behind(by_line[change.seq])
        if lines:
            self.place = Place.behind(lines[-1])
        return True

    def _left(self, away: Sequence[Change]) -> tuple[set[int], int | None]:
        """The numbers of those changes before which their posts, which do not match now, did; and the first for
        which this page may not ask any more. What happened at one moment is asked in one."""
        moments: dict[datetime, list[Change]] = {}
        for change in away:
            moments.setdefault(change.moment, []).append(change)
        asked = list(moments)[: self.back]
        self.back -= len(asked)
        left = happened.without_moment_before(self.session, away)
        for moment in asked:
            then = selection(self.session, replace(self.query, as_of=moment - _INSTANT))
            keys = then.among(self.session, {change.key for change in moments[moment]})
            left |= {change.seq for change in moments[moment] if change.key in keys}
        return left, min((c.seq for m in list(moments)[len(asked) :] for c in moments[m]), default=None)

    def _may_have_left(self, change: Change, told: Told) -> bool:
        """Of what is erased the erasure tells; tags change nothing for who does not ask for these topics."""
        if told.erased or change.kind in ("new", "late", ERASED):
            return False
        if change.topics is None:
            return True
        changed = {slug for slugs in change.topics.values() for slug in slugs}
        return bool(changed) and (self.topics is None or bool(changed & self.topics))


def _topics(tree: Tree | None) -> set[str] | None:
    """The topics that a query asks about; None: about any, as is:unsure does."""
    found: set[str] = set()
    for field in fields(tree):
        if field.name == "is" and field.value.lower() == "unsure":
            return None
        if field.name == "is" and field.value.lower() == "kle":
            found.add(forms.KLE)
        if field.name == "topic":
            found.add(field.value.partition("<")[0].partition(">")[0])
    return found
