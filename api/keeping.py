"""The page of one alert, as several routes show it: after a change, with a new secret, with what was wrong."""

from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from api import editing, hiding, sent
from api.access import Caller
from api.addresses import site
from api.deps import context
from api.render.drafts import Draft, Errors
from api.render.templates import page
from db import alerts

PRIVATE = {"Cache-Control": "no-store"}  # what was typed, and secrets
_MESSAGES = 20  # a page


def kept(request: Request, who: Caller, alert_id: int, secrets: dict[int, str], place: str = "") -> Response:
    """To the alert's page, which tells the secrets once: to load an answer again must not save anything again."""
    if not secrets:
        return RedirectResponse(f"/alerts/{alert_id}{place}", status_code=303)
    token = context(request).once.put((who.credential_id, alert_id, secrets))
    return RedirectResponse(f"/alerts/{alert_id}?once={token}#channels", status_code=303, headers=PRIVATE)


def _told_once(request: Request, who: Caller, alert_id: int, token: str | None) -> dict[int, str]:
    """Secrets by subscription: for the one who made them, and no second time."""
    credential, number, secrets = (token and context(request).once.take(token)) or (None, None, {})
    return secrets if (credential, number) == (who.credential_id, alert_id) else {}


def shown(
    request: Request,
    session: Session,
    who: Caller,
    alert_id: int,
    *,
    cursor: str | None = None,
    once: str | None = None,
    draft: Draft | None = None,
    errors: Errors | None = None,
    found: dict[str, Any] = editing.NO_LOOK_BACK,
) -> Response:
    """`once` is the token of secrets to tell; `draft` is what was filled in and not saved, `found`
    what it would have sent."""
    (told,) = hiding.told_of(session, who, [alerts.get(session, alert_id)])
    messages, following = sent.listed(session, who, alert_id, _MESSAGES, cursor)
    wrong, secrets = errors or {}, _told_once(request, who, alert_id, once)
    values = {
        **editing.values(session, who, draft or Draft.of(told), wrong, told["channels"]),
        **found,
        "alert": told,
        "messages": messages,
        "next": following,
        "secrets": [
            (one["shown"], secrets[one["subscription"]])
            for one in told["channels"]
            if one["subscription"] in secrets
        ],
        "told_before": once is not None and not secrets,
        "editing": draft is not None,
        "site": site(request),
    }
    status = 422 if wrong.keys() - {"backtest"} else 200
    return page(request, "alert.html", values, status, PRIVATE if draft or once else None)
