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

from alerts import body, saving
from alerts.channel import LONGEST_ANSWER
from alerts.desk import Desk
from core import times
from core.errors import AddressGone, KleError, SettingsError
from core.secrecy import masked
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
    row, error = result.row, result.error
    if error is None:
        answer = result.tried.answer if result.tried else None
        deliveries.end(session, [row.id], now, answer, "sent")
        _recovered(session, row.subscriber_id, now)
    elif result.tried is None:  # comes before the one that failed, which puts all others off as long as itself
        deliveries.again(session, row.id, error.message, now, tried=False)
    elif isinstance(error, AddressGone):
        _park(session, row, error, now)
        _give_up(session, row, error, desk, now)
    elif not error.transient and not isinstance(error, SettingsError):
        _park(session, row, error, now)
    elif now - deliveries.tried_since(session, row) >= GIVEN_UP:
        _park(session, row, error, now)
        _give_up(session, row, error, desk, now)
    else:
        until = now + wait_before(row.attempts, error)
        deliveries.again(session, row.id, masked(error.message), until, tried=True)
        subscribers.failing(session, row.subscriber_id, now)
        deliveries.put_off(session, row.subscriber_id, until)


def wait_before(attempts: int, error: KleError) -> timedelta:
    """Before the next try: as long as the receiver asked for, as long as it does not ask for ever; else twice as
    long each time."""
    doubled: timedelta = min(_FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 16), _LONGEST_WAIT)
    asked = min(timedelta(seconds=error.retry_after or 0), GIVEN_UP)
    jittered: timedelta = doubled * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  no secret hangs on it
    if asked and attempts <= _ASKED_FOR:
        return max(asked, timedelta(seconds=1))
    return max(jittered, asked)


def _park(session: Session, row: Any, error: KleError, now: datetime) -> None:
    deliveries.end(session, [row.id], now, masked(error.message)[:LONGEST_ANSWER], "parked")


def _recovered(session: Session, subscriber_id: int, now: datetime) -> None:
    who = subscribers.get(session, subscriber_id)
    if who.failing_since is not None or who.paused_at is not None:
        subscribers.change(session, subscriber_id, {"failing_since": None, "paused_at": None})
        deliveries.hurry(session, subscriber_id, now)


def _give_up(session: Session, row: Any, error: KleError, desk: Desk, now: datetime) -> None:
    """Pause the channel, and tell whoever else hears of the alert."""
    who = subscribers.get(session, row.subscriber_id)
    if who.paused_at is not None:
        return
    since = who.failing_since or now
    subscribers.change(session, who.id, {"paused_at": now, "failing_since": since})
    log.warning("a channel was paused: nothing goes there any more", channel=who.kind, address=who.shown,
                answer=masked(error.message))  # fmt: skip
    if row.alert_id is None or row.kind == "notice":
        return
    (alert,) = alerts.by_id(session, [row.alert_id]).values()
    said = body.message(
        body.PAUSED, alert, desk.office.links, now,
        channel={"kind": who.kind, "shown": who.shown},
        failing_since=times.text(since),
        answer=masked(error.message)[:LONGEST_ANSWER],
    )  # fmt: skip
    for one in alerts.subscriptions(session, [alert.id]):
        well = one.subscriber_paused_at is None and one.confirmed_at is not None and not one.outside
        if one.subscriber_id != who.id and well:
            notice = {"key": saving.new_key(), "kind": "notice", "subscriber_id": one.subscriber_id, "body": said,
                      "alert_id": alert.id, "made_at": now, "not_before": now}  # fmt: skip
            deliveries.make(session, [notice])
