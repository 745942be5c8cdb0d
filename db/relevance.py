"""The order by relevance: what matches a query, by its words and by their meaning together.

Scored are, of the newest 20,000 matches, those 150 whose vectors are nearest to that of the query's words, and the
50 newest; all other matches follow behind them, the newest first. So the order takes the same time in an archive
of any size, and what matches is what matches in every order.

A score is of the post alone (how well it says the words, half; how near it means them, half), not of its rank among
others, so that its place holds while posts arrive. What the first page measured, the cursor carries on: the bounds
of what is scored, how cosines lie, what each word weighs, and the last vector that was there.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Protocol

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from core import cursor
from core.errors import BadRequest, CursorError
from core.readings import readings
from db import language, search, vectors
from db.current import CURRENT
from db.language import Phrase, Prefix
from db.models import Post, Version
from db.near import Keys, Meaning, View
from db.query import PostQuery
from db.selection import Selection, keys_of
from db.upsert import table
from db.vectors import Floats

SORT = "relevance"
WINDOW, NEAREST, NEWEST = 20_000, 150, 50
_TERMS = 20  # of a query's words are weighed
_COMMON = 10_000  # posts with a word are counted up to here: it weighs least
_K1, _B, _USUAL = 1.2, 0.5, 40  # BM25; words of a usual post
_LOWEST = -(1 << 62)  # below every key
_FINE = 1_000_000  # scores, cosines and weights are whole numbers in a cursor
_post, _version = table(Post), table(Version)
Term = Phrase | Prefix


class Reads(Protocol):
    """Makes vectors of words, as the encoder with this digest makes them of posts."""

    @property
    def digest(self) -> str: ...
    def __call__(self, said: str) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """What the first page found, and later ones hold on to.

    Scored are matches from the key `recent` on, and those from `floor` on with a cosine of `least` or more.
    Cosines count from `middle` (0) to `best` (1); vectors behind the id `stamp` came later and do not.
    """

    floor: int = _LOWEST
    recent: int = _LOWEST
    least: int = _FINE * 2
    middle: int = 0
    best: int = 0
    stamp: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Behind the post `key`: of the scored ones with `score`, or among the others (score -1)."""

    score: int
    key: int


def keys(
    session: Session,
    query: PostQuery,
    found: Selection,
    limit: int,
    after: str | None = None,
    meaning: Meaning | None = None,
    reads: Reads | None = None,
) -> tuple[list[int], str | None]:
    """The row keys of one page of what `query` has `found`, and the cursor of the next. Where nobody `reads`, words
    alone order."""
    terms = language.wanted(query.tree)[:_TERMS]
    if query.as_of:
        raise BadRequest("sort=relevance goes by what posts say now: leave as_of out, or take another sort",
                         parameter="sort")  # fmt: skip
    if not terms:
        raise BadRequest("sort=relevance needs words to be relevant to: put some into q, or take another sort",
                         parameter="sort")  # fmt: skip
    order = _Order(session, found, terms, _Vectors.of(session, query, meaning, reads))
    window: _Window | None
    if after is None:
        window = order.window(None)
        frame, weights, place = window.frame(), order.weights(), None
    else:
        frame, weights, place = _carried(after, len(terms))
        window = order.window(frame) if place.score >= 0 else None
    places = order.after(frame, weights, place, window, limit + 1)
    if len(places) <= limit:
        return [place.key for place in places], None
    last = places[limit - 1]
    return [place.key for place in places[:limit]], cursor.encode(
        SORT, last.score, last.key, *astuple(frame), *weights
    )


def _carried(after: str, terms: int) -> tuple[Frame, list[int], Place]:
    """Raises CursorError."""
    score, key, *rest = cursor.decode(after, SORT, parts=8 + terms)
    frame, weights = Frame(*rest[:6]), rest[6:]
    if min(weights) < 1:
        raise CursorError(cursor.NOT_OURS, parameter="cursor")
    return frame, weights, Place(score, key)


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The archive's vectors and that of the query's words; none of either where nobody reads."""

    view: View | None = None
    said: Floats | None = None

    @classmethod
    def of(cls, session: Session, query: PostQuery, meaning: Meaning | None, reads: Reads | None) -> "_Vectors":
        said = reads(language.spoken(query.q)) if meaning and reads else None
        encoder = vectors.number(session, reads.digest) if reads else None
        if meaning is None or said is None or encoder is None or not said.any():
            return cls()
        return cls(meaning.view(session, encoder), said)

    @property
    def stamp(self) -> int:
        return self.view.last if self.view else 0

    def cosines(self, keys: Keys, stamp: int) -> Floats:
        """Millionths; NaN for those without a vector of then."""
        found = np.full(len(keys), np.nan)
        if self.view and self.said is not None:
            rows = self.view.rows_of(keys, stamp)
            found[rows >= 0] = np.rint(self.view.cosines_of(rows[rows >= 0], self.said) * _FINE)
        return found


@dataclass(frozen=True, slots=True)
class _Window:
    """The newest matches, with their cosines in millionths (NaN: no vector) at the time of the first page."""

    keys: Keys
    cosines: Floats
    stamp: int

    def frame(self) -> Frame:
        frame = Frame(stamp=self.stamp)
        if len(self.keys) > NEWEST:
            frame = replace(frame, recent=int(self.keys[NEWEST - 1]))
        if len(self.keys) == WINDOW:
            frame = replace(frame, floor=int(self.keys[-1]))
        known = self.cosines[~np.isnan(self.cosines)]
        if not len(known):
            return frame
        nearest = min(NEAREST, len(known))
        least = -np.partition(-known, nearest - 1)[nearest - 1]
        return replace(frame, least=int(least), middle=int(known.mean()), best=int(known.max()))


@dataclass(frozen=True, slots=True)
class _Order:
    session: Session
    found: Selection
    terms: Sequence[Term]
    vectors: _Vectors

    def window(self, frame: Frame | None) -> _Window:
        """What the first page looks at, or the same again with what came since."""
        stamp, limit = (frame.stamp, 2 * WINDOW) if frame else (self.vectors.stamp, WINDOW)
        keys = self._below(None, limit, frame.floor if frame else None)
        return _Window(keys, self.vectors.cosines(keys, stamp), stamp)

    def weights(self) -> list[int]:
        """What each term counts: more where fewer posts have it."""
        if len(self.terms) == 1:
            return [_FINE]
        return [round(math.log(1 + _COMMON / max(1, self._posts_with(term))) * _FINE) for term in self.terms]

    def after(
        self, frame: Frame, weights: Sequence[int], place: Place | None, window: _Window | None, limit: int
    ) -> list[Place]:
        """So many behind `place`; without a `window` it is among those that are not scored."""
        scored = self._scored(frame, weights, window) if window else []
        if place:
            scored = [p for p in scored if (-p.score, -p.key) > (-place.score, -place.key)]
        start = frame.recent if window else place.key if place else _LOWEST
        rest = self._rest(frame, start, limit - len(scored)) if len(scored) < limit else []
        return [*scored, *rest][:limit]

    def _scored(self, frame: Frame, weights: Sequence[int], window: _Window) -> list[Place]:
        chosen = (window.keys >= frame.recent) | (window.cosines >= frame.least)
        means = dict(zip(window.keys[chosen].tolist(), window.cosines[chosen].tolist(), strict=True))
        says = _says(self.session, self.terms, weights, list(means))
        places = [Place(_fused(says[key], means[key], frame), key) for key in means if key in says]
        return sorted(places, key=lambda place: (-place.score, -place.key))

    def _rest(self, frame: Frame, below: int, limit: int) -> list[Place]:
        """The matches that are not scored, newest first."""
        places: list[Place] = []
        while len(places) < limit and below > _LOWEST:
            some = self._below(below, limit + NEAREST)
            scored = (some >= frame.floor) & (self.vectors.cosines(some, frame.stamp) >= frame.least)
            places += [Place(-1, key) for key in some[~scored].tolist()]
            below = int(some[-1]) if len(some) == limit + NEAREST else _LOWEST
        return places[:limit]

    def _below(self, place: int | None, limit: int, floor: int | None = None) -> Keys:
        found = self.found.by_key(newest=True, place=place, limit=limit, floor=floor)
        return np.sort(keys_of(self.session, found))[::-1]

    def _posts_with(self, term: Term) -> int:
        index, key, matches = search.matching(self.session, term)
        bounded = select(key).select_from(index).where(matches).limit(_COMMON).subquery()
        return int(self.session.execute(select(func.count()).select_from(bounded)).scalar_one())


def _fused(says: float, cosine: float, frame: Frame) -> int:
    near = 0.0 if math.isnan(cosine) else (cosine - frame.middle) / max(1, frame.best - frame.middle)
    return round((says + max(0.0, near)) / 2 * _FINE)


def _says(session: Session, terms: Sequence[Term], weights: Sequence[int], keys: Sequence[int]) -> dict[int, float]:
    """How well each of these posts says the terms, from 0 to 1: more often, in a shorter text."""
    statement = select(_post.c.id, _version.c.text).join_from(_post, _version, CURRENT)
    rows = session.execute(statement.where(_post.c.id.in_(keys)))
    return {row.id: _score(readings(row.text), terms, weights) for row in rows}


def _score(read: list[list[str]], terms: Sequence[Term], weights: Sequence[int]) -> float:
    slow = _K1 * (1 - _B + _B * len(read[0]) / _USUAL)
    counts = [max(_count(words, term) for words in read) for term in terms]
    return sum(w * n / (n + slow) for w, n in zip(weights, counts, strict=True)) / sum(weights)


def _count(words: list[str], term: Term) -> int:
    """How often the term stands there."""
    *before, last = term.words
    if isinstance(term, Phrase) and not before:
        return words.count(last)
    fits = last.__eq__ if isinstance(term, Phrase) else lambda word: word.startswith(last)
    size = len(before)
    ends = (at for at, word in enumerate(words[size:]) if fits(word))
    return sum(words[at : at + size] == before for at in ends)
