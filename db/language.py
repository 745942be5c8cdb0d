"""The query language (DESIGN, section 6): text -> tree. What the names in it mean is db.query's business.

peshmerga reform   "key leader engagement"   reform OR unification   -training   reform*   ( )   from:@CJTFOIR
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, UnexpectedToken
from lark import Token as LarkToken
from lark.exceptions import VisitError

from core.errors import QueryError
from core.text import words


@dataclass(frozen=True, slots=True)
class Token:
    """A filter token of the index, ready made."""

    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Folded words that stand next to each other; a single word is a phrase of one."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """As a phrase, the last word only begun."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """`name:value` as written; `position` is the place of the name, in code points from 0."""

    name: str
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter that is SQL and no token, such as a date."""

    clause: Any


@dataclass(frozen=True, slots=True)
class Not:
    part: "Tree"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Tree", ...]


Tree = Token | Phrase | Prefix | Field | Condition | Not | And | Or

_NESTING = re.compile(r'"[^"]*"|[()]|--+')
_EXPECTED = {
    "WORD": "a word",
    "PHRASE": 'a phrase in "quotes"',
    "PREFIX": "a word begun with *",
    "FIELD": "a filter such as topic:reform",
    "MINUS": "-",
    "LPAR": "(",
    "RPAR": ")",
    "OR": "OR",
    "$END": "the end of the query",
}
_LONGEST = 2000  # code points; longer ones are programs' mistakes
_DEEPEST = 50  # parentheses and negations; databases give up somewhat above 100


def parse(query: str) -> Tree | None:
    """The tree of `query`, None for an empty one. Raises QueryError with position and what was expected."""
    if len(query) > _LONGEST:
        raise QueryError(f"the query has {len(query)} characters; at most {_LONGEST} are read", _LONGEST)
    if not query.strip():
        return None
    _refuse_depth(query)
    try:
        tree: Tree | None = _Builder().transform(_grammar().parse(query))
    except UnexpectedInput as error:
        raise _explain(query, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    if tree is None:
        raise QueryError("there is no letter or digit to search for", 0, ["a word"])
    return tree


def _refuse_depth(query: str) -> None:
    depth = 0
    for found in _NESTING.finditer(query):
        depth = max(depth + {"(": 1, ")": -1}.get(found[0], 0), 0)
        negations = len(found[0]) if found[0][0] == "-" else 0
        if depth + negations > _DEEPEST:
            raise QueryError("the query is nested too deep", found.start(), ["fewer parentheses"])


@cache
def _grammar() -> Lark:
    source = Path(__file__).with_suffix(".lark").read_text("utf-8")
    return Lark(source, parser="lalr", lexer="contextual", propagate_positions=True)


class _Builder(Transformer[LarkToken, Tree | None]):
    """Words that fold to nothing (an ampersand, a flag) are dropped, as every search engine does."""

    def word(self, found: list[LarkToken]) -> Tree | None:
        return _phrase(found[0])

    def phrase(self, found: list[LarkToken]) -> Tree | None:
        return _phrase(found[0])

    def prefix(self, found: list[LarkToken]) -> Tree | None:
        folded = tuple(words(found[0]))
        return Prefix(folded) if folded else None

    def field(self, found: list[LarkToken]) -> Tree:
        name, _, value = str(found[0]).partition(":")
        position, value = found[0].start_pos or 0, value.strip('"').strip()
        if not value:
            raise QueryError(f"{name}: has no value", position + len(name) + 1, ["a value"])
        return Field(name.lower(), value, position)

    def not_(self, found: list[Any]) -> Tree | None:
        part = found[-1]
        if isinstance(part, Not):
            return part.part
        return Not(part) if part is not None else None

    def and_(self, found: list[Tree | None]) -> Tree | None:
        return join(found)

    def or_(self, found: list[Tree | None]) -> Tree | None:
        parts = tuple(p for p in found if p is not None)
        return Or(parts) if len(parts) > 1 else (parts[0] if parts else None)


def join(found: Sequence[Tree | None]) -> Tree | None:
    """All of them, nested conjunctions made flat; None for none."""
    parts: list[Tree] = []
    for part in found:
        if part is not None:
            parts += part.parts if isinstance(part, And) else [part]
    return And(tuple(parts)) if len(parts) > 1 else (parts[0] if parts else None)


def wanted(tree: Tree | None) -> tuple[Phrase | Prefix, ...]:
    """The words that speak for a post, as they were written: for snippets and for the order by relevance."""
    match tree:
        case Phrase() | Prefix():
            return (tree,)
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(found for part in parts for found in wanted(part)))
    return ()


def _phrase(found: str) -> Tree | None:
    folded = tuple(words(found))
    return Phrase(folded) if folded else None


def _explain(query: str, error: UnexpectedInput) -> QueryError:
    position = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(query)
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    position = len(query) if ended else position
    if query.count('"') % 2 and query[position : position + 1] in ('"', ""):
        return QueryError("a quotation mark is not closed", query.rindex('"'), ['a closing "'])
    names = error.accepts if isinstance(error, UnexpectedToken) and error.accepts else error.allowed or ()  # type: ignore[attr-defined]
    expected = sorted(_EXPECTED.get(name, name) for name in names)
    shown = "the query ends too early" if ended else f"{query[position]!r} cannot stand here"
    return QueryError(f"{shown}; expected {' or '.join(expected) or 'a word'}", position, expected)
