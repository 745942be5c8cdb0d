"""What the form of an alert is made of: its fields, the channels it may have, and what it would have sent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from alerts import channel, preview
from alerts.desk import Desk
from alerts.links import Links
from api.access import Caller
from api.render.backtest import Backtest
from api.render.drafts import Draft, Errors, at_field, ended
from core.alert import LANGUAGES, AlertForm, ChannelForm
from core.errors import BadRequest, KleError
from db import alerts, entries
from db.query import PostQuery

NO_LOOK_BACK: dict[str, Any] = {"backtest": None, "past": None}
_OFFERED = 20  # channels of the owner's other alerts
_KINDS = {"email": "E-mail", "webhook": "Webhook", "apprise": "Chat (Apprise)"}
_ZONES = ("UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Baghdad", "Asia/Amman")


def may_keep(who: Caller) -> bool:
    """A session: only its forms carry the token that shows where they come from."""
    return who.kind == "session" and who.may("alerts")


def fields() -> dict[str, str]:
    """What each kind of channel calls its address."""
    return {kind: str(channel.module(kind).FIELD) for kind in channel.kinds()}


def read(
    session: Session, desk: Desk, draft: Draft, alert_id: int | None = None
) -> tuple[AlertForm | None, Errors]:
    """The alert that was filled in, or what is wrong with it by field. `alert_id`: one that is changed."""
    return draft.form(_kept(session, desk, draft.keep, alert_id), fields())


def _kept(session: Session, desk: Desk, numbers: Collection[int], alert_id: int | None) -> list[ChannelForm]:
    """The channels of these subscriptions. What somebody asked for from outside is of no use to another alert."""
    known = fields()
    return [
        ChannelForm.model_validate(
            {
                "kind": row.subscriber_kind,
                known[row.subscriber_kind]: desk.sealer.open(row.subscriber_address),
            }
        )
        for row in alerts.subscriptions_by_id(session, numbers)
        if row.alert_id == alert_id or not row.outside
    ]


def usual(session: Session, owner: str) -> list[int]:
    """The channels of the owner's newest alert: those that a new one begins with."""
    rows = alerts.lately_used(session, owner, _OFFERED)
    return [row.id for row in rows if row.alert_id == rows[0].alert_id]


def values(
    session: Session, who: Caller, draft: Draft, errors: Errors, own: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What the form's template takes; `own` are the channels that the alert has already."""
    mine: dict[Any, Any] = {
        (one["kind"], one["shown"] or one["subscription"]): (one["subscription"], one["kind"], one["shown"])
        for one in own
    }
    for row in alerts.lately_used(session, who.name, _OFFERED) if who.sees_addresses else ():
        mine.setdefault((row.subscriber_kind, row.subscriber_shown),
                        (row.id, row.subscriber_kind, row.subscriber_shown))  # fmt: skip
    return {
        "draft": draft,
        "errors": errors,
        "offered": list(mine.values()),
        "kinds": [(kind, _KINDS.get(kind, kind)) for kind in sorted(fields(), key=lambda kind: kind != "email")],
        "languages": LANGUAGES,
        "zones": _ZONES,
        "csrf": who.csrf if may_keep(who) else None,
    }


def look_back(session: Session, form: AlertForm, links: Links, now: datetime) -> tuple[dict[str, Any], Errors]:
    """What it would have sent, and when its search ended if it did. Where that takes too long the form is shown
    without."""
    try:
        past = ended(PostQuery.build(form.query).until, now)
        found = Backtest.of(preview.preview(session, form, links, now), form.query, entries.topic_names(session))
        return {"backtest": found, "past": past}, {}
    except BadRequest as error:
        return NO_LOOK_BACK, at_field(error)
    except KleError as error:
        return NO_LOOK_BACK, {"backtest": error.message}
