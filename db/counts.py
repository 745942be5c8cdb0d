"""How many: per time bucket and per topic, account, platform and so on; any query, exact.

What is asked of now is counted in memory, from narrow columns of all posts (`db.matches`), the same on both
databases; what is asked as of a moment, by the database (`db.counts_then`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session

from core import garbage
from db import buckets, counts_then
from db.columns import LABELS, Codes
from db.entries import topic_slugs
from db.matches import Matches, matches
from db.models import Account, Actor, Post, Run, Version
from db.query import PostQuery
from db.upsert import table

_CELLS = 1 << 18  # of buckets and sets of some topics: as many as a processor has at hand
_MOST_BITS = 6
_post, _account, _actor = table(Post), table(Account), table(Actor)
_run, _version = table(Run), table(Version)
Histogram = tuple[Any, Any, Sequence[str], Any]  # starts, posts a bucket, topics, posts a topic and bucket


@garbage.paused()
def timeline(session: Session, query: PostQuery, interval: str) -> list[dict[str, Any]]:
    """[{"start", "count", "topics": {slug: n}}] from the first to the last match, empty buckets too; weeks begin
    on Monday, all in UTC. Raises BadRequest for an interval that is none or too fine for the range."""
    buckets.check(interval)
    found = _now(session, query, interval) if query.as_of is None else _then(session, query, interval)
    if found is None:
        return []
    starts, totals, slugs, topics = found
    rows = zip(buckets.texts(starts), totals.tolist(), topics.T.tolist(), strict=True)
    return [
        {"start": start, "count": count, "topics": {slug: n for slug, n in zip(slugs, row, strict=False) if n}}
        for start, count, row in rows
    ]


def _now(session: Session, query: PostQuery, interval: str) -> Histogram | None:
    found, slugs = matches(session, query), topic_slugs(session)
    if not len(found):
        return None
    histogram: Histogram = found.once(("timeline", interval, *slugs), lambda: _histogram(found, interval, slugs))
    return histogram


def _histogram(found: Matches, interval: str, slugs: list[str]) -> Histogram:
    hours = found.column("hour")
    edges = buckets.starts(int(hours.min()), int(hours.max()), interval)
    count = len(edges) - 1
    of_hour = np.repeat(np.arange(count, dtype=np.int32), np.diff(edges))
    places = of_hour[hours - int(edges[0])]
    return edges[:-1], np.bincount(places, minlength=count), slugs, _by_topic(found, places, count, slugs)


def _by_topic(found: Matches, places: Any, count: int, slugs: list[str]) -> Any:
    """Posts a topic and bucket: some topics at a time, for each set of these that posts can have."""
    members, codes = found.kinds.members(slugs), found.column("topics")
    width = min(max((_CELLS // count).bit_length() - 1, 1), _MOST_BITS)
    some = (members[first : first + width] for first in range(0, len(slugs), width))
    counted = [topic for topics in some for topic in _of_some(topics, codes, places, count)]
    return np.array(counted, np.int64).reshape(len(slugs), count)


def _of_some(members: Any, codes: Any, places: Any, count: int) -> list[Any]:
    """An axis for each of these topics: without it, with it; the last one are the buckets."""
    bits = np.int32(1) << np.arange(len(members) - 1, -1, -1, dtype=np.int32)
    cells = (bits @ members)[codes] * np.int32(count) + places
    posts = np.bincount(cells, minlength=count << len(members)).reshape(*[2] * len(members), count)
    return [posts.take(1, axis).reshape(-1, count).sum(axis=0) for axis in range(len(members))]


def _then(session: Session, query: PostQuery, interval: str) -> Histogram | None:
    totals, topics = counts_then.hours(session, query)
    if not totals:
        return None
    edges = buckets.starts(min(totals), max(totals), interval)
    counted = [_spread(hours, edges) for hours in (totals, *topics.values())]
    return edges[:-1], counted[0], list(topics), np.array(counted[1:]).reshape(len(topics), len(edges) - 1)


def _spread(hours: Mapping[int, int], edges: Any) -> Any:
    found = np.zeros(len(edges) - 1, np.int64)
    np.add.at(found, np.searchsorted(edges, list(hours), "right") - 1, list(hours.values()))
    return found


def facets(session: Session, query: PostQuery, limit: int = 50) -> dict[str, list[dict[str, Any]]]:
    """{field: [{"value", "count"}]}, the most first, at most `limit` values a field."""
    found = _facets(session, matches(session, query)) if query.as_of is None else counts_then.facets(session, query)
    return {name: _most(counted, limit) for name, counted in found.items()}


def _most(counted: Mapping[str, int], limit: int) -> list[dict[str, Any]]:
    first = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    return [{"value": value, "count": count} for value, count in first]


def _facets(session: Session, found: Matches) -> dict[str, dict[str, int]]:
    accounts, labels = found.counted("account").tolist(), found.counted("label").tolist()
    sets, slugs = found.counted("topics"), topic_slugs(session)
    topics = [int(sets[member[: len(sets)]].sum()) for member in found.kinds.members(slugs)]
    owned = [(accounts[r.id], r.handle, r.slug) for r in _accounts(session) if r.id < len(accounts)]
    return {
        "topic": _summed(zip(slugs, topics, strict=True)),
        "account": _summed((handle, count) for count, handle, _ in owned),
        "actor": _summed((actor, count) for count, _, actor in owned),
        **{name: _of_labels(found.kinds.labels, labels, place) for name, place in LABELS.items()},
    }


def _of_labels(values: Codes, counted: Sequence[int], place: int) -> dict[str, int]:
    return _summed((label[place], count) for label, count in zip(values.values, counted, strict=False))


def _summed(pairs: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value, count in pairs:
        if value is not None and count:
            found[value] = found.get(value, 0) + count
    return found


def _accounts(session: Session) -> list[Any]:
    """(id, handle, slug of its actor) of all."""
    columns = _account.c.id, _account.c.handle, _actor.c.slug
    statement = select(*columns).join_from(_account, _actor, _actor.c.id == _account.c.actor_id, isouter=True)
    return list(session.execute(statement).all())


def total(session: Session, query: PostQuery) -> int:
    """How many match, exactly; as quick as a histogram."""
    return len(matches(session, query))


def totals(session: Session) -> dict[str, Any]:
    """What the archive holds: {"posts", "versions", "runs": {outcome: n}}; a run without end is "unfinished"."""
    runs = select(_run.c.outcome, func.count()).group_by(_run.c.outcome)
    return {
        "posts": int(session.execute(select(func.count()).select_from(_post)).scalar_one()),
        "versions": int(session.execute(select(func.count()).select_from(_version)).scalar_one()),
        "runs": {outcome or "unfinished": count for outcome, count in session.execute(runs)},
    }
