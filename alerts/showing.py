"""Alerts as the API, the page and the terminal show them: channels without what is secret in their addresses."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from core import times
from core.alert import Rule
from db import alerts, deliveries, told


def told_of(session: Session, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """These alerts as the API shows them."""
    rows = list(rows)
    numbers = [row.id for row in rows]
    channels: dict[int, list[dict[str, Any]]] = {number: [] for number in numbers}
    for one in alerts.subscriptions(session, numbers):
        channels[one.alert_id].append(_channel(one))
    waiting, sent = told.counted(session, numbers), deliveries.last_sent(session, numbers)
    return [
        {
            **said(row),
            "channels": channels[row.id],
            "waiting": waiting.get(row.id, 0),
            "last_sent_at": times.text(sent[row.id]) if row.id in sent else None,
        }
        for row in rows
    ]


def said(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "query": row.query,
        "rule": Rule.model_validate(row.rule).model_dump(mode="json", exclude_none=True),
        "cadence": row.cadence,
        "quiet": row.quiet,
        "lang": row.lang,
        "edits": row.tells_edits,
        "max_age": times.every(timedelta(seconds=row.max_age_seconds)),
        "owner": row.owner,
        "declared": row.declared,
        "made_at": times.text(row.made_at),
        "paused_at": _time(row.paused_at),
    }


def _channel(one: Any) -> dict[str, Any]:
    return {
        "subscription": one.id,
        "kind": one.subscriber_kind,
        "shown": one.subscriber_shown,
        "state": _state(one),
        "asked_at": times.text(one.asked_at),
        "confirmed_at": _time(one.confirmed_at),
        "failing_since": _time(one.subscriber_failing_since),
        "paused_at": _time(one.subscriber_paused_at),
        "signed": one.secret is not None,
    }


def _state(one: Any) -> str:
    """`failing`: nothing reached it lately, and it is tried again."""
    if one.confirmed_at is None:
        return "unconfirmed"
    if one.subscriber_paused_at is not None:
        return "paused"
    return "active" if one.subscriber_failing_since is None else "failing"


def _time(moment: datetime | None) -> str | None:
    return times.text(moment) if moment else None
