"""The query language (DESIGN, section 6): text -> tree. What the names in it mean is db.query's business.

peshmerga reform   "key leader engagement"   reform OR unification   -training   reform*   ( )   from:@CJTFOIR

What people bring from other searches is read as they mean it: AND between words, NOT for -, quotes and colons of
any keyboard. docs/searching.md tells the language to its users.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, UnexpectedToken
from lark import Token as LarkToken
from lark.exceptions import VisitError

from core.errors import QueryError
from core.readings import query_readings
from core.text import fold


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
    """`name:value`, where it begins in the query and where each character of the value stands there, in code points
    from 0. `parameter`: it was given beside the query, by this name."""

    name: str
    value: str
    position: int = field(default=0, compare=False)
    places: tuple[int, ...] = field(default=(), compare=False)
    parameter: str | None = field(default=None, compare=False)

    def place(self, offset: int = 0) -> int:
        """Where this character of the value stands; behind the last one for what is missing."""
        return self.places[offset] if offset < len(self.places) else self.places[-1] + 1 if self.places else 0


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter that is no token, such as a date: SQL, or of posts to come what is awaited (`db.awaited`)."""

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
_LETTER = r"[^\W\x00-\x7f]"
_ABSENT = (
    re.compile(  # what comes along with what is pasted: directions, soft hyphens, joiners that join no letters
        "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff]"
        rf"|(?<!{_LETTER})[\u200c\u200d]|[\u200c\u200d](?!{_LETTER})"
    )
)
_NESTING = re.compile(r'"[^"]*"|[()]|(?<![^\s("])(?:-|NOT(?=[\s("])\s*)+')
_STAR_BEFORE = re.compile(r"\*(?=\w)")
_STAR_BEHIND = re.compile(r"\w\*")
_SEVERAL = re.compile(r"(?:[^,|،]|(?<=[<>=][01٠١۰۱])[,،](?=\d+(?:[,|،]|$)))+")  # but 0,5 is one
_VALUE = re.compile(r'("[^"]*"\s*|[^<>]*)([<>]=?)?.*', re.S)  # and how it is compared
_COMPARISON = re.compile(r"(?!<3$)[<>]=?\d*[.,٫]?\d+")  # but <3 is a heart
_GROUP = re.compile(r"\d{3}")
_ONE = re.compile(r"since|until|near|min_\w+")  # these take one value
_END = ",;،؛?؟!."  # a sentence's, behind a value
_EXPECTED = {
    "WORD": "a word",
    "PHRASE": 'a phrase in "quotes"',
    "FIELD": "a filter such as topic:reform",
    "TIME": "a filter such as topic:reform",
    "NUMBER": "a word",
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
    read, places = _read(query)
    if not read.strip():
        return None
    try:
        return _parsed(read, places)
    except QueryError as error:
        raise QueryError(error.message, places[min(error.position, len(read))], error.expected) from None


def _parsed(read: str, places: Sequence[int]) -> Tree:
    _refuse_depth(read)
    try:
        tree: Tree | None = _Builder(places).transform(_grammar().parse(read))
    except UnexpectedInput as error:
        raise _explain(read, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    if tree is None:
        raise QueryError("there is no word to search for: signs, emoji and short links are none", 0, ["a word"])
    return tree


def plain(query: str) -> str:
    """With the signs that the grammar knows, without what is invisible."""
    return _ABSENT.sub("", query).translate(_TYPED)


def _read(query: str) -> tuple[str, Sequence[int]]:
    """`query` made plain, and where each of its characters, and its end, stand in it."""
    absent = {place for found in _ABSENT.finditer(query) for place in range(*found.span())}
    return plain(query), [place for place in range(len(query) + 1) if place not in absent]


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
    """Words that fold to nothing (an ampersand, a flag) are dropped, as every search engine does. `places`: where
    each character stands in the query as it was written."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__()
        self._places = places

    def word(self, found: list[LarkToken]) -> Tree | None:
        begins = _STAR_BEFORE.search(found[0])
        if begins:
            raise QueryError("a * can only stand behind the beginning of a word",
                             (found[0].start_pos or 0) + begins.start(), ["reform*"])  # fmt: skip
        if _COMPARISON.fullmatch(found[0]):
            raise QueryError(f"{found[0]} is compared with nothing: it stands behind a topic; quotes make it words",
                             found[0].start_pos or 0, ["topic:reform>0.9"])  # fmt: skip
        return _words(found[0], begun=bool(_STAR_BEHIND.search(found[0])))

    def phrase(self, found: list[LarkToken]) -> Tree | None:
        said = found[0].rstrip("*")[1:-1]
        return _words(said, begun=found[0].endswith("*") or said.endswith("*"))

    def number(self, found: list[LarkToken]) -> Tree:
        """72 000 is one number or two."""
        apart = fold(found[0]).split()
        return Or((And(tuple(Phrase((part,)) for part in apart)), Phrase(("".join(apart),))))

    def field(self, found: list[LarkToken]) -> Tree:
        name, _, value = str(found[0]).partition(":")
        position = found[0].start_pos or 0
        place = position + len(name) + 1
        parts = [part for part in _values(name, value, place) if part[0]]
        if not parts:
            raise QueryError(f"{name}: has no value; it stands right behind the colon", place, ["a value"])
        if len(parts) > 1 and _ONE.fullmatch(name.lower()):
            raise QueryError(f"{name}: takes one value", parts[1][1][0], [f"{name}:{parts[0][0]}"])
        fields = tuple(
            Field(name.lower(), said, self._places[position], tuple(self._places[at] for at in places))
            for said, places in parts
        )
        return Or(fields) if len(fields) > 1 else fields[0]

    def not_(self, found: list[Any]) -> Tree | None:
        part = found[-1]
        if isinstance(part, Not):
            return part.part
        return Not(part) if part is not None else None

    def and_(self, found: list[Any]) -> Tree | None:
        return join(_operands(found))

    def or_(self, found: list[Any]) -> Tree | None:
        return _either(_operands(found))


def _values(name: str, written: str, place: int) -> list[tuple[str, Sequence[int]]]:
    """The values behind `name:`, which begin at `place`, and where each of their characters stands."""
    parted = _VALUE.fullmatch(written)
    how = parted and parted[2]
    if parted and how and name.lower() != "topic":
        said = f"{how} compares how likely a topic is, and nothing else"
        raise QueryError(said, place + parted.start(2), ["topic:reform>0.9"])
    quoted = written.startswith('"')
    kept = [n for n, character in enumerate(written) if not (character == '"' or (how and character.isspace()))]
    said, places = "".join(written[n] for n in kept), [place + n for n in kept]
    if quoted and not how:
        begin = len(said) - len(said.lstrip())
        return [(said.strip(), places[begin:])]
    whole = said.rstrip(_END)
    if _ONE.fullmatch(name.lower()) and " " in whole:
        return [(whole, places)]
    return [(one[0], places[one.start() : one.end()]) for one in _SEVERAL.finditer(whole)]


def _either(found: Sequence[Tree | None]) -> Tree | None:
    """Any of them, each once, nested alternatives made flat; None for none."""
    parts: dict[Tree, None] = {}
    for part in found:
        if part is not None:
            parts |= dict.fromkeys(part.parts if isinstance(part, Or) else (part,))
    return Or(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


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


def fields(tree: Tree | None) -> list[Field]:
    """Every filter in it, wanted or not."""
    match tree:
        case Field():
            return [tree]
        case Not(part):
            return fields(part)
        case And(parts) | Or(parts):
            return [field for part in parts for field in fields(part)]
    return []


def spoken(query: str) -> str:
    """The words of `query` as they were written, without filters and what is not wanted: what a reader of meaning
    is to read. Raises QueryError as `parse` does."""
    return _Speaker().transform(_grammar().parse(plain(query))) if parse(query) else ""


class _Speaker(Transformer[LarkToken, str]):
    def word(self, found: list[LarkToken]) -> str:
        return found[0].strip("*")

    def phrase(self, found: list[LarkToken]) -> str:
        return found[0].strip('*"')

    def number(self, found: list[LarkToken]) -> str:
        return str(found[0])

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
            return _beside(map(_inner, parts), " AND ")
        case Or(parts):
            return _listed(parts) or " OR ".join(map(_inner, parts))
        case Not(part):
            return f"-{_inner(part)}"
        case Field(name, value):
            return f'{name}:"{value}"' if _QUOTED.search(value) else f"{name}:{value}"
        case Phrase(found) | Prefix(found):
            said = _beside(found, ", ") + ("*" if isinstance(tree, Prefix) else "")
            return f'"{said}"' if len(found) > 1 else said
    return ""


def _beside(parts: Iterable[str], kept_apart: str) -> str:
    """With spaces between, and with this where a space would make one number of two."""
    said = ""
    for part in parts:
        between = kept_apart if _GROUP.fullmatch(part) and said[-1:].isdigit() else " "
        said += between + part if said else part
    return said


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
    ways = [tuple(way) for way in query_readings(found)]
    return _either([Prefix(way) if begun else Phrase(way) for way in ways if way])


def _explain(query: str, error: UnexpectedInput) -> QueryError:
    position = error.pos_in_stream if error.pos_in_stream is not None and error.pos_in_stream >= 0 else len(query)
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    position = len(query) if ended else position
    if query.count('"') % 2 and query[position : position + 1] in ('"', ""):
        return QueryError("a quotation mark is not closed", query.rindex('"'), ['a closing "'])
    names = error.accepts if isinstance(error, UnexpectedToken) and error.accepts else error.allowed or ()  # type: ignore[attr-defined]
    expected = sorted({_EXPECTED.get(name, name) for name in names})
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
