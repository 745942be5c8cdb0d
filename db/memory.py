"""The columns of all posts, kept in memory, each reader's exactly as its own view of the archive has them.

They are read once a process, and then follow `db.moved`: the posts that moved in one view and not in the other are
read again, in the reader's own view, whichever of the two is the older. What changed lately stands in a small
block beside the large one, so that a change copies little; when the small one grows, the two are made one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
from sqlmodel import Session

from db import columns, deadline, moved
from db.columns import Block, Index, Kinds
from db.moved import Move

MEMORY = "memory"  # under which a session has the one of its database
_SMALL = 20_000  # posts that the block of changes may hold, or
_SHARE = 16  # so many times less than the large one
_REMEMBERED = 512  # rows of `moved` by which older views are told apart
_HALF = 2  # where more posts than one in two moved, all are read anew


@dataclass(frozen=True, slots=True)
class State:
    """What one view sees. Of `base`, posts that are not `alive` stand in `recent`, or nowhere any more.

    `seen` are the rows of `moved` that went in, all of those from `floor` on; the view had seen every row below
    `low`. `answers` keeps what was counted of it (`db.matches`).
    """

    kinds: Kinds
    base: Block
    alive: Any  # None where all are
    recent: Block
    index: Index  # of `base`
    low: int
    floor: int
    seen: Mapping[int, Move]
    answers: dict[Any, Any] = field(default_factory=dict, compare=False)

    @property
    def blocks(self) -> tuple[tuple[Block, Any], ...]:
        """Those that hold posts, if any, with which of these are alive."""
        both = (self.base, self.alive), (self.recent, None)
        return tuple(pair for pair in both if len(pair[0])) or both[1:]

    def find(self, keys: Any) -> list[tuple[Block, Any]]:
        """Blocks with the places where these posts stand in them."""
        parts = []
        for block, alive in self.blocks:
            at, there = (self.index if block is self.base else Index(block.key)).places(keys)
            there = there if alive is None else there & alive[at]
            parts.append((block, at if there.all() else at[there]))
        return parts

    def __len__(self) -> int:
        return sum(len(block) if alive is None else int(np.count_nonzero(alive)) for block, alive in self.blocks)


class Memory:
    """Of one database, for all of a process's threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kinds = Kinds()
        self._newest: State | None = None

    def at(self, session: Session) -> State:
        """What this session sees. The first call reads every post."""
        low = moved.low(session)
        with deadline.holding(self._lock):
            known = self._newest
            if known is None:
                self._newest = _loaded(session, self._kinds, low)
                return self._newest
            if low == known.low and moved.tells_all(session):
                return known
            found, newer = _moved_to(session, known, low)
            self._newest = found if newer else known
            return found


def of(session: Session) -> State:
    """What this session sees; of a unit of work that writes, by columns of its own, as it may be undone."""
    memory = session.info.get(MEMORY) or Memory()
    found: State = memory.at(session)
    return found


def _loaded(session: Session, kinds: Kinds, low: int) -> State:
    seen = {move.id: move for move in moved.since(session, low)}
    base = columns.load(session, kinds)
    return State(kinds, base, None, columns.EMPTY, Index(base.key), low, low, seen)


def _moved_to(session: Session, known: State, low: int) -> tuple[State, bool]:
    """What a view sees that has seen every row below `low`, and whether it sees all that `known` does."""
    start = min(low, known.low)
    if start < known.floor:
        return _loaded(session, known.kinds, low), False
    visible = {move.id: move for move in moved.since(session, start)}
    counted = {number: move for number, move in known.seen.items() if move.number >= start}
    differ = [visible[n] for n in visible.keys() - counted.keys()]
    hidden = [counted[n] for n in counted.keys() - visible.keys()]
    newer = not hidden and low >= known.low
    if not differ and not hidden:
        return (replace(known, low=low) if newer and low > known.low else known), newer
    posts = [move.posts for move in (*differ, *hidden)]
    if any(keys is None for keys in posts) or sum(map(len, posts)) * _HALF > len(known.base) + _SMALL:
        return _loaded(session, known.kinds, low), newer
    earlier = {n: move for n, move in known.seen.items() if move.number < start}
    seen, floor = _remembered({**earlier, **visible}, low, known.floor)
    patched = _patched(session, known, np.unique(np.concatenate(posts)))
    return replace(patched, low=low, seen=seen, floor=floor), newer


def _remembered(seen: dict[int, Move], low: int, floor: int) -> tuple[dict[int, Move], int]:
    """The newest rows, and those that the next view may see once more."""
    if len(seen) <= _REMEMBERED:
        return seen, floor
    numbers = sorted(move.number for move in seen.values())
    floor = min(low, numbers[-_REMEMBERED])
    return {n: move for n, move in seen.items() if move.number >= floor}, floor


def _patched(session: Session, known: State, keys: Any) -> State:
    """With these posts as the session sees them."""
    now = columns.read(session, keys.tolist(), known.kinds)
    at, there = known.index.places(keys)
    alive = np.ones(len(known.base), bool) if known.alive is None else known.alive.copy()
    alive[at[there]] = False
    recent = columns.joined([known.recent.only(~np.isin(known.recent.key, keys)), now])
    if len(recent) > max(_SMALL, len(known.base) // _SHARE):
        whole = columns.joined([known.base.only(alive), recent])
        return replace(known, base=whole, alive=None, recent=columns.EMPTY, index=Index(whole.key), answers={})
    return replace(known, alive=alive, recent=recent, answers={})
