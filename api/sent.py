"""Messages of an alert as the API and its page show them."""

from typing import Any

from sqlmodel import Session

from api import hiding
from api.access import Caller
from core import times
from db import deliveries


def listed(
    session: Session, who: Caller, alert_id: int, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Newest first, each with its attempts, and the cursor of the next page. No addresses for who sees none."""
    rows, following = deliveries.listed(session, alert_id, limit, after)
    tried = deliveries.attempts(session, [row.id for row in rows])
    return [_delivery(who, row, [_attempt(who, one) for one in tried[row.id]]) for row in rows], following


def _delivery(who: Caller, row: Any, attempts: list[dict[str, Any]]) -> dict[str, Any]:
    waits = row.ended_at is None
    return {
        "id": row.id,
        "key": row.key,
        "kind": row.kind,
        "channel": {"kind": row.subscriber_kind, "shown": row.shown if who.sees_addresses else None},
        "made_at": times.text(row.made_at),
        "ended_at": None if waits else times.text(row.ended_at),
        "state": row.outcome or "waiting",
        "next_try_at": times.text(row.not_before) if waits and row.not_before else None,
        "posts": [post["id"] for post in row.body.get("data", {}).get("posts", ())],
        "answer": hiding.answer(who, row.answer),
        "attempts": attempts,
    }


def _attempt(who: Caller, row: Any) -> dict[str, Any]:
    return {
        "at": times.text(row.at),
        "seconds": row.seconds,
        "outcome": row.outcome,
        "status": row.status,
        "answer": hiding.answer(who, row.answer),
    }
