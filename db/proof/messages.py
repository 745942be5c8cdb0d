"""Do messages, and what subscribers were told, fit each other? Addresses stay sealed.

No line of the ledger speaks for them: they follow from rows that lines speak for, and from what people asked for.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, case, or_, select, text
from sqlmodel import Session

from core import ids
from db import enclosed
from db.models import Alias, Attempt, Delivery, Enclosed, Post, Subscription, Told, Version
from db.slices import slices
from db.upsert import among, table

_told, _delivery, _subscription, _attempt = table(Told), table(Delivery), table(Subscription), table(Attempt)
_post, _version, _alias, _enclosed = table(Post), table(Version), table(Alias), table(Enclosed)
_BODIES = 50  # of a slice: they may be long
Names = Mapping[int, set[str]]  # post -> the ids that lead to it


def problem(session: Session) -> str | None:
    """The first message, or row of what was told, that does not fit; None where all do."""
    for said, statement in _STATEMENTS.items():
        if row := session.execute(statement.order_by(text("1")).limit(1)).first():
            return said.format(row[0])
    for rows in slices(session, _delivery, _delivery.c.id, _BODIES):
        held, names = _held(session, [row["id"] for row in rows])
        for row in rows:
            if found := _body(row, held[row["id"]], names):
                return found
    return None


def _unfitting() -> Select[Any]:
    """Rows that were taken up by a message of somebody else, of another alert or kind, or of none."""
    kind = case((_told.c.late, "late"), else_="posts")
    other = or_(
        _delivery.c.id.is_(None),
        _delivery.c.subscriber_id != _told.c.subscriber_id,
        _delivery.c.alert_id.is_distinct_from(_told.c.alert_id),
        _delivery.c.kind != kind,
    )
    statement = select(_told.c.id).join_from(_told, _delivery, _delivery.c.id == _told.c.delivery_id, isouter=True)
    return statement.where(_told.c.delivery_id.is_not(None), other)


def _unasked(rows: Any) -> Select[Any]:
    """Those for a subscriber who never heard of that alert."""
    asked = and_(_subscription.c.alert_id == rows.c.alert_id, _subscription.c.subscriber_id == rows.c.subscriber_id)
    statement = select(rows.c.id).join_from(rows, _subscription, asked, isouter=True)
    return statement.where(rows.c.alert_id.is_not(None), _subscription.c.id.is_(None))


def _unseen() -> Select[Any]:
    """Rows of posts that are not there, or of edits that nobody saw."""
    edit = and_(_version.c.post_id == _told.c.post_id, _version.c.number == _told.c.edition)
    statement = select(_told.c.id).join_from(_told, _post, _post.c.id == _told.c.post_id, isouter=True)
    statement = statement.join(_version, edit, isouter=True)
    return statement.where(or_(_post.c.id.is_(None), and_(_told.c.edition != 0, _version.c.id.is_(None))))


def _untried() -> Select[Any]:
    tried = select(_attempt.c.id).where(_attempt.c.delivery_id == _delivery.c.id)
    return select(_delivery.c.id).where(_delivery.c.outcome == "sent", ~tried.exists())


_STATEMENTS = {
    "told/{0} is not what its message tells": _unfitting(),
    "told/{0} is for somebody who never asked for that alert": _unasked(_told),
    "delivery/{0} is for somebody who never asked for that alert": _unasked(_delivery),
    "told/{0} tells of what nobody saw": _unseen(),
    "delivery/{0} was sent, and no attempt says so": _untried(),
}


def _held(session: Session, numbers: Sequence[int]) -> tuple[Mapping[int, set[int]], Names]:
    """Message -> the posts that rows say it holds, and what those are called."""
    held: dict[int, set[int]] = defaultdict(set)
    for of in (_told, _enclosed):
        columns = of.c.delivery_id, of.c.post_id
        for row in session.execute(select(*columns).where(among(session, of.c.delivery_id, numbers))):
            held[row.delivery_id].add(row.post_id)
    keys = sorted(set().union(*held.values()))
    names: dict[int, set[str]] = defaultdict(set)
    of_post = _post.c.id, _post.c.platform, _post.c.platform_id
    for row in session.execute(select(*of_post).where(among(session, _post.c.id, keys))):
        names[row.id].add(ids.public_id(row.platform, row.platform_id))
    for row in session.execute(select(_alias).where(among(session, _alias.c.post_id, keys))):
        names[row.post_id].add(row.public_id)
    return held, names


def _body(row: Mapping[Any, Any], held: set[int], names: Names) -> str | None:
    try:
        listed = {post["id"] for post in enclosed.posts_in(row["body"])}
        alert = row["body"]["data"]["alert"]["id"] if row["kind"] in enclosed.TELLING else row["alert_id"]
    except (KeyError, TypeError, AttributeError):  # somebody changed its form
        return f"the body of delivery/{row['id']} cannot be read"
    if alert != row["alert_id"]:
        return f"delivery/{row['id']} is of another alert than it says"
    known = set().union(*(names[key] for key in held))
    if listed - known or any(not names[key] & listed for key in held):
        return f"delivery/{row['id']} does not hold the posts that it tells of"
    return None


def left_over(session: Session) -> str | None:
    """The first message that still says something of an erased post, or waits to tell of it."""
    gone = _post.c.erasure_id.is_not(None)
    columns = _post.c.id, _post.c.platform, _post.c.platform_id
    waits = select(*columns).join(_told, _told.c.post_id == _post.c.id).where(gone, _told.c.delivery_id.is_(None))
    if row := session.execute(waits.limit(1)).first():
        return f"{ids.public_id(row.platform, row.platform_id)} was erased, and somebody is to be told of it"
    for rows in slices(session, _holding(gone), _delivery.c.id, _BODIES):
        held, names = _held(session, [row["id"] for row in rows])
        keys = sorted(set().union(*held.values()))
        erased = set(session.execute(select(_post.c.id).where(among(session, _post.c.id, keys), gone)).scalars())
        silent = set().union(*(names[key] for key in erased))
        for row in rows:
            for post in enclosed.posts_in(row["body"]):
                if post["id"] in silent and any(post.get(name) for name in _SAYING):
                    return f"{post['id']} was erased, and delivery/{row['id']} still says something of it"
    return None


_SAYING = ("text", "url", "links", "media", "lang", "labels")


def _holding(gone: Any) -> Select[Any]:
    """Messages with an erased post."""
    told = select(_told.c.delivery_id).join_from(_told, _post).where(gone, _told.c.delivery_id.is_not(None))
    others = select(_enclosed.c.delivery_id).join_from(_enclosed, _post).where(gone)
    return select(_delivery).where(or_(_delivery.c.id.in_(told), _delivery.c.id.in_(others)))
