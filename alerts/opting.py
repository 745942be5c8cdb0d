"""What the one who is told decides: a yes by the link of a mail, an end by that of any; and outsiders who ask.

Links carry a token that only this archive can make (`alerts.desk`).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from alerts import saving
from alerts.desk import Desk
from core.alert import AlertForm
from core.errors import BadRequest, NotFound
from db import alerts, subscribers, told

LONGEST = 300  # characters of a stranger's query: a mail to somebody who may not have asked holds it
UNANSWERED = timedelta(days=7)  # after which an address that never said yes is let go


def make_outside(session: Session, form: AlertForm, desk: Desk, now: datetime) -> None:
    """For somebody we do not know: one search, mailed to one address that has to say yes. Nothing is told of what
    we know of that address. Raises BadRequest."""
    check_outside(form)
    saving.check(session, form)
    known = saving.known(session, form.channels[0], desk)
    mine = alerts.of_subscribers(session, [known.id]) if known else []
    asked = alerts.by_id(session, [one.alert_id for one in mine])
    same = next((one for one in mine if asked[one.alert_id].query == form.query), None)
    if same is None:
        saving.make(session, form, desk, alerts.OUTSIDE, now, outside=True)
    elif same.confirmed_at is None:
        saving.ask(session, same.alert_id, same.subscriber_id, desk, now)


def check_outside(form: AlertForm) -> None:
    """Raises BadRequest for what only people we know may ask for."""
    if [channel.kind for channel in form.channels] != ["email"]:
        raise BadRequest("without a key an alert has exactly one channel, of the kind email", parameter="channels")
    if form.rule.kind != "posts":
        raise BadRequest("without a key an alert tells of posts: leave rule out", parameter="rule")
    if not form.query:
        raise BadRequest("say what to look for: query is empty", parameter="query")
    if len(form.query) > LONGEST:
        raise BadRequest(f"without a key a query has at most {LONGEST} characters", parameter="query")


def ask_again(session: Session, alert_id: int, subscription_id: int, desk: Desk, now: datetime) -> None:
    """Mail the address once more that it has to say yes. Raises NotFound, BadRequest."""
    one = saving.one_of(session, alert_id, subscription_id)
    if one.confirmed_at is not None:
        raise BadRequest("this address has said yes already", parameter="subscription")
    if not saving.ask(session, one.alert_id, one.subscriber_id, desk, now):
        often = f"this address was asked {saving.MOST_ASKED} times in a day: leave it in peace until tomorrow"
        raise BadRequest(often, parameter="subscription")


def confirm(session: Session, subscription_id: int, token: str, desk: Desk, now: datetime) -> str | None:
    """The address said yes; the alert's name. None for a token that is none, or one that came too late. One yes
    counts for all that people we know asked this address for."""
    one = _known(session, subscription_id)
    if one is None or not desk.knows(token, "confirm", subscription_id):
        return None
    waiting = alerts.unconfirmed(session, one.subscriber_id)
    said = [one, *(other for other in waiting if not other.outside and not one.outside and other.id != one.id)]
    alerts.confirm(session, [each.id for each in said], now)
    for each in said:
        told.hand_over(session, each.alert_id, [each.subscriber_id])
    if not one.outside:
        subscribers.confirm(session, one.subscriber_id, now)
    return str(alerts.get(session, one.alert_id).name)


def unsubscribe(session: Session, subscription_id: int, token: str, desk: Desk, now: datetime) -> str | None:
    """The alert's name; None for a token that is none. Who unsubscribes twice is told the same."""
    if not desk.knows(token, "unsubscribe", subscription_id):
        return None
    one = alerts.ever(session, subscription_id)
    if one is None:
        return None
    if one.ended_at is None:
        saving.end_one(session, one, now, left=True)
        end_abandoned(session, now)
    return str(alerts.by_id(session, [one.alert_id])[one.alert_id].name)


def tidy(session: Session, now: datetime) -> None:
    """Let go of addresses that never said yes, and of outsiders' alerts that nobody hears any more."""
    for number in alerts.never_confirmed(session, now - UNANSWERED):
        one = alerts.ever(session, number)
        if one is not None:
            saving.end_one(session, one, now)
    end_abandoned(session, now)


def end_abandoned(session: Session, now: datetime) -> None:
    for number in alerts.abandoned(session):
        saving.end(session, number, now)


def _known(session: Session, subscription_id: int) -> Any | None:
    try:
        return alerts.subscription(session, subscription_id)
    except NotFound:
        return None
