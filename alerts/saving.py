"""Alerts as people make, change and end them: by API, in the page, at the terminal, in kle.toml.

Functions take the session of a write and never commit. A message that has to be sent, such as the one by which an
address confirms, is a delivery like any other.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from alerts import body, channel, preview, showing
from alerts.desk import Desk
from core.alert import AlertForm, ChannelForm
from core.errors import BadRequest, NotFound
from db import alerts, deliveries, query, subscribers, told
from db.query import PostQuery

ROTATING = timedelta(hours=24)  # in which a former secret stays valid
_FORMER = 4  # secrets of before: who asks for a new one twice has not told the receiver of the first yet
_ASKED_EVERY = timedelta(hours=24)
MOST_ASKED = 3  # mails in that time that ask one address for its yes
ENDED = "the alert or the subscription ended before it was sent"


@dataclass(slots=True)
class Made:
    """`secrets` are told once: by the subscription that they sign for."""

    id: int
    secrets: dict[int, str] = field(default_factory=dict)


def make(
    session: Session, form: AlertForm, desk: Desk, owner: str, now: datetime,
    *, declared: bool = False, outside: bool = False,
) -> Made:  # fmt: skip
    """Raises BadRequest, QueryError: nothing is written then."""
    check(session, form)
    addresses = [address_of(one) for one in form.channels]
    number = alerts.make(session, {**_row(form), "owner": owner, "declared": declared}, now)
    made = Made(number)
    for kind, address in addresses:
        _subscribe(session, made, kind, address, desk, now, outside=outside)
    return made


def change(session: Session, alert_id: int, form: AlertForm, desk: Desk, now: datetime) -> Made:
    """The alert as the form has it; channels that stay go on as they are. Raises NotFound, BadRequest."""
    check(session, form)
    old, row = alerts.get(session, alert_id), _row(form)
    if (row["query"], row["rule"]) == (old.query, old.rule):
        row["state"] = old.state  # what was said need not be said again for another name
    alerts.change(session, alert_id, row)
    if (form.cadence, form.quiet) != (old.cadence, old.quiet):
        heard = [one.subscriber_id for one in alerts.subscriptions(session, [alert_id])]
        told.retime(session, alert_id, heard, form.when.due(now))
    made = Made(alert_id)
    wanted = {_subscribe(session, made, *address_of(one), desk, now) for one in form.channels}
    for one in alerts.subscriptions(session, [alert_id]):
        if one.id not in wanted:
            end_one(session, one, now)
    return made


def declare(session: Session, alert_id: int, form: AlertForm, desk: Desk, now: datetime) -> bool:
    """As `change`, if the form says something else; who left the alert is not brought back. Whether anything was
    changed. Raises BadRequest."""
    old, left = alerts.get(session, alert_id), alerts.left(session, alert_id)
    who = [known(session, one, desk) for one in form.channels]
    stays = [one for one, found in zip(form.channels, who, strict=True) if not (found and found.id in left)]
    heard = {one.subscriber_id for one in alerts.subscriptions(session, [alert_id])}
    same = all(getattr(old, name) == value for name, value in _row(form).items() if name != "state")
    if same and heard == {found.id if found else None for found in who} - left:
        return False
    change(session, alert_id, form.model_copy(update={"channels": stays}), desk, now)
    return True


def form_of(session: Session, alert_id: int, desk: Desk) -> AlertForm:
    """The alert as it would be written, addresses and all. Raises NotFound."""
    row = alerts.get(session, alert_id)
    channels = []
    for one in alerts.subscriptions(session, [alert_id]):
        where = channel.module(one.subscriber_kind).FIELD
        channels.append({"kind": one.subscriber_kind, where: desk.sealer.open(one.subscriber_address)})
    said = {name: value for name, value in showing.said(row).items() if name in AlertForm.model_fields}
    return AlertForm.model_validate({**said, "channels": channels})


def pause(session: Session, alert_id: int, now: datetime) -> None:
    """What comes meanwhile is not told later; what waits already is, or sooner by another alert that matches."""
    if alerts.get(session, alert_id).paused_at is None:
        alerts.change(session, alert_id, {"paused_at": now})
        _hand_over(session, alert_id)


def resume(session: Session, alert_id: int) -> None:
    alerts.change(session, alert_id, {"paused_at": None})
    _hand_over(session, alert_id)


def _hand_over(session: Session, alert_id: int) -> None:
    told.hand_over(session, alert_id, [one.subscriber_id for one in alerts.subscriptions(session, [alert_id])])


def end(session: Session, alert_id: int, now: datetime) -> None:
    """Raises NotFound."""
    for one in alerts.subscriptions(session, [alerts.get(session, alert_id).id]):
        end_one(session, one, now)
    deliveries.cancel(session, alert_id, None, now, ENDED)
    alerts.change(session, alert_id, {"ended_at": now})


def reopen(session: Session, name: str) -> int | None:
    """The number of the alert of this name that kle.toml had before, which goes on; None where there was none."""
    row = alerts.last_declared(session, name)
    if row is not None:
        alerts.reopen(session, row)
    return row.id if row is not None else None


def rotate(session: Session, alert_id: int, subscription_id: int, desk: Desk, now: datetime) -> str:
    """A new secret, told this once; the one before signs beside it for a day. Raises NotFound, BadRequest."""
    one = one_of(session, alert_id, subscription_id)
    if one.secret is None:
        raise BadRequest("this channel signs nothing: only webhooks have a secret", parameter="subscription")
    former = [desk.sealer.open(one.secret), *formers(one, desk, now)][:_FORMER]
    fresh = str(channel.module(subscribers.get(session, one.subscriber_id).kind).new_secret())
    values = desk.sealer.seal(fresh), desk.sealer.seal("\n".join(former)), now + ROTATING
    alerts.renew_secret(session, subscription_id, *values)
    return fresh


def formers(one: Any, desk: Desk, now: datetime) -> list[str]:
    """The secrets of a subscription that are valid beside its own, the newest first."""
    if one.former_secret is None or one.former_until <= now:
        return []
    return desk.sealer.open(one.former_secret).split("\n")


def revive(session: Session, alert_id: int, subscription_id: int, now: datetime) -> None:
    """Try a channel that was paused again, with all that waits. Raises NotFound."""
    one = one_of(session, alert_id, subscription_id)
    subscribers.change(session, one.subscriber_id, {"paused_at": None, "failing_since": None})
    deliveries.hurry(session, one.subscriber_id, now)


def replay(session: Session, alert_id: int, delivery_id: int, now: datetime) -> None:
    """Send a message once more, under its key, though its channel be paused. Raises NotFound, BadRequest."""
    row = deliveries.replay(session, alert_id, delivery_id, now)
    if row.subscriber_id not in {one.subscriber_id for one in alerts.subscriptions(session, [alert_id])}:
        raise BadRequest("this address hears of the alert no more: nothing is sent there")
    subscribers.change(session, row.subscriber_id, {"paused_at": None})


def test(session: Session, alert_id: int, desk: Desk, now: datetime) -> list[str]:
    """Send each channel that said yes what the newest matches would look like; the keys of the messages."""
    row = alerts.get(session, alert_id)
    heard = [one for one in alerts.subscriptions(session, [alert_id]) if one.confirmed_at is not None]
    said = body.message(body.TEST, row, desk.office.links, now, **preview.examples(session, row, desk.office.links))
    return [_send(session, "test", one.subscriber_id, alert_id, said, now) for one in heard]


def let_go(session: Session, desk: Desk, now: datetime) -> int:
    """End all subscriptions, whose addresses nobody can read without the key that was lost, and take this one from
    now on; how many."""
    found = alerts.subscriptions(session, [row.id for row in alerts.all_of(session)])
    for one in found:
        end_one(session, one, now)
    alerts.drop_key(session)
    desk.hold(session)
    return len(found)


def check(session: Session, form: AlertForm) -> None:
    """Whether the archive knows all that the query names. Raises QueryError."""
    query.selection(session, PostQuery.build(form.query))


def _row(form: AlertForm) -> dict[str, Any]:
    return {
        "name": form.name,
        "query": form.query,
        "rule": form.rule.model_dump(mode="json", exclude_none=True),
        "state": {},
        "cadence": form.cadence,
        "quiet": form.quiet,
        "lang": form.lang,
        "tells_edits": form.edits,
        "max_age_seconds": int(form.max_age.total_seconds()),
    }


def known(session: Session, one: ChannelForm, desk: Desk) -> Any | None:
    """The subscriber at this address, if there is one. Raises BadRequest."""
    kind, address = address_of(one)
    return subscribers.known(session, kind, desk.sealer.digest(kind, address.value))


def address_of(one: ChannelForm) -> tuple[str, channel.Address]:
    """Raises BadRequest."""
    module = channel.module(one.kind)
    said = one.options
    value = said.pop(module.FIELD, None)
    if not isinstance(value, str) or said:
        raise BadRequest(f'a channel of the kind {one.kind} is {{"kind": "{one.kind}", "{module.FIELD}": ...}}',
                         parameter="channels")  # fmt: skip
    return one.kind, module.address(value)


def _subscribe(
    session: Session, made: Made, kind: str, address: channel.Address, desk: Desk, now: datetime,
    *, outside: bool = False,
) -> int:  # fmt: skip
    """The subscription's number. A secret is new, as is the question to an address that has to say yes."""
    module = channel.module(kind)
    desk.hold(session)
    row = {
        "kind": kind,
        "address_key": desk.sealer.digest(kind, address.value),
        "address": desk.sealer.seal(address.value),
        "shown": address.shown,
        "made_at": now,
        "confirmed_at": None if module.CONFIRMS else now,
    }
    who = subscribers.add(session, row)
    secret = module.new_secret() if module.SIGNS else None
    yes = None if outside else who.confirmed_at
    sealed = desk.sealer.seal(secret) if secret else None
    number, begun = alerts.subscribe(session, made.id, who.id, now, yes, sealed, outside=outside)
    if begun and secret:
        made.secrets[number] = secret
    if begun and yes is None:
        ask(session, made.id, who.id, desk, now)
    return number


def ask(session: Session, alert_id: int, subscriber_id: int, desk: Desk, now: datetime) -> bool:
    """Whether it was asked: nobody is asked without end."""
    if deliveries.count_of(session, subscriber_id, "confirm", now - _ASKED_EVERY) >= MOST_ASKED:
        return False
    said = body.message(body.CONFIRM, alerts.get(session, alert_id), desk.office.links, now)
    _send(session, "confirm", subscriber_id, alert_id, said, now)
    return True


def _send(
    session: Session, kind: str, subscriber_id: int, alert_id: int, said: dict[str, Any], now: datetime
) -> str:
    """The key of the message."""
    row = deliveries.message(kind, subscriber_id, alert_id, said, now)
    deliveries.make(session, [row])
    return str(row["key"])


def end_one(session: Session, one: Any, now: datetime, *, left: bool = False) -> None:
    """Who left is asked again before it is told of anything new."""
    alerts.unsubscribe(session, [one.id], now, left=left)
    if left and channel.module(subscribers.get(session, one.subscriber_id).kind).CONFIRMS:
        subscribers.change(session, one.subscriber_id, {"confirmed_at": None})
    told.drop(session, one.alert_id, one.subscriber_id)
    deliveries.cancel(session, one.alert_id, one.subscriber_id, now, ENDED)


def one_of(session: Session, alert_id: int, subscription_id: int) -> Any:
    one = alerts.subscription(session, subscription_id)
    if one.alert_id != alert_id:
        raise NotFound(f"alert {alert_id} has no subscription {subscription_id}")
    return one
