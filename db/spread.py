"""How an announcement spread: a group of echoes in the API's form, a page of its posts and what holds for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from core import times
from core.lags import Lag
from db import forms, whole
from db.echoes import Echo, Echoes, echoes
from db.models import Account, Actor
from db.posts import Item
from db.slices import chunks
from db.upsert import table

MOST_ACCOUNTS = 200  # that an answer lists, in the order in which they joined in
_account, _actor = table(Account), table(Actor)


@dataclass(frozen=True, slots=True)
class Spread:
    """`items` of one page, `today` the same as they are now, `echoes` what each is in the group; `asked` is the
    post whose group it is, as it is now; `told` what holds for the whole group."""

    items: list[Item]
    today: list[Item]
    echoes: list[dict[str, Any]]
    asked: Item
    next_cursor: str | None
    told: dict[str, Any]


def spread(
    session: Session, key: int, moment: datetime | None = None, limit: int = 50, after: str | None = None
) -> Spread:
    """One page of the group of the post with this row key. Raises NotFound, CursorError."""
    group = echoes(session, key, moment)
    shown, following = group.page(limit, after)
    keys = [echo.key for echo in shown]
    pairs = whole.pairs(session, keys, moment) if moment else [(p, p) for p in forms.posts(session, keys)]
    (asked,) = forms.posts(session, [group.asked])
    marks = [_mark(group, echo) for echo in shown]
    return Spread([was for was, _ in pairs], [now for _, now in pairs], marks, asked, following,
                  _told(session, group, key))  # fmt: skip


def _mark(group: Echoes, echo: Echo) -> dict[str, Any]:
    return {"overlap": echo.overlap, "relation": echo.relation, **_lag(group.lag(echo))}


def _lag(lag: Lag) -> dict[str, Any]:
    return {"after_seconds": lag.exact, "at_least": lag.at_least, "at_most": lag.at_most}


def _told(session: Session, group: Echoes, key: int) -> dict[str, Any]:
    found = group.echoes
    accounts = list(group.by_account().items())[:MOST_ACCOUNTS]
    names = _accounts(session, [number for number, _ in accounts if number is not None])
    own = group.of(key)
    return {
        "total": len(found),
        "complete": group.complete,
        "first": _first(found[0], names, group.certain) if found else None,
        "lag": _lag(group.lag(own)) if own else None,
        "took": _lag(group.lag(found[-1])) if found else None,
        "platforms": [{"platform": p, **_joined(group, own)} for p, own in group.by_platform().items()],
        "accounts": [{"account": names.get(number or 0), **_joined(group, own)} for number, own in accounts],
        "since": times.text(group.since),
        "until": times.text(group.until),
    }


def _first(echo: Echo, names: dict[int, dict[str, Any]], certain: bool) -> dict[str, Any]:
    return {
        "id": echo.id,
        "platform": echo.platform,
        "account": names.get(echo.account_id or 0),
        "created_at": times.text(echo.created_at),
        "created_at_precision": echo.precision,
        "certain": certain,
    }


def _joined(group: Echoes, own: Sequence[Echo]) -> dict[str, Any]:
    """How many posts, and when the first of them joined in."""
    return {"posts": len(own), "id": own[0].id, **_lag(group.lag(own[0]))}


def _accounts(session: Session, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    statement = select(_account.c.id, _account.c.platform, _account.c.handle, _account.c.name, _actor.c.slug)
    statement = statement.join_from(_account, _actor, _actor.c.id == _account.c.actor_id, isouter=True)
    rows = [r for some in chunks(numbers) for r in session.execute(statement.where(_account.c.id.in_(some)))]
    return {r.id: {"platform": r.platform, "handle": r.handle, "name": r.name, "actor": r.slug} for r in rows}
