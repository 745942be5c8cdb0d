"""Which standing queries a post matches: an inverted index on each query's rarest required word, then a look.

What is words and filter tokens alone is verified on the post's own entry of the full-text index, which holds what a
search would find, word for word. What asks for more, such as a date or a probability, is left open: the search
itself answers it, for the few candidates that are left.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.readings import BORDER
from db.entries import EVERY, token
from db.language import And, Not, Or, Phrase, Prefix, Token, Tree

_BEGUN = "*"  # behind a key that is only the beginning of a word; no word and no token ends so
_OF_TAGS = (token("topic", ""), token("unsure", ""), token("is", "unsure"))
Keys = frozenset[str]


@dataclass(frozen=True)
class Said:
    """A post's entry in the index: its words in order, BORDERs included, and its filter tokens. `pending`: no model
    has read it yet, so what it is about is not known."""

    words: Sequence[str]
    tokens: frozenset[str]
    pending: bool = False

    @cached_property
    def places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(self.words):
            found[word].append(place)
        found.pop(BORDER, None)
        return dict(found)


class Standing:
    """Queries by a number of their own, their names resolved. `usual` counts in how many posts of a sample words
    and tokens stand: it decides what is rare, never what matches."""

    def __init__(self, queries: Mapping[int, Tree | None], usual: Mapping[str, int] | None = None) -> None:
        self._queries = dict(queries)
        self._usual = Counter(usual or {})
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

    def matches(self, said: Said) -> tuple[list[int], list[int]]:
        """The numbers of the queries that hold for this post, and of those that its entry alone cannot tell."""
        sure, open_ = [], []
        for number in sorted(self._candidates(said)):
            found = holds(self._queries[number], said)
            if found:
                sure.append(number)
            elif found is None:
                open_.append(number)
        return sure, open_

    def _candidates(self, said: Said) -> set[int]:
        found: set[int] = set()
        for key in (*said.places, *said.tokens, EVERY):
            found.update(self._by_key.get(key, ()))
        for word in said.places if self._by_beginning else ():
            for length in self._lengths:
                found.update(self._by_beginning.get(word[:length], ()))
        return found

    def _required(self, tree: Tree | None) -> tuple[float, Keys]:
        """Keys of which each match has one, the rarest there are, and in how many posts one of them stands."""
        match tree:
            case Token(value):
                return self._of(value)
            case Phrase(words):
                return min(map(self._of, words), key=_cost)
            case Prefix(words):
                begun = f"{words[-1]}{_BEGUN}"
                seen = sum(n for word, n in self._usual.items() if word.startswith(words[-1]))
                return min([(seen + 1, frozenset((begun,))), *map(self._of, words[:-1])], key=_cost)
            case And(parts):
                return min(map(self._required, parts), key=_cost)
            case Or(parts):
                found = [self._required(part) for part in parts]
                return sum(cost for cost, _ in found), frozenset[str]().union(*(keys for _, keys in found))
        return float("inf"), frozenset((EVERY,))  # what is not wanted, or is no word: any post may match

    def _of(self, key: str) -> tuple[float, Keys]:
        return self._usual[key], frozenset((key,))


def _cost(found: tuple[float, Keys]) -> float:
    return found[0]


def holds(tree: Tree | None, said: Said) -> bool | None:
    """Whether a query matches; None where the entry alone does not tell."""
    match tree:
        case And(parts):
            return _all(holds(part, said) for part in parts)
        case Or(parts):
            return _not(_all(_not(holds(part, said)) for part in parts))
        case Not(part):
            return _not(holds(part, said))
        case Phrase(words) | Prefix(words):
            return _stands(words, said, begun=isinstance(tree, Prefix))
        case Token(value):
            return None if said.pending and value.startswith(_OF_TAGS) else value in said.tokens
    return True if tree is None else None


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: Iterable[bool | None]) -> bool | None:
    found: bool | None = True
    for value in values:
        if value is False:
            return False
        found = None if value is None else found
    return found


def _stands(words: Sequence[str], said: Said, *, begun: bool) -> bool:
    """Whether these words stand next to each other, the last one perhaps only begun."""
    first, *rest = words
    if not rest and begun:
        return any(word.startswith(first) for word in said.places)
    return any(_from(place + 1, rest, said.words, begun) for place in said.places.get(first, ()))


def _from(place: int, rest: Sequence[str], words: Sequence[str], begun: bool) -> bool:
    found = words[place : place + len(rest)]
    if len(found) < len(rest):
        return False
    if not begun:
        return list(found) == list(rest)
    return list(found[:-1]) == list(rest[:-1]) and found[-1].startswith(rest[-1])
