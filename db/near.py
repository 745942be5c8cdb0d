"""The vectors of an archive in the memory of a process, and which are near to one: exact, nothing approximate.

The first search reads them (400 MB a million posts), later ones what came since, by the growing ids of the rows.
Cosines are computed block by block: bytes become floats in the processor's cache, where multiplying matrices is
fastest; that takes a tenth of the time of sqlite-vec. What was taken away since is found when it is met: rows are
held against the archive before they are an answer.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, text
from sqlmodel import Session

from core.errors import Busy
from db.models import Embedding, Erasure
from db.slices import chunks
from db.upsert import table
from db.vectors import Floats

_SHELF = 1 << 14  # vectors in one piece of memory: nothing is moved when more come
_BLOCK = 1 << 10  # vectors that are floats at a time: 1.5 MB
_READ = 20_000  # rows that are read from the archive in one go, past the types of columns, which cost as much again
_NEWER = text("SELECT id, post_id, encoder_id, vector FROM embedding WHERE id > :last ORDER BY id LIMIT :read")
_TAIL = 4096  # of the newest rows the order is found anew with each look, of the others rarely
_PATIENCE = 5.0  # seconds
_LATE = 1000  # erasures with smaller ids that others may commit later (PostgreSQL)
_FIRST, _MORE = 256, 8  # places of a ranking that are looked at first, and so many times more each time
_NEVER = np.float32(-2)  # below every cosine
_embedding, _erasure = table(Embedding), table(Erasure)
Keys = NDArray[np.int64]
Rows = NDArray[np.intp]
Near = tuple[int, float]  # a post's key, the cosine


class Held:
    """The vectors of one encoder in the order in which they came; replaced ones stay behind, dead."""

    def __init__(self, encoder_id: int) -> None:
        self.encoder_id = encoder_id
        self.size = self.dead = self.last = self.last_erasure = 0
        self.shelves: list[NDArray[np.int8]] = []
        self.posts, self.ids = np.empty(0, np.int64), np.empty(0, np.int64)
        self.lengths = np.empty(0, np.float32)  # 0 for the dead, and for what says nothing
        self._sorted = self._tail = _Order.of(self.posts, 0)

    def follow(self, session: Session) -> None:
        self._follow_erasures(session)
        before = self.size
        while rows := session.execute(_NEWER, {"last": self.last, "read": _READ}).all():
            self._take(rows)
        if self.size > before:
            self._sort(_TAIL)

    def rows_of(self, posts: Keys) -> Rows:
        """Where the vectors of these posts stand; -1 of those that have none."""
        rows = self._tail.find(posts)
        older = np.flatnonzero(rows < 0)
        rows[older] = self._sorted.find(posts[older])
        return np.where(self.lengths[rows] > 0, rows, -1) if self.size else rows

    def forget(self, posts: Sequence[int]) -> None:
        """Nothing of them stays in memory."""
        rows = self.rows_of(np.array(posts, np.int64))
        for row in rows[rows >= 0].tolist():
            self.lengths[row] = 0
            self.shelves[row // _SHELF][row % _SHELF] = 0
            self.dead += 1

    def _follow_erasures(self, session: Session) -> None:
        newest = session.execute(select(func.max(_erasure.c.id))).scalar() or 0
        if newest > self.last_erasure:
            erased = select(_erasure.c.post_id).where(_erasure.c.id > self.last_erasure - _LATE)
            self.forget(list(session.execute(erased).scalars()))
            self.last_erasure = newest

    def _take(self, rows: Sequence[Any]) -> None:
        """Rows of (id, post, encoder, vector); no post has two."""
        self.last = rows[-1][0]
        self.forget([row[1] for row in rows])
        mine = [row for row in rows if row[2] == self.encoder_id]
        if not mine:
            return
        ids, posts, _, packed = zip(*mine, strict=True)
        vectors = np.frombuffer(b"".join(packed), np.int8).reshape(len(mine), -1)
        start, self.size = self.size, self.size + len(mine)
        self.posts = _put(self.posts, start, np.array(posts, np.int64))
        self.ids = _put(self.ids, start, np.array(ids, np.int64))
        self.lengths = _put(self.lengths, start, _lengths(vectors))
        self._shelve(start, vectors)
        self._sort(max(_TAIL, len(self._sorted.rows)))

    def _sort(self, most: int) -> None:
        """All anew where more than `most` came since the last time, else those alone."""
        if self.size - len(self._sorted.rows) > most:
            self._sorted = _Order.of(self.posts[: self.size], 0)
        self._tail = _Order.of(self.posts[: self.size], len(self._sorted.rows))

    def _shelve(self, start: int, vectors: NDArray[np.int8]) -> None:
        at = start % _SHELF
        while len(vectors):
            if at == 0:
                self.shelves.append(np.zeros((_SHELF, vectors.shape[1]), np.int8))
            some = vectors[: _SHELF - at]
            self.shelves[-1][at : at + len(some)] = some
            vectors, at = vectors[len(some) :], 0


@dataclass(frozen=True, slots=True)
class _Order:
    """Posts in the order of their keys, with the rows where they stand."""

    posts: Keys
    rows: Rows

    @classmethod
    def of(cls, posts: Keys, first: int) -> "_Order":
        order = np.argsort(posts[first:], kind="stable")
        return cls(posts[first:][order], order + first)

    def find(self, posts: Keys) -> Rows:
        """The last row of each, -1 for none."""
        if not len(self.posts):
            return np.full(len(posts), -1, np.intp)
        at = np.searchsorted(self.posts, posts, side="right") - 1
        return np.where((at >= 0) & (self.posts[at] == posts), self.rows[at], -1)


def _lengths(vectors: NDArray[np.int8]) -> Floats:
    found = np.empty(len(vectors), np.float32)
    for at in range(0, len(vectors), _BLOCK):
        found[at : at + _BLOCK] = np.linalg.norm(vectors[at : at + _BLOCK].astype(np.float32), axis=1)
    return found


def _put(column: Any, start: int, values: Any) -> Any:
    """`values` from `start` on; with room to spare where it must grow."""
    if start + len(values) > len(column):
        grown = np.zeros(max(2 * len(column), start + len(values), _SHELF), column.dtype)
        grown[:start] = column[:start]
        column = grown
    column[start : start + len(values)] = values
    return column


class Meaning:
    """What one process holds of the archive's vectors, by encoder. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[int, Held] = {}

    def view(self, session: Session, encoder_id: int) -> "View":
        """All vectors of this encoder, as the archive has them now. Raises Busy where another thread reads them in
        and takes long; a reading that ran out of time goes on with the next one."""
        if not self._lock.acquire(timeout=_PATIENCE):
            raise Busy("the vectors of the archive are being read in: try again in a minute", retry_after=60)
        try:
            held = self._held.get(encoder_id)
            if held is None or held.dead > max(_SHELF, held.size // 4):
                held = self._held[encoder_id] = Held(encoder_id)
            held.follow(session)
            return View(held, held.size, held.last)
        finally:
            self._lock.release()

    def read_ahead(self, session: Session) -> None:
        """So that the first who asks need not wait: the vectors of the encoder that read last."""
        newest = select(_embedding.c.encoder_id).order_by(_embedding.c.id.desc()).limit(1)
        encoder_id = session.execute(newest).scalar()
        if encoder_id is not None:
            self.view(session, encoder_id)


@dataclass(frozen=True, slots=True)
class View:
    """The vectors that stood there when it was made; `last` is the id of the last row that was read."""

    held: Held
    size: int
    last: int

    def rows_of(self, posts: Keys, stamp: int | None = None) -> Rows:
        """Where the vectors of these posts stand; -1 of those that have none, or one with an id behind `stamp`."""
        rows = self.held.rows_of(posts)
        late = rows >= self.size
        if stamp is not None and self.size:
            late |= self.held.ids[rows] > stamp
        return np.where(late, -1, rows)

    def cosines(self, vector: Floats) -> Floats:
        """Of every row with this vector."""
        found = np.full(self.size, _NEVER, np.float32)
        if self.size:
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
                shelves = range(-(-self.size // _SHELF))
                list(pool.map(lambda n: self._shelf(n, vector, found), shelves))
        return found

    def cosines_of(self, rows: Rows, vector: Floats) -> Floats:
        """Of these rows, which are there."""
        found = np.empty(len(rows), np.float32)
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], np.arange(0, self.size + _SHELF, _SHELF))
        for shelf, (first, last) in enumerate(pairwise(ends.tolist())):
            for some in (order[at : min(at + _BLOCK, last)] for at in range(first, last, _BLOCK)):
                picked = self.held.shelves[shelf][rows[some] - shelf * _SHELF].astype(np.float32)
                found[some] = picked @ vector
        found /= np.maximum(self.held.lengths[rows], 1) * np.linalg.norm(vector)
        return found

    def _shelf(self, number: int, vector: Floats, found: Floats) -> None:
        """In place, as blocks of floats that the cache holds."""
        shelf, start = self.held.shelves[number], number * _SHELF
        room = np.empty((_BLOCK, shelf.shape[1]), np.float32)
        there = min(_SHELF, self.size - start)
        for at in range(0, there, _BLOCK):
            end = min(at + _BLOCK, there)
            block = room[: end - at]
            np.copyto(block, shelf[at:end], casting="unsafe")
            lengths = self.held.lengths[start + at : start + end] * np.linalg.norm(vector)
            np.divide(block @ vector, lengths, out=found[start + at : start + end], where=lengths > 0)

    def ranked(self, session: Session, cosines: Floats, rows: Rows | None = None) -> Iterator[list[Near]]:
        """(post, cosine), the nearest first, of two alike the newer one; more each time. `cosines` are those of
        `rows`, or of all."""
        posts = self.held.posts[: self.size] if rows is None else self.held.posts[rows]
        ids = self.held.ids[: self.size] if rows is None else self.held.ids[rows]
        there = int(np.count_nonzero(cosines > _NEVER))
        done, wanted = 0, _FIRST
        while done < there:
            wanted = min(wanted, there)
            least = -np.partition(-cosines, wanted - 1)[wanted - 1]
            best = np.flatnonzero(cosines >= least)
            best = best[np.lexsort((-posts[best], -cosines[best]))][done:]
            yield self._standing(session, posts[best], ids[best], cosines[best])
            done, wanted = done + len(best), wanted * _MORE

    def _standing(self, session: Session, posts: Keys, ids: Keys, cosines: Floats) -> list[Near]:
        """Those whose row is still there."""
        stand: set[int] = set()
        for some in chunks(posts.tolist()):
            stand.update(session.execute(select(_embedding.c.id).where(_embedding.c.post_id.in_(some))).scalars())
        pairs = zip(posts.tolist(), ids.tolist(), cosines.tolist(), strict=True)
        return [(post, min(1.0, cosine)) for post, number, cosine in pairs if number in stand]
