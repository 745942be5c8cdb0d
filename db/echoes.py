"""Echoes: the posts that say the same as one post, who published first, and how far apart.

Nothing is stored for it. The index knows every word with its place, so a post's echoes are the answer to a query:
any three neighbouring words of its text, within four weeks of it. A copy, a text cut off and a quotation inside an
article all share such neighbours; which of them say the same, `core.sameness` decides on their texts. So there is
nothing to erase, to check, to rebuild or to migrate, and a moment of before is answered by the same query.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from sqlalchemy import select
from sqlmodel import Session

from core import cursor, ids, sameness, times
from core.lags import NO_LAG, Lag, Published
from core.sameness import Said
from db import posts, then, whole
from db.language import Or, Phrase, Tree
from db.models import Alias, Post
from db.query import PostQuery, selection
from db.slices import chunks
from db.upsert import table

REACH = timedelta(days=28)  # between an announcement and its echoes
MOST = 4000  # candidates whose texts are compared, the nearest first
_COMPARED = 4_000_000  # characters of theirs
_AT_ONCE = 200
_READ = 20_000  # row keys from the index
_NEIGHBOURS = 3  # words of a phrase, and from one to the next: whoever shares five in a row shares one
_PHRASES = 250  # of one query
_KIND = "echoes"  # of a cursor
_MICROSECOND = timedelta(microseconds=1)
_T = TypeVar("_T")
_post, _alias = table(Post), table(Alias)
Relation = Literal["first", "this", "copy", "excerpt", "fuller", "repost", "quote"]
NAMING: tuple[Relation, ...] = ("repost", "quote")  # what a post is that names the one it repeats


@dataclass(frozen=True, slots=True)
class Echo:
    """One post of the group. `overlap` is None where its text was not asked; `names` where it names the post."""

    key: int
    platform: str
    platform_id: str
    account_id: int | None
    created_at: datetime
    precision: str
    overlap: float | None
    relation: Relation

    @property
    def id(self) -> str:
        return ids.public_id(self.platform, self.platform_id)

    @property
    def published(self) -> Published:
        return Published.of(self.created_at, self.precision)

    @property
    def names(self) -> bool:
        return self.relation in NAMING


@dataclass(frozen=True, slots=True)
class Echoes:
    """The group in order of publication, the first one first; `complete` where all candidates were compared."""

    asked: int  # row key of the post that was compared with all others
    echoes: tuple[Echo, ...]
    certain: bool
    since: datetime
    until: datetime
    complete: bool

    def lag(self, echo: Echo) -> Lag:
        """From the first to this one."""
        first = self.echoes[0]
        return NO_LAG if echo is first else Lag.between(first.published, echo.published, after=echo.names)

    def of(self, key: int) -> Echo | None:
        return next((echo for echo in self.echoes if echo.key == key), None)

    def page(self, limit: int, after: str | None) -> tuple[Sequence[Echo], str | None]:
        """The cursor names the last place, so that it stays right while posts arrive."""
        place = cursor.decode(after, _KIND, parts=3) if after else None
        rest = [echo for echo in self.echoes if place is None or self._place(echo) > place]
        more = len(rest) > limit
        return rest[:limit], cursor.encode(_KIND, *self._place(rest[limit - 1])) if more else None

    def _place(self, echo: Echo) -> list[int]:
        """The first one first."""
        latest, key = _place(echo)
        return [int(echo is not self.echoes[0]), (latest - times.EARLIEST) // _MICROSECOND, key]

    def by_platform(self) -> dict[str, list[Echo]]:
        return _grouped(self.echoes, lambda echo: echo.platform)

    def by_account(self) -> dict[int | None, list[Echo]]:
        return _grouped(self.echoes, lambda echo: echo.account_id)


def echoes(session: Session, key: int, moment: datetime | None = None) -> Echoes:
    """The group of the post with this row key, now or as it was known at `moment`; that of a repost is the group of
    what it repeats. It is empty if the text was erased. Raises NotFound if the post was not known yet."""
    if moment:
        whole.pair(session, key, moment)
    asked = _asked(session, key, moment)
    since, until = _time(asked) - REACH, _time(asked) + REACH
    if asked.erasure_id is not None:
        return Echoes(asked.id, (), True, since, until, True)
    query = PostQuery(tree=_neighbours(asked.text), since=since, until=until, as_of=moment)
    keys, complete = _candidates(session, asked.id, query) if query.tree else ([], True)
    found, all_compared = _alike(session, Said(asked.text), keys, moment)
    for row in _naming(session, asked, moment):
        relation: Relation = "repost" if row.kind == "repost" else "quote"
        found[row.id] = _echo(row, found[row.id].overlap if row.id in found else None, relation)
    found[asked.id] = _echo(asked, 1.0, "repost" if asked.kind == "repost" else "this")
    return Echoes(asked.id, *_ordered(found.values()), since, until, complete and all_compared)


def _asked(session: Session, key: int, moment: datetime | None) -> Any:
    """The post, or the one that it repeats, if the archive has its text."""
    (asked,) = _rows(session, _post.c.id == key, moment)
    if asked.kind != "repost" or not asked.repeats or asked.erasure_id is not None:
        return asked
    repeated = posts.find_key(session, asked.repeats)
    rows = _rows(session, _post.c.id == repeated, moment) if repeated is not None else ()
    return next((row for row in rows if row.erasure_id is None), asked)


def _grouped(found: Iterable[Echo], name: Callable[[Echo], _T]) -> dict[_T, list[Echo]]:
    """In the order in which they joined in."""
    groups: dict[_T, list[Echo]] = {}
    for echo in found:
        groups.setdefault(name(echo), []).append(echo)
    return groups


def _ordered(group: Iterable[Echo]) -> tuple[tuple[Echo, ...], bool]:
    """By the time by which each was out, the first one first; and whether it surely was."""
    found = sorted(group, key=_place)
    able = [echo for echo in found if not echo.names] or found
    first = able[0]
    certain = all(first.published.surely_before(echo.published) for echo in able[1:])
    return (replace(first, relation="first"), *(echo for echo in found if echo is not first)), certain


def _place(echo: Echo) -> tuple[datetime, int]:
    return echo.published.latest, echo.key


def _echo(row: Any, overlap: float | None, relation: Relation) -> Echo:
    return Echo(row.id, row.platform, row.platform_id, row.account_id, _time(row), row.precision, overlap, relation)


def _time(row: Any) -> datetime:
    """Of a moment of before it is told by sealed facts, which are texts."""
    return times.parse(row.created_at) if isinstance(row.created_at, str) else row.created_at


def _alike(
    session: Session, own: Said, keys: Sequence[int], moment: datetime | None
) -> tuple[dict[int, Echo], bool]:
    """Those of these posts that say the same; and whether all were compared."""
    found: dict[int, Echo] = {}
    room = _COMPARED
    for some in chunks(keys, _AT_ONCE):
        if room <= 0:
            return found, False
        for row in _rows(session, _post.c.id.in_(some), moment):
            room -= len(row.text)
            if alike := sameness.likeness(own, Said(row.text)):
                found[row.id] = _echo(row, round(alike.overlap, 3), alike.kind)
    return found, True


def _neighbours(said: str) -> Tree | None:
    """Any of its phrases, side by side, fewer of a long text; a text too short for one is a phrase itself."""
    found = sameness.runs(said)
    words = sum(map(len, found))
    step = max(_NEIGHBOURS, -(-words // _PHRASES))
    phrases = [tuple(run[at : at + _NEIGHBOURS]) for run in found for at in _starts(len(run), step)]
    parts = [Phrase(p) for p in dict.fromkeys(phrases or [tuple(run) for run in found])]
    return Or(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None


def _starts(length: int, step: int) -> list[int]:
    """Where phrases begin, the last one at the end."""
    last = length - _NEIGHBOURS
    return sorted({*range(0, last, step), last}) if last >= 0 else []


def _candidates(session: Session, key: int, query: PostQuery) -> tuple[list[int], bool]:
    """Row keys of the other posts with such a phrase, the nearest in time; and whether these are all."""
    found = session.execute(selection(session, query).by_key(True, None, _READ)).scalars().all()
    nearest = sorted((other for other in found if other != key), key=lambda other: abs(other - key))
    return nearest[:MOST], len(nearest) <= MOST and len(found) < _READ


def _rows(session: Session, chosen: Any, moment: datetime | None) -> Sequence[Any]:
    """These posts with what they say, or said at `moment`; none that was not known then."""
    version, speaks = then.speaking(moment)
    then_at, then_exact = (version.c.facts[name].as_string() for name in ("created_at", "precision"))
    statement = (
        select(
            _post.c.id, _post.c.platform, _post.c.platform_id, _post.c.kind, _post.c.repeats,
            version.c.erasure_id, version.c.text,
            (then.Changed.account_id if moment else _post.c.account_id).label("account_id"),
            (then_at if moment else _post.c.created_at).label("created_at"),
            (then_exact if moment else _post.c.precision).label("precision"),
        )
        .join_from(_post, version, speaks)
        .where(chosen)
        .order_by(_post.c.id)
    )  # fmt: skip
    return session.execute(statement).all()


def _naming(session: Session, asked: Any, moment: datetime | None) -> list[Any]:
    """Posts that name this one, or the one that it repeats itself, whenever they did."""
    names = _names(session, asked.id) | ({asked.repeats} if asked.kind == "repost" and asked.repeats else set())
    by_name = select(_post.c.id).where(_post.c.repeats.in_(names), _post.c.erasure_id.is_(None))
    keys = list(session.execute(by_name.order_by(_post.c.id).limit(MOST)).scalars())
    return [row for some in chunks(keys) for row in _rows(session, _post.c.id.in_(some), moment)]


def _names(session: Session, key: int) -> set[str]:
    """The public ids of a post."""
    own = session.execute(select(_post.c.platform, _post.c.platform_id).where(_post.c.id == key)).one()
    others = session.execute(select(_alias.c.public_id).where(_alias.c.post_id == key)).scalars()
    return {ids.public_id(*own), *others}
