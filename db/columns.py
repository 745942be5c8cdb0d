"""Narrow columns of posts in memory, some 30 bytes a post: what counts are made of (DESIGN, section 9).

Arrays are never written to once they are made, so any number of threads may read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from db.entries import MARK, plain
from db.models import IndexEntry, Post
from db.slices import chunks
from db.types import micros, numbered
from db.upsert import is_sqlite, table

HOUR = 3_600_000_000  # microseconds
LABELS = {"platform": 0, "kind": 1, "lang": 2}  # their places in a label, and
ERASED = 3  # that of the mark
_SLICE = 20_000
_STEPS = 8  # from the beginning of a stretch; what lies further on is found by bisection
_NONE = 0  # no account has this id
_post, _entry = table(Post), table(IndexEntry)
_TOPIC = f"{MARK}topic:"


class Codes:
    """Values as small numbers, in the order in which they came; they only ever grow."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._known: dict[Any, int] = {}

    def of(self, value: Any) -> int:
        if value not in self._known:
            self._known[value] = len(self.values)
            self.values.append(value)
        return self._known[value]

    def all_of(self, values: Sequence[Any]) -> Any:
        for value in set(values) - self._known.keys():
            self.of(value)
        return np.fromiter(map(self._known.__getitem__, values), np.int32, len(values))

    def __len__(self) -> int:
        return len(self.values)


class Kinds:
    """What the codes of `Block.label` and `Block.topics` stand for: (platform, kind, lang, erased), and the slugs
    of the topics that a post is tagged with, as the index has them."""

    def __init__(self) -> None:
        self.labels, self.topics = Codes(), Codes()
        self._tails: dict[str | None, int] = {}  # of entries of the index -> code of their topics
        self._members: tuple[Any, Any] = (None, None)

    def topics_of(self, tails: Sequence[str | None]) -> Any:
        for tail in set(tails) - self._tails.keys():
            slugs = (t.removeprefix(_TOPIC) for t in (tail or "").split() if t.startswith(_TOPIC))
            self._tails[tail] = self.topics.of(tuple(sorted(slugs)))
        return np.fromiter(map(self._tails.__getitem__, tails), np.int32, len(tails))

    def any_erased(self) -> bool:
        return any(label[ERASED] for label in self.labels.values)

    def members(self, slugs: Sequence[str]) -> Any:
        """Which codes stand for a set with this topic: a row of truths for each."""
        sets = self.topics.values[:]  # as many as there are now
        asked, found = self._members
        if asked != (len(sets), tuple(slugs)):
            known = {plain(slug): n for n, slug in enumerate(slugs)}
            found = np.zeros((len(slugs), len(sets)), bool)
            pairs = [(known[s], code) for code, held in enumerate(sets) for s in held if s in known]
            found[tuple(np.array(pairs, np.intp).reshape(-1, 2).T)] = True
            self._members = (len(sets), tuple(slugs)), found
        return found


@dataclass(frozen=True, slots=True)
class Block:
    """Posts in the order of their row keys. `hour` is that of publication, since 1970; `rest` are the microseconds
    after it began."""

    key: Any
    hour: Any
    rest: Any
    account: Any
    label: Any
    topics: Any

    def __len__(self) -> int:
        return len(self.key)

    def only(self, chosen: Any) -> "Block":
        return Block(*(getattr(self, f.name)[chosen] for f in fields(self)))


class Index:
    """Where row keys stand in a block: by where each stretch of keys begins. As long as times are spread evenly, a
    stretch has a few posts; that is four times quicker than bisection."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self._first = int(key[0]) if len(key) else 0
        span = int(key[-1]) - self._first if len(key) else 0
        self._shift = max(span // max(len(key), 1), 1).bit_length()
        stretches = np.arange((span >> self._shift) + 1)
        self._begins = np.searchsorted(key, (stretches << self._shift) + self._first)

    def places(self, keys: Any) -> tuple[Any, Any]:
        """The place of each key, and whether it stands there."""
        if not len(self._key):
            return np.zeros(len(keys), np.intp), np.zeros(len(keys), bool)
        last = len(self._key) - 1
        at = self._begins[np.clip((keys - self._first) >> self._shift, 0, len(self._begins) - 1)]
        before = np.flatnonzero(self._key[at] < keys)
        for _ in range(_STEPS):
            at[before] = np.minimum(at[before] + 1, last)
            before = before[self._key[at[before]] < keys[before]]
        at[before] = np.minimum(np.searchsorted(self._key, keys[before]), last)
        return at, self._key[at] == keys


_TYPES = {"key": np.int64, "hour": np.int32, "rest": np.uint32}
EMPTY = Block(*(np.empty(0, _TYPES.get(f.name, np.int32)) for f in fields(Block)))


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks that have no post in common."""
    if len(blocks) == 1:
        return blocks[0]
    whole = Block(*(np.concatenate([getattr(b, f.name) for b in blocks]) for f in fields(Block)))
    in_order = np.all(whole.key[1:] > whole.key[:-1])
    return whole if in_order else whole.only(np.argsort(whole.key))


def load(session: Session, kinds: Kinds) -> Block:
    """All posts."""
    blocks, last = [EMPTY], None
    statement = _statement(session).order_by(_post.c.id).limit(_SLICE)
    while True:
        rows = session.execute(statement if last is None else statement.where(_post.c.id > last)).all()
        blocks += [_block(rows, kinds)] if rows else []
        if len(rows) < _SLICE:
            return joined(blocks)
        last = rows[-1].id


def read(session: Session, keys: Sequence[int], kinds: Kinds) -> Block:
    """Those of these posts that are there."""
    statement = _statement(session)
    found = [session.execute(statement.where(_post.c.id.in_(some))).all() for some in chunks(sorted(keys))]
    rows = [row for some in found for row in some]
    return joined([EMPTY, _block(rows, kinds)]) if rows else EMPTY


def _statement(session: Session) -> Any:
    """Topics stand in the entry one after the other, behind what does not change with them."""
    sqlite = is_sqlite(session)
    at = numbered(_post.c.created_at, sqlite)
    place = (func.instr if sqlite else func.strpos)(_entry.c.tokens, _TOPIC)
    tail = func.substr(_entry.c.tokens, func.nullif(place, 0))
    named = _post.c.platform, _post.c.kind, _post.c.lang, _post.c.erasure_id.is_not(None)
    columns = _post.c.id, at, func.coalesce(_post.c.account_id, _NONE), tail, *named
    return select(*columns).join_from(_post, _entry, _entry.c.post_id == _post.c.id, isouter=True)


def _block(rows: Sequence[Any], kinds: Kinds) -> Block:
    key, at, account, tail, *named = zip(*rows, strict=True)
    moment = micros(at)
    hour = moment // HOUR
    return Block(
        key=np.array(key, np.int64),
        hour=hour.astype(np.int32),
        rest=(moment - hour * HOUR).astype(np.uint32),
        account=np.array(account, np.int32),
        label=kinds.labels.all_of(list(zip(*named, strict=True))),
        topics=kinds.topics_of(tail),
    )
