"""The backtest: what an alert would have sent in the last 90 days, before anybody saves it.

By the archive as it is now: tags as they stand today, each post as if it had been told when it was published.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlmodel import Session

from alerts import body, replay
from alerts.digest import digest
from alerts.gather import FLOOD, MINUTE, PAUSE
from alerts.links import Links
from alerts.reasons import reasons
from alerts.same import groups
from alerts.standing import said
from core import times
from core.alert import AlertForm
from core.cadence import When
from db import coming, entries, forms, hits
from db.coming import Coming
from db.query import PostQuery

DAYS = 90
EXAMPLES = 5
NOTE = (
    "By the archive as it is now: each post with today's tags, and as if it had been told when it was published."
    " Posts that were seen only when they were older than max_age would come as found late."
)


def preview(session: Session, form: AlertForm, links: Links, now: datetime, days: int = DAYS) -> dict[str, Any]:
    """`spoken` is what a rule such as `more_than` would have said, and when. Raises QueryError."""
    asked, first, told = PostQuery.build(form.query), now - timedelta(days=days), form.rule.kind == "posts"
    query = hits.between(asked, first, now)
    moments = [times.of_micros(at) for at in hits.moments(session, query)]
    late = hits.late(session, query, form.max_age) if told else {}
    spoken = [] if told else replay.spoken(session, form.rule, asked, first, now)
    going = messages(form.when, moments) if told else (at for at, _ in spoken)
    posts, sent = Counter(_day(at) for at in moments), Counter(_day(at) for at in going)
    busiest = max(posts, key=lambda day: (posts[day], day), default=None)
    return {
        "days": days,
        "posts": len(moments),
        "late": sum(late.values()),
        "messages": sent.total(),
        "busiest": {"date": busiest.isoformat(), "posts": posts[busiest]} if busiest else None,
        "per_day": [
            {"date": day.isoformat(), "posts": posts[day], "late": late.get(day, 0), "messages": sent[day]}
            for day in _all_days(now, days)
        ],
        "examples": _shown(session, SimpleNamespace(id=0, name=form.name), query, links, EXAMPLES),
        "spoken": [
            {"at": times.text(at), "explained": said.explained, "figures": said.figures} for at, said in spoken
        ],
        "note": NOTE if told else replay.NOTE,
    }


def examples(session: Session, alert: Any, links: Links) -> dict[str, Any]:
    """The newest posts that match an alert, as the data of a message."""
    shown = _shown(session, alert, PostQuery.build(alert.query), links, EXAMPLES)
    return {"late": False, "posts": shown, "digest": digest(shown, groups(shown), entries.topic_names(session))}


def messages(when: When, moments: Sequence[datetime]) -> Iterator[datetime]:
    """When a message would have gone out: what is due together is one, and a flood gathers."""
    last: list[datetime] = []
    gathered: datetime | None = None  # what comes until then is in a message that is counted already
    for due in sorted(map(when.due, moments)):
        if gathered is not None and due <= gathered:
            continue
        last = [at for at in last if at > due - MINUTE]
        at = due
        if len(last) >= FLOOD:
            at = max(due, last[-1] + PAUSE)
        gathered = at
        last.append(at)
        yield at


def _day(moment: datetime) -> date:
    return moment.date()


def _all_days(now: datetime, days: int) -> list[date]:
    return [(now - timedelta(days=n)).date() for n in range(days, -1, -1)]


def _shown(session: Session, alert: Any, query: PostQuery, links: Links, limit: int) -> list[dict[str, Any]]:
    """The newest matches with their reasons, as a message has them."""
    keys = hits.newest(session, query, limit)
    inside = dict(zip(keys, forms.posts(session, keys), strict=True))
    names = entries.topic_names(session)

    def found(post: Coming) -> list[dict[str, Any]]:
        return reasons(query, said(post), inside[post.id])

    return [
        body.told_post(
            inside[post.id],
            [SimpleNamespace(edition=0, why=[{"alert": alert.id, "reasons": found(post)}])],
            {alert.id: alert.name},
            names,
            links,
        )
        for post in sorted(coming.posts(session, keys, tagging=True), key=lambda post: -post.id)
    ]
