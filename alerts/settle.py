"""What follows from a try: sent, tried again with growing waits, or given up after a day and shown.

An address that failed for a day, or that is gone, is paused: nothing is lost meanwhile, and whoever else hears of
the alert is told.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session

from alerts import body
from alerts.desk import Desk
from core import times
from core.errors import AddressGone, KleError, SettingsError
from db import alerts, deliveries, subscribers
from db.deliveries import Tried

GIVEN_UP = timedelta(days=1)  # after its first try: until then it may have waited for its hour, or nothing ran
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=2)
_ASKED_FOR = 10  # tries at the times that a receiver names, however short
_JITTER = 0.2  # of a wait, either way: those that failed together do not come back together
log = structlog.get_logger("kle.alerts")


@dataclass(frozen=True, slots=True)
class Result:
    """How a try ended; `error` None where it was taken. `tried` is None for one that was left for later."""

    row: Any
    tried: Tried | None
    error: KleError | None


def settle(session: Session, result: Result, desk: Desk, now: datetime) -> None:
    row, tried, error = result.row, result.tried, result.error
    if tried is None:  # comes before the one that failed, which puts all others off as long as itself
        deliveries.again(session, row.id, now)
    elif error is None:
        deliveries.end(session, [row.id], now, tried.answer, "sent")
        _recovered(session, row.subscriber_id, now)
    elif _passes(error) and now - deliveries.tried_since(session, row) < GIVEN_UP:
        until = now + wait_before(row.attempts, error)
        deliveries.again(session, row.id, until, tried.answer)
        subscribers.failing(session, row.subscriber_id, now)
        deliveries.put_off(session, row.subscriber_id, until)
    else:
        deliveries.end(session, [row.id], now, tried.answer, "parked")
        if _passes(error) or isinstance(error, AddressGone):
            _give_up(session, row, tried.answer, desk, now)


def _passes(error: KleError) -> bool:
    """Whether another try may go better; a wrong setting gets mended."""
    return error.transient or isinstance(error, SettingsError)


def wait_before(attempts: int, error: KleError) -> timedelta:
    """Before the next try: as long as the receiver asked for, as long as it does not ask for ever; else twice as
    long each time."""
    doubled: timedelta = min(_FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 16), _LONGEST_WAIT)
    asked = min(timedelta(seconds=error.retry_after or 0), GIVEN_UP)
    jittered: timedelta = doubled * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  no secret hangs on it
    if asked and attempts <= _ASKED_FOR:
        return max(asked, timedelta(seconds=1))
    return max(jittered, asked)


def _recovered(session: Session, subscriber_id: int, now: datetime) -> None:
    who = subscribers.get(session, subscriber_id)
    if who.failing_since is not None or who.paused_at is not None:
        subscribers.change(session, subscriber_id, {"failing_since": None, "paused_at": None})
        deliveries.hurry(session, subscriber_id, now)


def _give_up(session: Session, row: Any, answer: str, desk: Desk, now: datetime) -> None:
    """Pause the channel, and tell whoever else hears of the alert."""
    who = subscribers.get(session, row.subscriber_id)
    if who.paused_at is not None:
        return
    since = who.failing_since or now
    subscribers.change(session, who.id, {"paused_at": now, "failing_since": since})
    told = {"channel": who.kind, "address": who.shown, "answer": answer}
    log.warning("a channel was paused: nothing goes there any more", **told)
    if row.alert_id is None or row.kind == "notice":
        return
    (alert,) = alerts.by_id(session, [row.alert_id]).values()
    said = body.message(
        body.PAUSED, alert, desk.office.links, now,
        channel={"kind": who.kind, "shown": who.shown},
        failing_since=times.text(since),
        answer=answer,
    )  # fmt: skip
    for one in alerts.subscriptions(session, [alert.id]):
        well = one.subscriber_paused_at is None and one.confirmed_at is not None and not one.outside
        if one.subscriber_id != who.id and well:
            deliveries.make(session, [deliveries.message("notice", one.subscriber_id, alert.id, said, now)])
