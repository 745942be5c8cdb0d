"""The query language (DESIGN, section 6): text -> tree. What the names in it mean is db.query's business.

peshmerga reform   "key leader engagement"   reform OR unification   -training   reform*   ( )   from:@CJTFOIR

What people bring from other searches is read as they mean it: AND between words, NOT for -, quotes and colons of
any keyboard. docs/searching.md tells the language to its users.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, UnexpectedToken
from lark import Token as LarkToken
from lark.exceptions import VisitError

from core.errors import QueryError
from core.text import search_words


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
    """`name:value` as written; the places of both, in code points from 0. `parameter`: it was given beside the
    query, by this name."""

    name: str
    value: str
    position: int = field(default=0, compare=False)
    place: int = field(default=0, compare=False)
    parameter: str | None = field(default=None, compare=False)


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

_TYPED = str.maketrans(
    "“”„‟«»＂：（）＊−－–‑", '"""""""' + ":()*----"
)  # as keyboards and word processors have them
_INVISIBLE = "\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"  # directions come along with what is pasted
_AROUND = re.compile(rf"(?<!\w)[{_INVISIBLE}]+|[{_INVISIBLE}]+(?!\w)")
_NESTING = re.compile(r'"[^"]*"|[()]|(?<![^\s("])(?:-|NOT(?=[\s("])\s*)+')
_STAR_BEFORE = re.compile(r"\*(?=\w)")
_STAR_BEHIND = re.compile(r"\w\*")
_SEVERAL = re.compile(r"[^,|،]+")
_ONE = re.compile(r"since|until|near|min_\w+")  # these take one value
_END = ",;،؛?؟!."  # a sentence's, behind a value
_EXPECTED = {
    "WORD": "a word",
    "PHRASE": 'a phrase in "quotes"',
    "FIELD": "a filter such as topic:reform",
    "MINUS": "-",
    "NOT": "NOT",
    "LPAR": "(",
    "RPAR": ")",
    "OR": "OR",
    "AND": "AND",
    "$END": "the end of the query",
}
_LONGEST = 2000  # code points; longer ones are programs' mistakes
_DEEPEST = 50  # parentheses and negations; databases give up somewhat above 100


def parse(query: str) -> Tree | None:
    """The tree of `query`, None for an empty one. Raises QueryError with position and what was expected."""
    if len(query) > _LONGEST:
        raise QueryError(f"the query has {len(query)} characters; at most {_LONGEST} are read", _LONGEST)
    read = plain(query)
    if not read.strip():
        return None
    _refuse_depth(read)
    try:
        tree: Tree | None = _Builder().transform(_grammar().parse(read))
    except UnexpectedInput as error:
        raise _explain(read, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    if tree is None:
        raise QueryError("there is no word to search for: signs, emoji and short links are none", 0, ["a word"])
    return tree


def plain(query: str) -> str:
    """With the signs that the grammar knows, each at its place."""
    return _AROUND.sub(lambda found: " " * len(found[0]), query.translate(_TYPED))


def _refuse_depth(query: str) -> None:
    depth = 0
    for found in _NESTING.finditer(query):
        depth = max(depth + {"(": 1, ")": -1}.get(found[0], 0), 0)
        negations = 0 if found[0][0] == '"' else found[0].count("-") + found[0].count("NOT")
        if depth + negations > _DEEPEST:
            raise QueryError("the query is nested too deep", found.start(), ["fewer parentheses"])


@cache
def _grammar() -> Lark:
    source = Path(__file__).with_suffix(".lark").read_text("utf-8")
    return Lark(source, parser="lalr", lexer="contextual", propagate_positions=True)


class _Builder(Transformer[LarkToken, Tree | None]):
    """Words that fold to nothing (an ampersand, a flag) are dropped, as every search engine does."""

    def word(self, found: list[LarkToken]) -> Tree | None:
        begins = _STAR_BEFORE.search(found[0])
        if begins:
            raise QueryError("a * can only stand behind the beginning of a word",
                             (found[0].start_pos or 0) + begins.start(), ["reform*"])  # fmt: skip
        return _words(found[0], begun=bool(_STAR_BEHIND.search(found[0])))

    def phrase(self, found: list[LarkToken]) -> Tree | None:
        said = found[0].rstrip("*")[1:-1]
        return _words(said, begun=found[0].endswith("*") or said.endswith("*"))

    def field(self, found: list[LarkToken]) -> Tree:
        name, _, value = str(found[0]).partition(":")
        position = found[0].start_pos or 0
        place = position + len(name) + 1
        if value.startswith('"'):
            parts = [(value[1:-1].strip(), place + 1)]
        else:
            whole = value.rstrip(_END)
            parts = [(one[0], place + one.start()) for one in _SEVERAL.finditer(whole)]
        parts = [(said, at) for said, at in parts if said]
        if not parts:
            raise QueryError(f"{name}: has no value; it stands right behind the colon", place, ["a value"])
        if len(parts) > 1 and _ONE.fullmatch(name.lower()):
            raise QueryError(f"{name}: takes one value", parts[1][1], [f"{name}:{parts[0][0]}"])
        fields = tuple(Field(name.lower(), said, position, at) for said, at in parts)
        return Or(fields) if len(fields) > 1 else fields[0]

    def not_(self, found: list[Any]) -> Tree | None:
        part = found[-1]
        if isinstance(part, Not):
            return part.part
        return Not(part) if part is not None else None

    def and_(self, found: list[Any]) -> Tree | None:
        return join(_operands(found))

    def or_(self, found: list[Any]) -> Tree | None:
        parts = tuple(p for p in _operands(found) if p is not None)
        return Or(parts) if len(parts) > 1 else (parts[0] if parts else None)


def _operands(found: list[Any]) -> list[Tree | None]:
    return [part for part in found if not isinstance(part, LarkToken)]


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


def spoken(query: str) -> str:
    """The words of `query` as they were written, without filters and what is not wanted: what a reader of meaning
    is to read. Raises QueryError as `parse` does."""
    return _Speaker().transform(_grammar().parse(plain(query))) if parse(query) else ""


class _Speaker(Transformer[LarkToken, str]):
    def word(self, found: list[LarkToken]) -> str:
        return found[0].strip("*")

    def phrase(self, found: list[LarkToken]) -> str:
        return found[0].strip('*"')

    def field(self, _found: list[LarkToken]) -> str:
        return ""

    def not_(self, _found: list[Any]) -> str:
        return ""

    def and_(self, found: list[Any]) -> str:
        return " ".join(part for part in found if part and not isinstance(part, LarkToken))

    or_ = and_


def write(tree: Tree | None) -> str:
    """A query that `parse` reads as this tree: for what is kept, such as alerts and feeds."""
    match tree:
        case And(parts):
            return " ".join(map(_inner, parts))
        case Or(parts):
            return _listed(parts) or " OR ".join(map(_inner, parts))
        case Not(part):
            return f"-{_inner(part)}"
        case Field(name, value):
            return f'{name}:"{value}"' if _QUOTED.search(value) else f"{name}:{value}"
        case Phrase(found) | Prefix(found):
            said = " ".join(found) + ("*" if isinstance(tree, Prefix) else "")
            return f'"{said}"' if len(found) > 1 else said
    return ""


_QUOTED = re.compile(rf"[\s(),|،]|[{re.escape(_END)}]$")


def _listed(parts: Sequence[Tree]) -> str | None:
    """Values of one filter: has:media,link."""
    fields = [part for part in parts if isinstance(part, Field) and not _QUOTED.search(part.value)]
    several = len(fields) == len(parts) and len({part.name for part in fields}) == 1
    if not several or _ONE.fullmatch(fields[0].name):
        return None
    return f"{fields[0].name}:{','.join(part.value for part in fields)}"


def _inner(tree: Tree) -> str:
    bare = not isinstance(tree, And | Or) or (isinstance(tree, Or) and _listed(tree.parts))
    return write(tree) if bare else f"({write(tree)})"


def _words(found: str, *, begun: bool = False) -> Tree | None:
    folded = tuple(search_words(found))
    return None if not folded else Prefix(folded) if begun else Phrase(folded)


def _explain(query: str, error: UnexpectedInput) -> QueryError:
    position = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(query)
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    position = len(query) if ended else position
    if query.count('"') % 2 and query[position : position + 1] in ('"', ""):
        return QueryError("a quotation mark is not closed", query.rindex('"'), ['a closing "'])
    names = error.accepts if isinstance(error, UnexpectedToken) and error.accepts else error.allowed or ()  # type: ignore[attr-defined]
    expected = sorted(_EXPECTED.get(name, name) for name in names)
    return QueryError(
        f"{_wrong(query, position)}; expected {' or '.join(expected) or 'a word'}", position, expected
    )


def _wrong(query: str, position: int) -> str:
    before, rest = query[:position].rstrip(), query[position:]
    if not rest:
        return (
            "a parenthesis is not closed" if before.count("(") > before.count(")") else "the query ends too early"
        )
    operator = _OPERATOR.match(rest)
    if operator:
        return f"{operator[0]} stands between two words"
    if rest[0] == ")":
        return "nothing stands between the parentheses" if before.endswith("(") else "no parenthesis is open here"
    return "a minus stands right before a word" if rest[0] == "-" else f"{rest[0]!r} cannot stand here"


_OPERATOR = re.compile(r'(?:OR|AND)(?=[\s()"]|$)')
