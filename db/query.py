"""PostQuery: the URL, the page, the alert's rule and the export's selection are this one object.

`build` reads what people write; `selection` turns it into one statement that yields row keys, in key order, and
stops early: everything that has a token in the index is one full-text match, the rest are plain conditions.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select
from sqlmodel import Session

from core import times
from core.errors import BadRequest, QueryError
from core.post import KINDS, METRICS
from core.text import storable
from db import language, search
from db.entries import token
from db.language import And, Condition, Field, Not, Or, Phrase, Prefix, Token, Tree, join
from db.models import Account, Actor, Post, Source, Tag, Topic
from db.upsert import table

KEY_BITS = 12  # of a row key are the sequence within one second
_SPILL = 3600  # seconds by which a crowded date's keys may run ahead of its time
_COMPARED = re.compile(r"(?P<slug>[\w-]+)(?P<op>>=|<=|>|<)(?P<bound>[\d.]+)")
_OPS: dict[str, Callable[[Any, float], Any]] = {
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
}  # fmt: skip
_HAS = ("media", "link")
_IS = ("kle", "edited", "deleted", "erased", "unsure", "second_hand", "synthetic")
_SHOW_ERASED = ("deleted", "erased")  # who asks for these is shown tombstones
_post, _account, _actor, _source = table(Post), table(Account), table(Actor), table(Source)
_tag, _topic = table(Tag), table(Topic)


def first_key(moment: datetime) -> int:
    """The least row key of a post published at `moment` or later."""
    return int(times.utc(moment).timestamp() // 1) << KEY_BITS


@dataclass(frozen=True)
class PostQuery:
    """`tree` as written, names unresolved; `q` and the filters as the URL had them, for links and records."""

    q: str = ""
    tree: Tree | None = None
    since: datetime | None = None
    until: datetime | None = None
    tombstones: bool = False  # posts whose text was erased too, though the query does not ask for them

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
        if as_of:
            raise BadRequest(
                "as_of is there for one post, /api/v1/posts/{id}?as_of=; lists answer for now only",
                parameter="as_of",
            )
        filters = {"from": account, "actor": actor, "platform": platform, "lang": lang, "kind": kind}
        fields = [Field(name, value, 0) for name, value in filters.items() if value]
        fields += [Field("topic", slug, 0) for slug in topics]
        tree = join([language.parse(q), *fields])
        bounds = {"since": time_of("since", since), "until": time_of("until", until)}
        for field in _top_fields(tree):
            if field.name in bounds:
                found = _field_time(field)
                known = bounds[field.name]
                pick = max if field.name == "since" else min
                bounds[field.name] = found if known is None else pick(known, found)
        return cls(q, tree, bounds["since"], bounds["until"])

    def asks_only(self, name: str, value: str) -> bool:
        """Whether, times apart, this filter is all that it asks."""
        parts = self.tree.parts if isinstance(self.tree, And) else (self.tree,)
        fields = [(p.name, p.value.lower()) if isinstance(p, Field) else None for p in parts]
        return [f for f in fields if f is None or f[0] not in ("since", "until")] == [(name, value)]


def time_of(name: str, value: str | None) -> datetime | None:
    """A parameter that is a time. Raises BadRequest."""
    if not value:
        return None
    try:
        return times.parse(value)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name}={value} is not a date such as 2025-07-01 or a time such as 2025-07-01T12:00:00Z",
                         parameter=name) from None  # fmt: skip


def _top_fields(tree: Tree | None) -> list[Field]:
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return [p for p in parts if isinstance(p, Field)]


def _field_time(field: Field) -> datetime:
    try:
        return times.parse(field.value)
    except (ValueError, OverflowError):
        expected = ["a date such as 2025-07-01", "a time such as 2025-07-01T12:00:00Z"]
        place = field.position + len(field.name) + 1
        raise QueryError(f"{field.value!r} is neither a date nor a time", place, expected) from None


@dataclass(frozen=True, slots=True)
class Selection:
    """The posts of one query: `keys()` selects row keys; `key` is the column to order and page by."""

    source: Any
    key: ColumnElement[int]
    conditions: tuple[ColumnElement[bool], ...]

    def keys(self, *more: ColumnElement[bool]) -> Select[Any]:
        return select(self.key.label("id")).select_from(self.source).where(*self.conditions, *more)


def selection(session: Session, query: PostQuery, *needed: ColumnElement[bool]) -> Selection:
    """Resolve the names of `query` against the archive and plan it, with conditions on posts that are `needed` too.

    Raises QueryError for unknown names.
    """
    resolved = _resolve(session, query.tree) if query.tree is not None else None
    parts = resolved.parts if isinstance(resolved, And) else () if resolved is None else (resolved,)
    tokens = [p for p in parts if _only_tokens(p)]
    others = [_clause(session, p) for p in parts if not _only_tokens(p)] + _range(query)
    others += needed
    erased_too = query.tombstones or _asks_for_erased(query.tree)
    if not tokens:
        return Selection(_post, _post.c.id, (*others, *(() if erased_too else (_post.c.erasure_id.is_(None),))))
    tokens += [] if erased_too else [Not(Token(token("is", "erased")))]
    index, key, matches = search.matching(session, tokens[0] if len(tokens) == 1 else And(tuple(tokens)))
    bounds = tuple(_key_range(key, query))
    if not others:
        return Selection(index, key, (matches, *bounds))
    return Selection(index.join(_post, _post.c.id == key), key, (matches, *bounds, *others))


def _asks_for_erased(tree: Tree | None) -> bool:
    """A tombstone says nothing: it is an answer only to who asks for what was deleted or erased."""
    match tree:
        case Field(name, value):
            return name == "is" and value.lower() in _SHOW_ERASED
        case And(parts) | Or(parts):
            return any(_asks_for_erased(part) for part in parts)
    return False


def _range(query: PostQuery) -> list[ColumnElement[bool]]:
    """Exact, on the true time; the key's range beside it lets the scan begin and end there."""
    found = list(_key_range(_post.c.id, query))
    found += [_post.c.created_at >= query.since] if query.since else []
    found += [_post.c.created_at < query.until] if query.until else []
    return found


def _key_range(key: Any, query: PostQuery) -> list[ColumnElement[bool]]:
    since = [key >= first_key(query.since)] if query.since else []
    until = [key < first_key(query.until) + (_SPILL << KEY_BITS)] if query.until else []
    return since + until


def _only_tokens(tree: Tree) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return all(_only_tokens(p) for p in parts)
        case Not(part):
            return _only_tokens(part)
        case _:
            return isinstance(tree, Token | Phrase | Prefix)


def _clause(session: Session, tree: Tree) -> ColumnElement[bool]:
    if _only_tokens(tree):
        index, key, matches = search.matching(session, tree)
        inside: ColumnElement[bool] = _post.c.id.in_(select(key).select_from(index).where(matches))
        return inside
    match tree:
        case And(parts):
            return and_(*(_clause(session, p) for p in parts))
        case Or(parts):
            return or_(*(_clause(session, p) for p in parts))
        case Not(part):
            return not_(_clause(session, part))
        case Condition(clause):
            return clause  # type: ignore[no-any-return]
    raise AssertionError(tree)


def _resolve(session: Session, tree: Tree) -> Tree:
    match tree:
        case Field():
            return _field(session, tree)
        case And(parts):
            return And(tuple(_resolve(session, p) for p in parts))
        case Or(parts):
            return Or(tuple(_resolve(session, p) for p in parts))
        case Not(part):
            return Not(_resolve(session, part))
        case _:
            return tree


def _field(session: Session, field: Field) -> Tree:
    resolver = _RESOLVERS.get(field.name)
    if resolver is None:
        names = sorted(_RESOLVERS)
        raise QueryError(f"there is no filter {field.name}:; there are {', '.join(names)}", field.position, names)
    return resolver(session, field)


def _unknown(field: Field, what: str, known: Sequence[str]) -> QueryError:
    place = field.position + len(field.name) + 1
    listed = ", ".join(known) or "none yet"
    return QueryError(f"there is no {what} {field.value!r}; there are {listed}", place, list(known))


def _choice(*allowed: str) -> Callable[[Session, Field], Tree]:
    def resolve(_session: Session, field: Field) -> Tree:
        if field.value.lower() not in allowed:
            raise _unknown(field, f"{field.name}:", allowed)
        return Token(token(field.name, field.value))

    return resolve


def _as_it_is(_session: Session, field: Field) -> Tree:
    return Token(token(field.name, field.value))


def _is(session: Session, field: Field) -> Tree:
    if field.value.lower() == "kle":
        return Token(token("topic", "key_leader_engagement"))
    return _choice(*_IS)(session, field)


def _has(session: Session, field: Field) -> Tree:
    if field.value.lower() == "engagement":
        raise QueryError("has:engagement is not there yet", field.position, [f"has:{v}" for v in _HAS])
    return _choice(*_HAS)(session, field)


def _near(_session: Session, field: Field) -> Tree:
    raise QueryError("near: is not there yet", field.position, sorted(n for n in _RESOLVERS if n != "near"))


def _topic_field(session: Session, field: Field) -> Tree:
    compared = _COMPARED.fullmatch(field.value)
    slug = compared["slug"] if compared else field.value
    known = list(session.execute(select(_topic.c.slug).order_by(_topic.c.position)).scalars())
    if slug not in known:
        raise _unknown(Field(field.name, slug, field.position), "topic", known)
    if not compared:
        return Token(token("topic", slug))
    bound = _probability(field, compared["bound"])
    wanted = select(_tag.c.post_id).join_from(_tag, _topic, _tag.c.topic_id == _topic.c.id)
    scored = _OPS[compared["op"]](_tag.c.probability, bound)
    return Condition(_post.c.id.in_(wanted.where(_topic.c.slug == slug, _tag.c.valid_to.is_(None), scored)))


def _probability(field: Field, value: str) -> float:
    try:
        bound = float(value)
    except ValueError:
        bound = -1.0
    if not 0 <= bound <= 1:
        raise QueryError(f"{value!r} is no number from 0 to 1", field.position, ["0.9"])
    return bound


def _at_least(session: Session, field: Field) -> Tree:
    """min_likes:10 and so on, of the newest counts; a post that nobody counts matches none."""
    if not (field.value.isascii() and field.value.isdecimal() and len(field.value) < 19):
        raise QueryError(f"{field.value!r} is no whole number", field.position + len(field.name) + 1, ["10"])
    return Condition(_post.c[field.name.removeprefix("min_")] >= int(field.value))


def _from(session: Session, field: Field) -> Tree:
    key = storable(field.value).lstrip("@").lower()
    return _accounts(session, _account.c.handle_key == key)


def _actor_field(session: Session, field: Field) -> Tree:
    known = list(session.execute(select(_actor.c.slug).order_by(_actor.c.slug)).scalars())
    if field.value not in known:
        raise _unknown(field, "actor", known)
    wanted = select(_actor.c.id).where(_actor.c.slug == field.value).scalar_subquery()
    return _accounts(session, _account.c.actor_id == wanted)


def _accounts(session: Session, condition: ColumnElement[bool]) -> Tree:
    found = [Token(token("account", i)) for i in session.execute(select(_account.c.id).where(condition)).scalars()]
    return Or(tuple(found)) if len(found) > 1 else found[0] if found else Condition(false())


def _source_field(session: Session, field: Field) -> Tree:
    known: dict[str, int] = {r.name: r.id for r in session.execute(select(_source.c.name, _source.c.id))}
    if field.value not in known:
        raise _unknown(field, "source", sorted(known))
    return Token(token("source", known[field.value]))


def _time_field(_session: Session, field: Field) -> Tree:
    moment = _field_time(field)
    return Condition(_post.c.created_at >= moment if field.name == "since" else _post.c.created_at < moment)


_RESOLVERS: dict[str, Callable[[Session, Field], Tree]] = {
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
