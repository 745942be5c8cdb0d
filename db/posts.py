"""What the timeline, the API and the exports read: pages, one post, its versions, everything in slices."""

import difflib
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from core import cursor, times
from core.errors import BadRequest, NotFound, TooSlow
from core.post import METRICS
from core.text import storable
from db import deadline, forms, relevance, totals, whole
from db.models import Alias, Capture, Metrics, Post, Source, Tag, Version
from db.near import Meaning
from db.query import PostQuery, selection
from db.relevance import Reads
from db.selection import Selection
from db.upsert import table

COUNTED = 10_000  # matches are counted exactly up to here
COUNTING = 0.25  # seconds that this may take
UNCERTAIN = "uncertain"  # the order of the review queue: of posts with an unsure topic, the most doubtful first
_BY_TIME = ("newest", "oldest")
SORTS = (*_BY_TIME, relevance.SORT, *METRICS, UNCERTAIN)
_WORDS = re.compile(r"\s*\S+|\s+")
_COMPARED = 4_000_000  # pairs of words: a longer rewrite is shown as one change
_post, _alias, _version, _tag, _source = table(Post), table(Alias), table(Version), table(Tag), table(Source)
_metrics, _capture = table(Metrics), table(Capture)


Item = dict[str, Any]
Pair = tuple[Item, Item]  # a post as it was asked for, and as it is today: by the terms of that one it leaves


@dataclass(frozen=True, slots=True)
class PostPage:
    """`today` has each of `items` as it is today (`Pair`). `total` is a number, or {"at_least": n} above the
    bound."""

    items: list[Item]
    today: list[Item]
    next_cursor: str | None
    total: int | dict[str, int]


def page(
    session: Session,
    query: PostQuery,
    sort: str = "newest",
    limit: int = 50,
    after: str | None = None,
    meaning: Meaning | None = None,
    reads: Reads | None = None,
) -> PostPage:
    """One page in key order; or by a count, the most first; or by doubt, the most doubtful first: of posts that
    have such; or by relevance, for which the vectors (`meaning`) serve and who `reads` the query's words.

    The cursor names the last place, so that it stays right while posts arrive. As of a moment the order by time is
    that of today's row keys: a post whose exact time got known later stands where it belongs.
    """
    if sort not in SORTS:
        raise BadRequest(f"sort={sort} is not one of {', '.join(SORTS)}", parameter="sort")
    if sort == UNCERTAIN:
        query = _of_doubt(query)
    count = None if sort in (*_BY_TIME, relevance.SORT) else "doubt" if sort == UNCERTAIN else sort
    found = selection(session, query, count)
    if sort == relevance.SORT:
        keys, following = relevance.keys(session, query, found, limit, after, meaning, reads)
    else:
        rows = session.execute(_ordered(found, sort, after, limit + 1)).all()
        keys, following = [row.id for row in rows[:limit]], None
        if len(rows) > limit:
            following = cursor.encode(sort, *rows[limit - 1])
    pairs = _forms(session, query, keys)
    items, today = [post for post, _ in pairs], [post for _, post in pairs]
    seen = len(keys) + (following is not None)
    whole = after is None and not following
    return PostPage(items, today, following, seen if whole else counted(session, found.keys(), seen, found.asked))


def _of_doubt(query: PostQuery) -> PostQuery:
    if query.as_of:
        raise BadRequest("sort=uncertain is the order of what waits for a person now: leave as_of out, or take "
                         "another sort", parameter="sort")  # fmt: skip
    # all that have a doubt are unsure: matching the word first would be for nothing
    return replace(query, tree=None) if query.asks_only("is", "unsure") else query


def _forms(session: Session, query: PostQuery, keys: Sequence[int]) -> list[Pair]:
    if query.as_of:
        return whole.pairs(session, keys, query.as_of)
    return [(post, post) for post in forms.posts(session, keys)]


def _ordered(found: Selection, sort: str, after: str | None, limit: int) -> Any:
    """Rows of (key), or of (key, count or doubt)."""
    if sort in _BY_TIME:
        return found.by_key(sort == "newest", cursor.decode(after, sort)[0] if after else None, limit)
    return found.by_order(sort == UNCERTAIN, cursor.decode(after, sort, parts=2) if after else None, limit)


def counted(session: Session, keys: Any, seen: int = 0, asked: Hashable | None = None) -> int | dict[str, int]:
    """How many rows this selects: exactly, or {"at_least": n} above the bound; of those that cannot be counted in
    time, as many as were seen. What was `asked` of the index alone is counted once."""
    bounded = select(func.count()).select_from(keys.limit(COUNTED + 1).subquery())

    def count() -> int:
        with deadline.briefly(session, COUNTING):
            return int(session.execute(bounded).scalar_one())

    try:
        found = totals.once(session, asked, count)
    except TooSlow:
        return {"at_least": seen}
    return found if found <= COUNTED else {"at_least": COUNTED}


def key_of(session: Session, public_id: str) -> int:
    """The row key of a post by any of its ids. Raises NotFound."""
    key = find_key(session, public_id)
    if key is None:
        raise NotFound(f"the archive has no post {public_id!r}; an id is platform:platform_id")
    return key


def find_key(session: Session, public_id: str) -> int | None:
    """As `key_of`; None where the archive has no such post."""
    platform, _, platform_id = storable(public_id).partition(":")
    own = select(_post.c.id).where(_post.c.platform == platform, _post.c.platform_id == platform_id)
    other = select(_alias.c.post_id).where(_alias.c.public_id == storable(public_id))
    key: int | None = session.execute(own).scalar() or session.execute(other).scalar()
    return key


def get(session: Session, public_id: str, moment: datetime | None = None) -> Item:
    """One post by any of its ids, now or as it was known at `moment`. Raises NotFound."""
    return pair(session, public_id, moment)[0]


def pair(session: Session, public_id: str, moment: datetime | None = None) -> Pair:
    """As `get`, and the post as it is today."""
    key = key_of(session, public_id)
    if moment:
        return whole.pair(session, key, moment)
    now = forms.posts(session, [key])[0]
    return now, now


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


def versions(session: Session, public_id: str, moment: datetime | None = None) -> list[dict[str, Any]]:
    """Its history as it was learned, or what was known of it at `moment`, oldest first, each version with the
    difference to the one before, word by word (late ones aside)."""
    key = key_of(session, public_id)
    statement = (
        select(_version, _source.c.name, _capture.c.sha256, _capture.c.fetched_at)
        .join_from(_version, _source, isouter=True)
        .join(_capture, _capture.c.id == _version.c.capture_id, isouter=True)
        .where(_version.c.post_id == key, *([] if moment is None else [_version.c.seen_at <= moment]))
        .order_by(_version.c.number)
    )
    tags = _tags_of_versions(session, key, moment)
    history, before = [], None
    for row in session.execute(statement):
        history.append(_version_form(row, before, tags.get(row.id, [])))
        if row.change != "late":
            before = None if row.erasure_id else row
    return history


def _tags_of_versions(session: Session, key: int, moment: datetime | None) -> dict[int, list[dict[str, Any]]]:
    """By version; of what was closed after the moment nobody knew then that it would be."""
    given = [] if moment is None else [_tag.c.valid_from <= moment]
    tags: dict[int, list[dict[str, Any]]] = {}
    for row in forms.tag_rows(session, _tag.c.post_id == key, *given):
        ended = row.valid_to and (moment is None or times.parse(row.valid_to) <= moment)
        said = {**forms.tag_form(row, row.text_sha256), "valid_from": row.valid_from}
        tags.setdefault(row.version_id, []).append({**said, "valid_to": row.valid_to if ended else None})
    return tags


def _version_form(row: Any, before: Any, tags: list[dict[str, Any]]) -> dict[str, Any]:
    compared = before is not None and row.erasure_id is None
    return {
        "number": row.number,
        "change": row.change,
        "text": None if row.erasure_id else row.text,
        "links": row.links,
        "media": forms.media(row.media),
        "seen_at": times.text(row.seen_at),
        "source": row.name,
        "first_hand": row.view > 0,
        "digest": row.digest,
        "text_sha256": row.text_sha256,
        "erased": row.erasure_id is not None,
        "capture": {"sha256": row.sha256, "fetched_at": times.text(row.fetched_at)} if row.sha256 else None,
        "merged": row.facts.get("merged"),
        "tags": tags,
        "diff": difference(before.text, row.text) if compared else [],
        "attached": _attached(before, row) if compared else [],
    }


def _attached(before: Any, row: Any) -> list[dict[str, str]]:
    """[{"op": removed | added, "what": link | media, "url"}] against the version before."""
    found = []
    for what, old, new in (
        ("link", before.links, row.links),
        ("media", [m["url"] for m in before.media], [m["url"] for m in row.media]),
    ):
        found += [{"op": "removed", "what": what, "url": url} for url in old if url not in new]
        found += [{"op": "added", "what": what, "url": url} for url in new if url not in old]
    return found


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
