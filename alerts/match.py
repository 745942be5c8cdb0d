"""Which standing queries a post matches: an inverted index on each query's rarest required word, then a look.

Words and filter tokens are looked for in the post's own entry of the full-text index, which holds what a search
would find, word for word; probabilities, counts and times in what its rows say. Nothing is asked of the database,
however many queries stand.
"""

import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from core.readings import BORDER
from db.awaited import Counted, Published, Scored
from db.entries import EVERY, token
from db.language import And, Condition, Not, Or, Phrase, Prefix, Token, Tree

_BEGUN = "*"  # behind a key that is only the beginning of a word; no word and no token ends so
_OF_TAGS = (token("topic", ""), token("unsure", ""), token("is", "unsure"))
_STEPS = 10  # into which probabilities are cut
Keys = frozenset[str]


@dataclass(frozen=True)
class Said:
    """A post's entry in the index: its words in order, BORDERs included, and its filter tokens; the probabilities
    of its tags by topic, its counts, and when it was published. `pending`: no model has read it yet, so what it is
    about is not known."""

    words: Sequence[str]
    tokens: frozenset[str]
    pending: bool = False
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    created_at: datetime | None = None

    @cached_property
    def places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(self.words):
            found[word].append(place)
        found.pop(BORDER, None)
        return dict(found)

    @cached_property
    def keys(self) -> Set[str]:
        """By what queries that may match it are found."""
        found = {*self.places, *self.tokens, EVERY}
        for topic, scores in self.scores.items():
            found.update(_step(topic, n) for n in range(int(max(scores) * _STEPS) + 1))
        for name, number in self.counts.items():
            found.update(_step(name, n) for n in range(len(str(number)) + 1))
        return found


def _step(name: str, number: int) -> str:
    """Of a probability its tenths, of a count its digits: who asks for more than so much asks for the step too."""
    return f"{BORDER}{name}≥{number}"


class Standing:
    """Queries by a number of their own, their names resolved. `usual` counts in how many posts of a sample words
    and tokens stand: it decides what is rare, never what matches."""

    def __init__(self, queries: Mapping[int, Tree | None], usual: Mapping[str, int] | None = None) -> None:
        self._queries = dict(queries)
        self._usual = Counter(usual or {})
        self._sorted = sorted(self._usual)
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_beginning: dict[str, list[int]] = defaultdict(list)
        for number, tree in self._queries.items():
            for key in self._required(tree)[1]:
                (self._by_beginning if key.endswith(_BEGUN) else self._by_key)[key.removesuffix(_BEGUN)].append(
                    number
                )
        self._lengths = sorted({len(key) for key in self._by_beginning})

    def __len__(self) -> int:
        return len(self._queries)

    def matches(self, said: Said) -> list[int]:
        """The numbers of the queries that hold for this post, as far as it is known."""
        return [number for number in sorted(self._candidates(said)) if holds(self._queries[number], said)]

    def _candidates(self, said: Said) -> set[int]:
        found: set[int] = set()
        for key in said.keys & self._by_key.keys():
            found.update(self._by_key[key])
        for word in said.places if self._by_beginning else ():
            for length in self._lengths:
                found.update(self._by_beginning.get(word[:length], ()))
        return found

    def _required(self, tree: Tree | None) -> tuple[float, Keys]:
        """Keys of which each match has one, the rarest there are, and in how many posts one of them stands."""
        match tree:
            case And(parts):
                return min(map(self._required, parts), key=_cost)
            case Or(parts):
                found = [self._required(part) for part in parts]
                return sum(cost for cost, _ in found), frozenset[str]().union(*(keys for _, keys in found))
        return min(((self._stands_in(key), frozenset((key,))) for key in _needed(tree)), key=_cost)

    def _stands_in(self, key: str) -> float:
        """How many posts."""
        if key == EVERY:
            return float("inf")
        if not key.endswith(_BEGUN):
            return self._usual[key]
        beginning = key.removesuffix(_BEGUN)
        first, behind = (bisect_left(self._sorted, end) for end in (beginning, f"{beginning}{chr(sys.maxunicode)}"))
        return 1 + sum(self._usual[word] for word in self._sorted[first:behind])


def _cost(found: tuple[float, Keys]) -> float:
    return found[0]


def _needed(tree: Tree | None) -> Sequence[str]:
    """Keys that each match has, of what is not made of parts."""
    match tree:
        case Token(value):
            return (value,)
        case Phrase(words):
            return words
        case Prefix(words):
            return (*words[:-1], f"{words[-1]}{_BEGUN}")
        case Condition(Scored(topic, _, bound, rising=True)):
            return (_step(topic, int(bound * _STEPS)),)
        case Condition(Counted(name, least)):
            return (_step(name, len(str(least))),)
    return (EVERY,)  # what is not wanted, or is no word: any post may match


def holds(tree: Tree | None, said: Said) -> bool | None:
    """Whether a query matches; None where it is not known: tags that no model gave yet, counts that nobody took."""
    match tree:
        case Phrase(words):
            return _stands(words, said, begun=False)
        case And(parts):
            return _all(parts, said, wanted=True)
        case Or(parts):
            return _not(_all(parts, said, wanted=False))
        case Not(part):
            return _not(holds(part, said))
        case Prefix(words):
            return _stands(words, said, begun=True)
    return True if tree is None else _passes(tree, said)


def _passes(tree: Tree, said: Said) -> bool | None:
    """Of filters."""
    match tree:
        case Token(value):
            return None if said.pending and value.startswith(_OF_TAGS) else value in said.tokens
        case Condition(Scored(topic, test, bound)):
            return None if said.pending else any(test(score, bound) for score in said.scores.get(topic, ()))
        case Condition(Counted(name, least)):
            return said.counts[name] >= least if name in said.counts else None
        case Condition(Published(moment, before)) if said.created_at:
            return (said.created_at < moment) is before
    return None


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(parts: Sequence[Tree], said: Said, *, wanted: bool) -> bool | None:
    """Whether all of them are as wanted: whether they hold, or do not."""
    found: bool | None = True
    for part in parts:
        value = holds(part, said)
        if value is None:
            found = None
        elif value is not wanted:
            return False
    return found


def _stands(words: Sequence[str], said: Said, *, begun: bool) -> bool:
    """Whether these words stand next to each other, the last one perhaps only begun."""
    first, *rest = words
    if not rest:
        return any(word.startswith(first) for word in said.places) if begun else first in said.places
    return any(_from(place + 1, rest, said.words, begun) for place in said.places.get(first, ()))


def _from(place: int, rest: Sequence[str], words: Sequence[str], begun: bool) -> bool:
    found = words[place : place + len(rest)]
    if len(found) < len(rest):
        return False
    if not begun:
        return list(found) == list(rest)
    return list(found[:-1]) == list(rest[:-1]) and found[-1].startswith(rest[-1])
