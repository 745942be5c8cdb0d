"""PostQuery: the URL, the page, the alert's rule and the export's selection are this one object.

`build` reads what people write; `selection` turns it into statements that yield row keys, in key order, and stop
early: everything that has a token in the index is one full-text match, the rest are plain conditions. What a filter
means, now or as of a moment, says `db.then`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlmodel import Session

from core import times
from core.errors import BadRequest, QueryError
from core.post import KINDS, METRICS
from core.text import fold, storable
from db import language, search, then
from db.entries import token, topic_slugs
from db.language import And, Condition, Field, Not, Or, Phrase, Prefix, Token, Tree, join
from db.models import Actor, Post, Source, Topic
from db.selection import Arm, Selection
from db.then import Now
from db.upsert import table

KEY_BITS = 12  # of a row key are the sequence within one second
_SPILL = 3600  # seconds by which a crowded date's keys may run ahead of its time
_COMPARED = re.compile(r"(?P<slug>[^<>]+)(?P<op>>=|<=|>|<)(?P<bound>.*)", re.S)
_MOST_DIGITS = 18  # of a count
_BEGUN = re.compile(r"[0-9]{4}(-[0-9]{2})?")
_CLOCK = re.compile(  # 2025-07-01 12:00, 9.30 pm, with or without a zone
    r"(?P<day>\S+)\s+(?P<hour>\d{1,2})(?:[:.H](?P<rest>\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(?P<half>AM|PM)?"
    r"\s*(?P<zone>UTC|GMT|Z|[+-]\d{2}:?\d{2})?"
)
_ZONE = re.compile(r"\s+(?:(?:UTC|GMT|Z)|([+-]\d{2}:?\d{2}))$")
_SHARE = re.compile(r"[0-9]*\.?[0-9]+")
_HAS = ("media", "link")
_IS = ("kle", "edited", "deleted", "erased", "unsure", "second_hand", "synthetic")
_BOUNDS = ("since", "until")
_SHOW_ERASED = ("deleted", "erased")  # who asks for these is shown tombstones
_post, _actor, _source = table(Post), table(Actor), table(Source)
_topic = table(Topic)


def first_key(moment: datetime) -> int:
    """The least row key of a post published at `moment` or later."""
    return int(times.utc(moment).timestamp() // 1) << KEY_BITS


@dataclass(frozen=True)
class PostQuery:
    """`tree` as written, names unresolved; `q` and the filters as the URL had them, for links and records.

    With `as_of` it asks what the archive knew then, each filter what it meant then; a moment that is still to come
    is answered with what is known now.
    """

    q: str = ""
    tree: Tree | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    tombstones: bool = False  # posts whose text was erased too, though the query does not ask for them
    given: tuple[Field, ...] = ()  # the filters beside `q`

    @classmethod
    def build(
        cls,
        q: str = "",
        topics: Sequence[str] = (),
        account: str | None = None,
        actor: str | None = None,
        platform: str | None = None,
        lang: str | None = None,
        kind: str | None = None,
        since: str | None = None,
        until: str | None = None,
        as_of: str | None = None,
    ) -> "PostQuery":
        """Raises QueryError (position in `q`) or BadRequest (a filter)."""
        filters = {"account": account, "actor": actor, "platform": platform, "lang": lang, "kind": kind}
        fields = [_given(name, value) for name, value in filters.items() if value]
        fields += [_given("topic", slug) for slug in topics]
        tree = join([language.parse(q), *fields])
        _refuse_unknown(tree)
        bounds = {"since": time_of("since", since), "until": time_of("until", until)}
        given = [*fields, *(_given(name, at) for name, at in (("since", since), ("until", until)) if at)]
        for field in _top_fields(tree):
            if field.name in bounds:
                found = _field_time(field)
                known = bounds[field.name]
                pick = max if field.name == "since" else min
                bounds[field.name] = found if known is None else pick(known, found)
        return cls(q, tree, bounds["since"], bounds["until"], time_of("as_of", as_of), given=tuple(given))

    @property
    def timeless(self) -> Tree | None:
        """Its tree without the bounds that `since` and `until` hold."""
        parts = self.tree.parts if isinstance(self.tree, And) else (self.tree,)
        return join([p for p in parts if not (isinstance(p, Field) and p.name in _BOUNDS)])

    def written(self) -> str:
        """The same query in the query language, filters and bounds included, save for `as_of`: for what is kept,
        such as alerts and feeds."""
        bounds = zip(_BOUNDS, (self.since, self.until), strict=True)
        return language.write(join([self.timeless, *(Field(name, times.text(at)) for name, at in bounds if at)]))

    def asked(self) -> str:
        """The same query too, `q` as it was typed: for what people read again, such as exports."""
        filters = language.write(join(self.given))
        if not filters or not self.q.strip():
            return filters or self.q
        beside = f"{self.q} {filters}"
        meant = join([language.parse(self.q), *self.given])
        return beside if language.parse(beside) == meant else f"({self.q}) {filters}"

    def asks_only(self, name: str, value: str) -> bool:
        """Whether, times apart, this filter is all that it asks."""
        only = self.timeless
        return isinstance(only, Field) and (only.name, only.value.lower()) == (name, value)


def time_of(name: str, value: str | None) -> datetime | None:
    """A parameter that is a time. Raises BadRequest."""
    if not value:
        return None
    try:
        return _moment(value)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name}={value} is not a date such as 2025-07-01 or a time such as 2025-07-01T12:00:00Z",
                         parameter=name) from None  # fmt: skip


def _moment(value: str) -> datetime:
    """A date or time; a month or a year is its first day, and digits may be those of any script."""
    written = value.strip() if value.isascii() else fold(value).strip()
    if _BEGUN.fullmatch(written):
        return times.parse(written + {4: "-01-01", 7: "-01"}[len(written)])
    clock = _CLOCK.fullmatch(written.upper())
    return times.parse(_on_the_clock(clock) if clock else _ZONE.sub(r"\1", written.upper()))


def _on_the_clock(found: re.Match[str]) -> str:
    """As RFC 3339 has it. Raises ValueError."""
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("a day has two halves of twelve hours")
        hour = hour % 12 + (12 if found["half"] == "PM" else 0)
    zone = found["zone"] or ""
    return f"{found['day']}T{hour:02}:{found['rest'] or '00'}{'' if zone in ('UTC', 'GMT') else zone}"


def _given(name: str, value: str) -> Field:
    """A filter of the URL."""
    value = language.plain(value)
    if '"' in value:
        raise BadRequest(f"{name}={value} has a quotation mark, which no name has", parameter=name)
    return Field("from" if name == "account" else name, value, parameter=name)


def _refuse_unknown(tree: Tree | None) -> None:
    """Before anything is looked up: a query that is kept must not be misspelt."""
    match tree:
        case Field(name) if name not in _RESOLVERS:
            known = _nearest(name, sorted(_RESOLVERS))
            said = f"there is no filter {name}:; {_there_are(name, known)}; quotes make it words"
            raise QueryError(said, tree.position, known)
        case And(parts) | Or(parts):
            for part in parts:
                _refuse_unknown(part)
        case Not(part):
            _refuse_unknown(part)


def _nearest(value: str, known: Sequence[str]) -> list[str]:
    """All of `known`, those first that look like `value`."""
    return list(dict.fromkeys([*_alike(value, known), *known]))


def _alike(value: str, known: Sequence[str]) -> list[str]:
    return get_close_matches(value.lower(), known, 3)


def _there_are(value: str, known: Sequence[str]) -> str:
    listed = f"there are {', '.join(known) or 'none yet'}"
    return f"did you mean {known[0]}? {listed}" if _alike(value, known) else listed


def _wrong(field: Field, message: str, expected: Sequence[str] = (), offset: int = 0) -> BadRequest:
    """What is wrong with a value, so many characters behind its beginning."""
    if field.parameter:
        return BadRequest(message, parameter=field.parameter, expected=list(expected))
    return QueryError(message, field.place(offset), list(expected))


def _top_fields(tree: Tree | None) -> list[Field]:
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return [p for p in parts if isinstance(p, Field)]


def _field_time(field: Field) -> datetime:
    try:
        return _moment(field.value)
    except (ValueError, OverflowError):
        expected = ["a date such as 2025-07-01", "a time such as 2025-07-01T12:00:00Z"]
        said = f"{field.value!r} is neither a date such as 2025-07-01 nor a time such as 2025-07-01T12:00:00Z"
        raise _wrong(field, said, expected) from None


def selection(session: Session, query: PostQuery, order: str | None = None) -> Selection:
    """Resolve the names of `query` against the archive and plan it; `order` is a count to sort by, not the key.

    Raises QueryError for unknown names.
    """
    return Selection(tuple(_arm(session, query, view, order) for view in then.views(session, query.as_of)))


def resolved(session: Session, query: PostQuery, view: Now) -> Tree | None:
    """Its timeless tree with the names looked up, as `view` reads them. Raises QueryError for unknown ones."""
    tree = query.timeless
    return None if tree is None else _resolve(_Names(session, view), tree)


def _arm(session: Session, query: PostQuery, view: Now, order: str | None) -> Arm:
    tree = resolved(session, query, view)
    parts = tree.parts if isinstance(tree, And) else () if tree is None else (tree,)
    tokens = [p for p in parts if view.indexed and _only_tokens(p)]
    others = [*(_clause(view, p) for p in parts if p not in tokens), *view.holds]
    column = view.count(order) if order else None
    others += [] if column is None else [column.is_not(None)]
    erased_too = shows_erased(query)
    if not tokens:
        tells = () if erased_too else (view.tells,)
        return Arm(view, _post.c.id, (*others, *_range(query, view), *tells), order=column)
    tokens += [] if erased_too else [Not(Token(token("is", "erased")))]
    wanted = tokens[0] if len(tokens) == 1 else And(tuple(tokens))
    index, key, matches = search.matching(session, wanted)
    within = _range(query, view) if others else _edges(key, query, index)
    conditions = (matches, *key_range(key, query, view), *others, *within)
    asked = None if others else (wanted, query.since, query.until)
    return Arm(view, key, conditions, index, bare=not others, order=column, asked=asked)


def shows_erased(query: PostQuery) -> bool:
    """A tombstone says nothing: it is an answer only to who asks for what was deleted or erased."""
    return query.tombstones or _asks_for_erased(query.tree)


def _asks_for_erased(tree: Tree | None) -> bool:
    match tree:
        case Field(name, value):
            return name == "is" and value.lower() in _SHOW_ERASED
        case And(parts) | Or(parts):
            return any(_asks_for_erased(part) for part in parts)
    return False


def _range(query: PostQuery, view: Now) -> list[Any]:
    """Exact, on the true time; the key's range beside it lets the scan begin and end there."""
    found = key_range(_post.c.id, query, view)
    found += [view.since(query.since)] if query.since else []
    found += [view.until(query.until)] if query.until else []
    return found


def _edges(key: Any, query: PostQuery, index: Any) -> list[Any]:
    """The same where the index alone is read: only close behind a bound is a post looked up, for there its key may
    run ahead of its time."""
    at = select(_post.c.created_at).where(_post.c.id == key).correlate(index).scalar_subquery()
    found = [or_(key >= _behind(query.since), at >= query.since)] if query.since else []
    found += [or_(key < first_key(query.until), at < query.until)] if query.until else []
    return found


def _behind(bound: datetime) -> int:
    """From this row key on, posts are surely of a later time."""
    return first_key(bound) + (_SPILL + 1 << KEY_BITS)


def key_range(key: Any, query: PostQuery, view: Now) -> list[Any]:
    """Row keys between which its range stands."""
    since = first_key(query.since) if query.since else None
    until = _behind(query.until) if query.until else None
    return view.key_range(key, since, until)


def _only_tokens(tree: Tree) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return all(_only_tokens(p) for p in parts)
        case Not(part):
            return _only_tokens(part)
        case _:
            return isinstance(tree, Token | Phrase | Prefix)


def _only_words(tree: Tree) -> bool:
    """True for what the index of old texts can answer in one match: words, of which not all are unwanted."""
    match tree:
        case And(parts):
            rest = [p.part if isinstance(p, Not) else p for p in parts]
            return all(map(_only_words, rest)) and not all(isinstance(p, Not) for p in parts)
        case Or(parts):
            return all(map(_only_words, parts))
        case _:
            return isinstance(tree, Phrase | Prefix)


def _clause(view: Now, tree: Tree) -> ColumnElement[bool]:
    if _only_tokens(tree) if view.indexed else _only_words(tree):
        return view.words(tree)
    match tree:
        case And(parts):
            return and_(*(_clause(view, p) for p in _neighbours(view, parts, And)))
        case Or(parts):
            return or_(*(_clause(view, p) for p in _neighbours(view, parts, Or)))
        case Not(part):
            return not_(_clause(view, part))
        case Condition(clause):
            return clause  # type: ignore[no-any-return]
    raise AssertionError(tree)


def _neighbours(view: Now, parts: Sequence[Tree], kind: type[And] | type[Or]) -> list[Tree]:
    """Words beside each other are one match."""
    one = _only_tokens if view.indexed else _only_words
    matched = [p for p in parts if one(p)]
    rest = [p for p in parts if not one(p)]
    return [*matched, *rest] if len(matched) < 2 else [kind(tuple(matched)), *rest]


@dataclass(frozen=True, slots=True)
class _Names:
    """Where names are looked up, and how the archive is read."""

    session: Session
    view: Now


def _resolve(names: _Names, tree: Tree) -> Tree:
    match tree:
        case Field():
            return _field(names, tree)
        case And(parts):
            return And(tuple(_resolve(names, p) for p in parts))
        case Or(parts):
            return Or(tuple(_resolve(names, p) for p in parts))
        case Not(part):
            return Not(_resolve(names, part))
        case _:
            return tree


def _field(names: _Names, field: Field) -> Tree:
    return _RESOLVERS[field.name](names, field)


def _unknown(field: Field, what: str, known: Sequence[str]) -> BadRequest:
    known = _nearest(field.value, known)
    return _wrong(field, f"there is no {what} {field.value!r}; {_there_are(field.value, known)}", known)


def _choice(*allowed: str) -> Callable[[_Names, Field], Tree]:
    def resolve(names: _Names, field: Field) -> Tree:
        if field.value.lower() not in allowed:
            raise _unknown(field, f"{field.name}:", allowed)
        return names.view.token(field.name, field.value.lower())

    return resolve


def _as_it_is(names: _Names, field: Field) -> Tree:
    return names.view.token(field.name, field.value.lower())


def _is(names: _Names, field: Field) -> Tree:
    if field.value.lower() == "kle":
        return names.view.token("topic", "key_leader_engagement")
    return _choice(*_IS)(names, field)


def _has(names: _Names, field: Field) -> Tree:
    if field.value.lower() == "engagement":
        raise QueryError("has:engagement is not there yet", field.position, [f"has:{v}" for v in _HAS])
    return _choice(*_HAS)(names, field)


def _near(names: _Names, field: Field) -> Tree:
    raise QueryError("near: is not there yet", field.position, sorted(n for n in _RESOLVERS if n != "near"))


def _topic_field(names: _Names, field: Field) -> Tree:
    compared = _COMPARED.fullmatch(field.value)
    slug = (compared["slug"] if compared else field.value).lower()
    known = topic_slugs(names.session)
    if "=" in slug:
        said = f"a topic is compared by >, >=, < or <=, such as topic:{slug.partition('=')[0].strip()}>0.5"
        raise _wrong(field, said, [">", ">=", "<", "<="], slug.index("="))
    if slug not in known:
        raise _unknown(replace(field, value=slug), "topic", known)
    if not compared:
        return names.view.token("topic", slug)
    bound = _probability(field, compared)
    return Condition(names.view.scored(slug, compared["op"], bound))


def _probability(field: Field, compared: re.Match[str]) -> float:
    written = fold(compared["bound"]).replace("٫", ".").replace(",", ".")
    if _SHARE.fullmatch(written) and float(written) <= 1:
        return float(written)
    said = f"{compared['bound']!r} is no number from 0 to 1" if written else "a number from 0 to 1 is missing"
    raise _wrong(field, said, ["0.9"], compared.start("bound"))


def _at_least(names: _Names, field: Field) -> Tree:
    """min_likes:10 and so on, of the newest counts; a post that nobody counted matches none."""
    number = fold(field.value)
    if not (number.isascii() and number.isdecimal()):
        raise _wrong(field, f"{field.value!r} is no whole number", ["10"])
    if len(number) > _MOST_DIGITS:
        raise _wrong(field, f"{field.value!r} is more than any post has", ["10"])
    return Condition(names.view.at_least(field.name.removeprefix("min_"), int(number)))


def _from(names: _Names, field: Field) -> Tree:
    key = storable(field.value).lstrip("@").lower()
    if not key:
        raise _wrong(field, "from: has no name behind the @", ["from:@CJTFOIR"])
    return names.view.handle(key)


def _actor_field(names: _Names, field: Field) -> Tree:
    known = list(names.session.execute(select(_actor.c.slug).order_by(_actor.c.slug)).scalars())
    if field.value not in known:
        raise _unknown(field, "actor", known)
    return names.view.actor(field.value)


def _source_field(names: _Names, field: Field) -> Tree:
    known: dict[str, int] = {r.name: r.id for r in names.session.execute(select(_source.c.name, _source.c.id))}
    if field.value not in known:
        raise _unknown(field, "source", sorted(known))
    return names.view.token("source", known[field.value])


def _time_field(names: _Names, field: Field) -> Tree:
    moment = _field_time(field)
    return Condition(names.view.since(moment) if field.name == "since" else names.view.until(moment))


_RESOLVERS: dict[str, Callable[[_Names, Field], Tree]] = {
    "from": _from,
    "actor": _actor_field,
    "platform": _as_it_is,
    "topic": _topic_field,
    "lang": _as_it_is,
    "kind": _choice(*KINDS),
    "has": _has,
    "is": _is,
    "source": _source_field,
    "since": _time_field,
    "until": _time_field,
    "near": _near,
    **{f"min_{name}": _at_least for name in METRICS},
}
FILTERS = tuple(_RESOLVERS)
