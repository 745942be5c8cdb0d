"""How many: per time bucket and per topic, account, platform and so on; any query, exact."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session

from core import times
from core.errors import BadRequest
from db import then
from db.models import Account, Actor, Post, Run, Tag, Topic, Version
from db.query import PostQuery, selection
from db.upsert import table

MOST_BUCKETS = 100_000
_post, _account, _actor, _tag, _topic = table(Post), table(Account), table(Actor), table(Tag), table(Topic)
_run, _version = table(Run), table(Version)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


_STARTS: dict[str, Callable[[datetime], datetime]] = {
    "hour": lambda m: m.replace(minute=0, second=0, microsecond=0),
    "day": _day,
    "week": lambda m: _day(m) - timedelta(days=m.weekday()),
    "month": lambda m: _day(m).replace(day=1),
}
_STEPS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=32),
}


def timeline(session: Session, query: PostQuery, interval: str) -> list[dict[str, Any]]:
    """[{"start", "count", "topics": {slug: n}}] from the first to the last match, empty buckets too; weeks begin
    on Monday, all in UTC. Raises BadRequest for an interval that is none or too fine for the range."""
    if interval not in _STARTS:
        raise BadRequest(f"interval={interval} is not one of {', '.join(_STARTS)}", parameter="interval")
    hours = selection(session, query).states("hour")
    matched = select(hours.c.hour, func.count()).group_by(hours.c.hour)
    totals: Counter[datetime] = Counter()
    for moment, count in session.execute(matched):
        totals[_bucket(moment, interval)] += count
    if not totals:
        return []
    topics = _topic_counts(session, query, hours, interval)
    return [
        {"start": times.text(start), "count": totals[start], "topics": dict(topics.get(start, {}))}
        for start in _buckets(min(totals), max(totals), interval)
    ]


def _topic_counts(session: Session, query: PostQuery, hours: Any, interval: str) -> dict[datetime, Counter[str]]:
    statement = (
        select(hours.c.hour, _topic.c.slug, func.count())
        .join_from(hours, _tag, _tagged(hours, query))
        .join(_topic, _topic.c.id == _tag.c.topic_id)
        .group_by(hours.c.hour, _topic.c.slug)
    )
    found: dict[datetime, Counter[str]] = defaultdict(Counter)
    for moment, slug, count in session.execute(statement):
        found[_bucket(moment, interval)][slug] += count
    return found


def _tagged(posts: Any, query: PostQuery) -> Any:
    return and_(_tag.c.post_id == posts.c.id, then.in_force(query.as_of), _tag.c.decision == "tagged")


def _bucket(hour: str, interval: str) -> datetime:
    return _STARTS[interval](datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC))


def _buckets(first: datetime, last: datetime, interval: str) -> list[datetime]:
    if (last - first) / _STEPS[interval] > MOST_BUCKETS:
        raise BadRequest(f"interval={interval} gives more than {MOST_BUCKETS} buckets: narrow since and until, or "
                         "take a wider interval", parameter="interval")  # fmt: skip
    found = [first]
    while found[-1] < last:
        found.append(_STARTS[interval](found[-1] + _STEPS[interval]))
    return found


def facets(session: Session, query: PostQuery, limit: int = 50) -> dict[str, list[dict[str, Any]]]:
    """{field: [{"value", "count"}]}, the most first, at most `limit` values a field."""
    found = selection(session, query)
    tagged, owned = found.states("platform"), found.states("account_id")
    accounts = select(owned).join_from(owned, _account, _account.c.id == owned.c.account_id)
    topics = select(tagged).join_from(tagged, _tag, _tagged(tagged, query))
    fields = {
        "topic": (topics.join(_topic, _topic.c.id == _tag.c.topic_id), _topic.c.slug),
        "account": (accounts, _account.c.handle),
        "actor": (accounts.join(_actor, _actor.c.id == _account.c.actor_id), _actor.c.slug),
    }
    for name in ("platform", "lang", "kind"):
        posts = found.states(name)
        fields[name] = (select(posts), posts.c[name])
    return {name: _facet(session, source, value, limit) for name, (source, value) in fields.items()}


def _facet(session: Session, source: Any, value: Any, limit: int) -> list[dict[str, Any]]:
    count = func.count().label("count")
    statement = source.with_only_columns(value, count).where(value.is_not(None))
    rows = session.execute(statement.group_by(value).order_by(count.desc(), value).limit(limit))
    return [{"value": r[0], "count": r[1]} for r in rows]


def totals(session: Session) -> dict[str, Any]:
    """What the archive holds: {"posts", "versions", "runs": {outcome: n}}; a run without end is "unfinished"."""
    runs = select(_run.c.outcome, func.count()).group_by(_run.c.outcome)
    return {
        "posts": int(session.execute(select(func.count()).select_from(_post)).scalar_one()),
        "versions": int(session.execute(select(func.count()).select_from(_version)).scalar_one()),
        "runs": {outcome or "unfinished": count for outcome, count in session.execute(runs)},
    }
