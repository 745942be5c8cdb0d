"""What filters mean: now, and at a moment of before, when the archive falls into two parts.

Of a post of which no version came after the moment (`Unchanged`) the row and its entry in the index say what it
was, save for what comes and goes without a version: tags, sightings, counts. Of one that changed later (`Changed`)
its version of then speaks, with the facts sealed in it. A post keeps today's id, platform and account: no history
is kept of them; its account counts where the version of then had one. What was erased since is erased then too.
"""

import operator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, not_, or_, select, text
from sqlmodel import Session

from core import addresses, times
from db import search
from db.awaited import Counted, Published, Scored, Test
from db.current import CURRENT
from db.entries import plain, token
from db.language import And, Condition, Or, Token, Tree
from db.models import Account, Actor, Metrics, Post, Sighting, Tag, Topic, Version
from db.upsert import is_sqlite, table

_post, _version, _tag, _topic = table(Post), table(Version), table(Tag), table(Topic)
_sighting, _metrics, _account, _actor = table(Sighting), table(Metrics), table(Account), table(Actor)
_known, _newer, _other = _version.alias("known"), _version.alias("newer"), _version.alias("other")
_CHANGED_EVER = text("post.versions > 1")  # a literal, so that the partial index serves it
_SECOND, _HOUR = len("2025-08-18T14:00:00"), len("2025-08-18 14")
OPS: dict[str, Test] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def in_force(moment: datetime | None) -> ColumnElement[bool]:
    """Of tags: those that hold now, or held then."""
    if moment is None:
        return _tag.c.valid_to.is_(None)  # type: ignore[no-any-return]
    return and_(_tag.c.valid_from <= moment, or_(_tag.c.valid_to.is_(None), _tag.c.valid_to > moment))


def was_current(moment: datetime) -> ColumnElement[bool]:
    """Of the versions `known`: the one of then, the last that had been seen."""
    newer = exists().where(
        _newer.c.post_id == _known.c.post_id,
        _newer.c.number > _known.c.number,
        _newer.c.seen_at <= moment,
        _newer.c.change != "late",
    )
    return and_(_known.c.seen_at <= moment, _known.c.change != "late", not_(newer))


def speaking(moment: datetime | None) -> tuple[Any, ColumnElement[bool]]:
    """The versions, and which of them speak for their posts: those that are current, or were then."""
    if moment is None:
        return _version, CURRENT
    return _known, and_(_known.c.post_id == _post.c.id, was_current(moment))


def views(session: Session, moment: datetime | None) -> list["Now"]:
    """The parts of the archive, and how to read each."""
    return [Now(session)] if moment is None else [Unchanged(session, moment), Changed(session, moment)]


class Now:
    """The row and its entry in the index say everything."""

    indexed = True  # a filter can be a token of the index
    holds: tuple[Any, ...] = ()  # what makes a post one of this part
    source: Any = _post
    platform: Any = _post.c.platform
    kind: Any = _post.c.kind
    lang: Any = _post.c.lang
    account_id: Any = _post.c.account_id
    tells: Any = _post.c.erasure_id.is_(None)  # its text was not erased, be it later

    def __init__(self, session: Session) -> None:
        self._session = session

    def token(self, field: str, value: object) -> Tree:
        return Token(token(field, value))

    def handle(self, key: str) -> Tree:
        """Posts of the accounts of this name, on whatever platform."""
        return self._of_accounts(_account.c.handle_key == key)

    def actor(self, slug: str) -> Tree:
        return self._of_accounts(
            _account.c.actor_id == select(_actor.c.id).where(_actor.c.slug == slug).scalar_subquery()
        )

    def _of_accounts(self, condition: ColumnElement[bool]) -> Tree:
        ids = self._session.execute(select(_account.c.id).where(condition)).scalars()
        found = [self.token("account", i) for i in ids]
        return Or(tuple(found)) if len(found) > 1 else found[0] if found else Condition(false())

    def words(self, tree: Tree) -> ColumnElement[bool]:
        """Posts that match `tree` of words (and tokens, where they are indexed)."""
        index, key, matches = search.matching(self._session, tree)
        return _post.c.id.in_(select(key).select_from(index).where(matches))  # type: ignore[no-any-return]

    def scored(self, slug: str, op: str, bound: float) -> Any:
        """Posts with a tag in force on this topic whose probability passes."""
        on_topic = _tag.c.topic_id == _topic_id(slug), in_force(None)
        return _post.c.id.in_(select(_tag.c.post_id).where(*on_topic, OPS[op](_tag.c.probability, bound)))

    def count(self, name: str) -> Any:
        return _post.c[name]

    def at_least(self, name: str, number: int) -> Any:
        """Of a post that nobody counted it is not known."""
        return self.count(name) >= number

    def key_range(self, key: Any, since: int | None, until: int | None) -> list[Any]:
        """Row keys between which posts of these times stand."""
        return ([key >= since] if since is not None else []) + ([key < until] if until is not None else [])

    def since(self, bound: datetime) -> Any:
        return _post.c.created_at >= bound

    def until(self, bound: datetime) -> Any:
        return _post.c.created_at < bound

    def hour(self) -> Any:
        """The hour of publication as text, the same on both databases: "2025-08-18 14"."""
        if is_sqlite(self._session):
            return func.substr(_post.c.created_at, 1, _HOUR)
        return func.to_char(func.timezone("UTC", _post.c.created_at), "YYYY-MM-DD HH24")


class Coming(Now):
    """Posts that are still to come, such as alerts wait for: whose account or actor is not known yet has a name."""

    def handle(self, key: str) -> Tree:
        return Token(token("handle", key))

    def actor(self, slug: str) -> Tree:
        return Token(token("actor", slug))

    def scored(self, slug: str, op: str, bound: float) -> Scored:
        return Scored(slug, OPS[op], bound, rising=op.startswith(">"))

    def at_least(self, name: str, number: int) -> Counted:
        return Counted(name, number)

    def since(self, bound: datetime) -> Published:
        return Published(bound, before=False)

    def until(self, bound: datetime) -> Published:
        return Published(bound, before=True)


class Unchanged(Now):
    """Posts whose version of then is the current one."""

    def __init__(self, session: Session, moment: datetime) -> None:
        super().__init__(session)
        self._moment = moment
        self.holds = (_post.c.changed_at <= moment,)

    def token(self, field: str, value: object) -> Tree:
        match field, value:
            case "topic", _:
                return Condition(
                    self._tagged(_tag.c.decision == "tagged", _tag.c.topic_id == _topic_id(str(value)))
                )
            case "is", "unsure":
                return Condition(self._tagged(_tag.c.decision == "unsure"))
            case "is", "second_hand":
                return Condition(not_(self._sighted(_sighting.c.first_hand)))
            case "source", _:
                return self._shown_by(value)
        return self._of_version(field, value)

    def scored(self, slug: str, op: str, bound: float) -> Any:
        return self._tagged(OPS[op](_tag.c.probability, bound), _tag.c.topic_id == _topic_id(slug))

    def count(self, name: str) -> Any:
        """The newest of this kind that had been observed."""
        counted = _metrics.c.post_id == _post.c.id, _metrics.c.observed_at <= self._moment
        newest = select(_metrics.c[name]).where(*counted, _metrics.c[name].is_not(None)).correlate(_post)
        return newest.order_by(_metrics.c.observed_at.desc()).limit(1).scalar_subquery()

    def _of_version(self, field: str, value: object) -> Tree:
        return super().token(field, value)

    def _shown_by(self, source_id: object) -> Tree:
        """Who had shown it by then shows it today too: the token finds them quickly."""
        had = self._sighted(_sighting.c.source_id == source_id)
        return And((super().token("source", source_id), Condition(had)))

    def _sighted(self, condition: Any) -> ColumnElement[bool]:
        return exists().where(_sighting.c.post_id == _post.c.id, _sighting.c.seen_at <= self._moment, condition)

    def _tagged(self, *conditions: Any) -> ColumnElement[bool]:
        """Still in force, or closed since: SQLite has an index for each, PostgreSQL joins one test, but not two."""
        held = exists().where(_tag.c.post_id == _post.c.id, _tag.c.valid_from <= self._moment, *conditions)
        open_, closed = _tag.c.valid_to.is_(None), _tag.c.valid_to > self._moment
        if is_sqlite(self._session):
            return or_(held.where(open_), held.where(closed))
        return held.where(or_(open_, closed))


class Changed(Unchanged):
    """Posts of which a version came later: the one of then and its facts speak."""

    indexed = False
    source = _post.join(_known, _known.c.post_id == _post.c.id)
    kind = _known.c.facts["kind"].as_string()
    lang = _known.c.facts["lang"].as_string()
    account_id = case((_known.c.facts["account"].as_string().is_not(None), _post.c.account_id))
    tells = _known.c.erasure_id.is_(None)
    _created = func.substr(_known.c.facts["created_at"].as_string(), 1, _SECOND)

    def __init__(self, session: Session, moment: datetime) -> None:
        super().__init__(session, moment)
        self.holds = (_CHANGED_EVER, _post.c.changed_at > moment, was_current(moment))

    def words(self, tree: Tree) -> ColumnElement[bool]:
        return _known.c.id.in_(search.matching_old(self._session, tree))  # type: ignore[no-any-return]

    def key_range(self, key: Any, since: int | None, until: int | None) -> list[Any]:
        """Its time then may have been another than today's, and so its key."""
        return []

    def since(self, bound: datetime) -> Any:
        return self._created >= times.text(bound)[:_SECOND]

    def until(self, bound: datetime) -> Any:
        return self._created < times.text(bound)[:_SECOND]

    def hour(self) -> Any:
        return func.replace(func.substr(self._created, 1, _HOUR), "T", " ")

    def _of_version(self, field: str, value: object) -> Tree:
        return Condition(func.coalesce(self._said(field, value), false()))  # unknown is no, and its opposite yes

    def _said(self, field: str, value: object) -> Any:
        named = {"platform": _post.c.platform, "kind": self.kind, "lang": self.lang}
        if field in named:
            return func.lower(named[field]) == plain(value)
        return self.account_id == value if field == "account" else self._flags()[field, value]

    def _flags(self) -> dict[tuple[str, object], Any]:
        return {
            ("is", "edited"): self._had(_other.c.change == "edit", _other.c.seen_at <= self._moment),
            ("is", "deleted"): self._was_gone(),
            ("is", "erased"): not_(self.tells),
            ("is", "synthetic"): _post.c.synthetic,
            ("has", "media"): self._length(_known.c.media) > 0,
            ("has", "link"): or_(self._length(_known.c.links) > 0, self._has_address()),
        }

    def _shown_by(self, source_id: object) -> Tree:
        return Condition(self._sighted(_sighting.c.source_id == source_id))

    def _had(self, *conditions: Any) -> Any:
        return exists().where(_other.c.post_id == _post.c.id, *conditions)

    def _was_gone(self) -> Any:
        """As `db.whole` tells it: its last version says so, or its only one, gone when it was first seen."""
        at_first = or_(
            func.coalesce(_known.c.facts["deleted"].as_boolean(), False),
            _post.c.deleted_at == _known.c.seen_at,
            self._had(_other.c.number == 2, _other.c.change == "restore"),
        )
        return or_(_known.c.change == "delete", and_(_known.c.number == 1, at_first))

    def _has_address(self) -> Any:
        """As `addresses.stands_in`."""
        if is_sqlite(self._session):
            patterns = (f"*{addresses.SCHEME}{s}://{addresses.BEGUN}*" for s in ("", "[sS]"))
            return or_(*(_known.c.text.op("GLOB", is_comparison=True)(pattern) for pattern in patterns))
        return _known.c.text.regexp_match(f"{addresses.SCHEME}[sS]?://{addresses.BEGUN}")

    def _length(self, listed: Any) -> Any:
        return (func.json_array_length if is_sqlite(self._session) else func.jsonb_array_length)(listed)


def _topic_id(slug: str) -> Any:
    return select(_topic.c.id).where(_topic.c.slug == slug).scalar_subquery()
