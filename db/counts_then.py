"""How many there were at a moment of before: counted by the database, from what `db.then` makes of the rows."""

from collections import Counter
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session

from db import buckets, then
from db.models import Account, Actor, Tag, Topic
from db.query import PostQuery, selection
from db.upsert import table

_account, _actor, _tag, _topic = table(Account), table(Actor), table(Tag), table(Topic)


def hours(session: Session, query: PostQuery) -> tuple[Counter[int], dict[str, Counter[int]]]:
    """Posts an hour (since 1970), and posts an hour by topic."""
    states = selection(session, query).states("hour")
    totals: Counter[int] = Counter()
    for moment, count in session.execute(select(states.c.hour, func.count()).group_by(states.c.hour)):
        totals[buckets.hour(moment)] += count
    tagged = (
        select(states.c.hour, _topic.c.slug, func.count())
        .join_from(states, _tag, _tagged(states, query))
        .join(_topic, _topic.c.id == _tag.c.topic_id)
        .group_by(states.c.hour, _topic.c.slug)
    )
    topics: dict[str, Counter[int]] = {}
    for moment, slug, count in session.execute(tagged):
        topics.setdefault(slug, Counter())[buckets.hour(moment)] += count
    return totals, topics


def _tagged(posts: Any, query: PostQuery) -> Any:
    return and_(_tag.c.post_id == posts.c.id, then.in_force(query.as_of), _tag.c.decision == "tagged")


def facets(session: Session, query: PostQuery) -> dict[str, Counter[str]]:
    """Field -> value -> posts."""
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
    return {name: _counted(session, source, value) for name, (source, value) in fields.items()}


def _counted(session: Session, source: Any, value: Any) -> Counter[str]:
    statement = source.with_only_columns(value, func.count()).where(value.is_not(None)).group_by(value)
    return Counter({row[0]: row[1] for row in session.execute(statement)})
