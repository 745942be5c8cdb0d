"""What the timeline, the API and the exports read: pages, one post, its versions, everything in slices."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session

from core import cursor, times
from core.errors import BadRequest, NotFound
from core.post import METRICS
from core.text import storable
from db import as_of, forms
from db.models import Alias, Metrics, Post, Source, Tag, Version
from db.query import PostQuery, Selection, selection
from db.upsert import table

COUNTED = 10_000  # matches are counted exactly up to here
UNCERTAIN = "uncertain"  # the order of the review queue: of posts with an unsure topic, the most doubtful first
SORTS = ("newest", "oldest", *METRICS, UNCERTAIN)
_WORDS = re.compile(r"\s*\S+|\s+")
_COMPARED = 4_000_000  # pairs of words: a longer rewrite is shown as one change
_post, _alias, _version, _tag, _source = table(Post), table(Alias), table(Version), table(Tag), table(Source)
_metrics = table(Metrics)


@dataclass(frozen=True, slots=True)
class PostPage:
    """`total` is a number, or {"at_least": n} above the bound."""

    items: list[dict[str, Any]]
    next_cursor: str | None
    total: int | dict[str, int]


def page(
    session: Session, query: PostQuery, sort: str = "newest", limit: int = 50, after: str | None = None
) -> PostPage:
    """One page in key order; or by a count, the most first; or by doubt, the most doubtful first: of posts that
    have such.

    The cursor names the last place, so that it stays right while posts arrive.
    """
    if sort not in SORTS:
        known = ", ".join(SORTS) + (" (relevance is not there yet)" if sort == "relevance" else "")
        raise BadRequest(f"sort={sort} is not one of {known}", parameter="sort")
    column = _column(sort)
    if sort == UNCERTAIN and query.asks_only("is", "unsure"):
        query = replace(query, tree=None)  # all that have a doubt are: matching the word first would be for nothing
    found = selection(session, query, *([] if column is None else [column.is_not(None)]))
    rows = session.execute(_ordered(found, sort, after).limit(limit + 1)).all()
    following = cursor.encode(sort, *rows[limit - 1]) if len(rows) > limit else None
    return PostPage(
        forms.posts(session, [row.id for row in rows[:limit]]), following, counted(session, found.keys())
    )


def _column(sort: str) -> Any:
    """What a sort orders by, where that is not the key."""
    return _post.c.doubt if sort == UNCERTAIN else _post.c[sort] if sort in METRICS else None


def _ordered(found: Selection, sort: str, after: str | None) -> Any:
    """Rows of (key), or of (key, count or doubt)."""
    column = _column(sort)
    if column is not None:
        return _by_column(found, column, sort, after)
    place = cursor.decode(after, sort)[0] if after else None
    if sort == "newest":
        later = () if place is None else (found.key < place,)
        return found.keys(*later).order_by(found.key.desc())
    later = () if place is None else (found.key > place,)
    return found.keys(*later).order_by(found.key)


def _by_column(found: Selection, column: Any, sort: str, after: str | None) -> Any:
    """Counts fall, doubts rise: both are in the order of an index, whose scan begins at the cursor's place."""
    rising = sort == UNCERTAIN
    order = (column, found.key) if rising else (column.desc(), found.key.desc())
    statement = found.keys().add_columns(column).order_by(*order)
    if not after:
        return statement
    key, last = cursor.decode(after, sort, parts=2)
    if rising:
        return statement.where(column >= last, or_(column > last, found.key > key))
    return statement.where(column <= last, or_(column < last, found.key < key))


def counted(session: Session, keys: Any) -> int | dict[str, int]:
    """How many rows this selects: exactly, or {"at_least": n} above the bound."""
    bounded = keys.limit(COUNTED + 1).subquery()
    count = int(session.execute(select(func.count()).select_from(bounded)).scalar_one())
    return count if count <= COUNTED else {"at_least": COUNTED}


def slices(session: Session, query: PostQuery, size: int = 500) -> Iterator[list[dict[str, Any]]]:
    """Every match, oldest first, `size` at a time."""
    found, after = selection(session, query), None
    while True:
        keys = list(session.execute(_ordered(found, "oldest", after).limit(size)).scalars())
        if keys:
            yield forms.posts(session, keys)
        if len(keys) < size:
            return
        after = cursor.encode("oldest", keys[-1])


def key_of(session: Session, public_id: str) -> int:
    """The row key of a post by any of its ids. Raises NotFound."""
    platform, _, platform_id = storable(public_id).partition(":")
    own = select(_post.c.id).where(_post.c.platform == platform, _post.c.platform_id == platform_id)
    other = select(_alias.c.post_id).where(_alias.c.public_id == storable(public_id))
    key = session.execute(own).scalar() or session.execute(other).scalar()
    if key is None:
        raise NotFound(f"the archive has no post {public_id!r}; an id is platform:platform_id")
    return int(key)


def get(session: Session, public_id: str, moment: datetime | None = None) -> dict[str, Any]:
    """One post by any of its ids, now or as it was known at `moment`. Raises NotFound."""
    key = key_of(session, public_id)
    return as_of.post(session, key, moment) if moment else forms.posts(session, [key])[0]


def resolve(session: Session, public_id: str) -> str:
    """The post's own id. Raises NotFound."""
    key = key_of(session, public_id)
    row = session.execute(select(_post.c.platform, _post.c.platform_id).where(_post.c.id == key)).one()
    return f"{row.platform}:{row.platform_id}"


def metrics(session: Session, public_id: str) -> list[dict[str, Any]]:
    """Its counts as they changed, oldest first."""
    statement = select(_metrics).where(_metrics.c.post_id == key_of(session, public_id))
    rows = session.execute(statement.order_by(_metrics.c.observed_at))
    return [
        {**{name: getattr(r, name) for name in METRICS}, "observed_at": times.text(r.observed_at)} for r in rows
    ]


def versions(session: Session, public_id: str) -> list[dict[str, Any]]:
    """Its history as it was learned, each with the difference to the one before, word by word (late ones aside)."""
    key = key_of(session, public_id)
    statement = (
        select(_version, _source.c.name)
        .join_from(_version, _source, isouter=True)
        .where(_version.c.post_id == key)
        .order_by(_version.c.number)
    )
    tags: dict[int, list[dict[str, Any]]] = {}
    for row in forms.tag_rows(session, _tag.c.post_id == key):
        said = {**forms.tag_form(row, row.text_sha256), "valid_from": times.text(row.valid_from)}
        said["valid_to"] = times.text(row.valid_to) if row.valid_to else None
        tags.setdefault(row.version_id, []).append(said)
    history, before = [], None
    for row in session.execute(statement):
        history.append(_version_form(row, before, tags.get(row.id, [])))
        if row.change != "late":
            before = None if row.erasure_id else row.text
    return history


def _version_form(row: Any, before: str | None, tags: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": row.number,
        "change": row.change,
        "text": None if row.erasure_id else row.text,
        "links": row.links,
        "media": row.media,
        "seen_at": times.text(row.seen_at),
        "source": row.name,
        "first_hand": row.view > 0,
        "digest": row.digest,
        "text_sha256": row.text_sha256,
        "erased": row.erasure_id is not None,
        "merged": row.facts.get("merged"),
        "tags": tags,
        "diff": difference(before, row.text) if before is not None and row.erasure_id is None else [],
    }


def difference(before: str, after: str) -> list[dict[str, str]]:
    """[{"op": same | removed | added, "text"}]; same and added make `after`, same and removed make `before`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts: list[dict[str, str]] = []
    for same, a, b, c, d in _steps(old, new):
        if same:
            parts.append({"op": "same", "text": "".join(old[a:b])})
            continue
        parts += [{"op": "removed", "text": "".join(old[a:b])}] if a < b else []
        parts += [{"op": "added", "text": "".join(new[c:d])}] if c < d else []
    return parts


def _steps(old: list[str], new: list[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """What begins and ends alike is left out of the comparing, whose cost grows with the square of the rest."""
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - start
    end = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    last_old, last_new = len(old) - end, len(new) - end
    if start:
        yield True, 0, start, 0, start
    if (last_old - start) * (last_new - start) > _COMPARED:
        yield False, start, last_old, start, last_new
    else:
        middle = difflib.SequenceMatcher(None, old[start:last_old], new[start:last_new], autojunk=False)
        for op, a, b, c, d in middle.get_opcodes():
            yield op == "equal", start + a, start + b, start + c, start + d
    if end:
        yield True, last_old, len(old), last_new, len(new)
