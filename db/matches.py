"""The posts that a query matches now, as places in the columns in memory.

Filters that are columns need no database. What else there is, such as words, is one statement that yields row keys
alone, all in one text, which takes a fifth of the time of as many rows; exact times are looked up in the columns,
beside the range of keys in the index. Answers are kept for as long as the archive stays as it is.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sqlmodel import Session

from db import masks, memory
from db.columns import Block, Kinds
from db.language import Condition, Tree, join
from db.masks import Before, Masked, Since
from db.memory import State
from db.query import PostQuery, key_range, resolved, selection, shows_erased
from db.selection import keys_of

_MOST, _ROOM = 64, 2_000_000  # answers of one state, and places in them (8 bytes each)


@dataclass(frozen=True, slots=True)
class Matches:
    """Blocks with the places in them; of all their posts where that is None. What was counted is kept."""

    kinds: Kinds
    parts: tuple[tuple[Block, Any], ...]
    _counts: dict[Any, Any] = field(default_factory=dict)

    def column(self, name: str) -> Any:
        """The values of one column, in no order that matters."""
        found = [getattr(block, name) if at is None else getattr(block, name)[at] for block, at in self.parts]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def counted(self, name: str) -> Any:
        """How many have each of a column's codes."""
        return self.once(name, lambda: np.bincount(self.column(name)))

    def once(self, name: Hashable, count: Callable[[], Any]) -> Any:
        if name not in self._counts:
            self._counts[name] = count()
        return self._counts[name]

    @property
    def places(self) -> int:
        return sum(len(at) for _, at in self.parts if at is not None)

    def __len__(self) -> int:
        return sum(len(block) if at is None else len(at) for block, at in self.parts)


def matches(session: Session, query: PostQuery, *, kept: bool = True) -> Matches:
    """Of the archive as it is now, whatever `query.as_of` says; `kept` for who asks the same again. Raises
    QueryError for unknown names."""
    state = memory.of(session)
    tree = join([resolved(session, query, Masked(session)), *_bounds(query)])
    told = tree is None or masks.told(tree) is not None
    key = (masks.told(tree), shows_erased(query)) if told and kept else None
    found: Matches | None = state.answers.get(key) if key else None
    if found is None:
        found = _found(session, state, query, tree)
        if key:
            _keep(state, key, found)
    return found


def _keep(state: State, key: Any, found: Matches) -> None:
    """The latest ones, as many as there is room for."""
    state.answers[key] = found
    kept = list(state.answers.items())
    while len(kept) > _MOST or (len(kept) > 1 and sum(m.places for _, m in kept) > _ROOM):
        state.answers.pop(kept.pop(0)[0], None)


def _bounds(query: PostQuery) -> list[Tree]:
    since = [Condition(Since(query.since))] if query.since else []
    return [*since, *([Condition(Before(query.until))] if query.until else [])]


def _found(session: Session, state: State, query: PostQuery, tree: Tree | None) -> Matches:
    masked = masks.answers(tree)
    if masked:
        parts = [(block, _places(block, alive, tree, state.kinds)) for block, alive in state.blocks]
    else:
        parts = state.find(_keys(session, query))
    left = [] if masked else _bounds(query)
    left += [] if shows_erased(query) or not state.kinds.any_erased() else [masks.NOT_ERASED]
    narrow = join(left)
    if narrow is not None:
        parts = [(block, _narrowed(block, at, narrow, state.kinds)) for block, at in parts]
    return Matches(state.kinds, tuple(parts))


def _places(block: Block, alive: Any, tree: Tree | None, kinds: Kinds) -> Any:
    """None for all of them."""
    conditions = [] if alive is None else [alive]
    conditions += [] if tree is None else [masks.mask(tree, block, kinds)]
    return np.flatnonzero(np.logical_and.reduce(conditions)) if conditions else None


def _narrowed(block: Block, at: Any, tree: Tree, kinds: Kinds) -> Any:
    if at is None:
        return np.flatnonzero(masks.mask(tree, block, kinds))
    return at[masks.mask(tree, block.only(at), kinds)]


def _keys(session: Session, query: PostQuery) -> Any:
    """Row keys, of erased posts too, and of its range of time only as near as they tell themselves."""
    timeless = replace(query, tree=query.timeless, since=None, until=None, as_of=None, tombstones=True)
    (arm,) = selection(session, timeless).arms
    return keys_of(session, arm.keys(*key_range(arm.key, query, arm.view)))
