"""The page of one alert, as several routes show it: after a change, with a new secret, with what was wrong."""

from typing import Any

from fastapi import Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from alerts import showing
from api import editing, sent
from api.access import Caller
from api.addresses import site
from api.deps import context
from api.render.drafts import Draft, Errors
from api.render.templates import page
from db import alerts

PRIVATE = {"Cache-Control": "no-store"}  # what was typed, and secrets
_MESSAGES = 20  # a page


def kept(request: Request, who: Caller, alert_id: int, secrets: dict[int, str], place: str = "") -> Response:
    """To the alert's page; where there are secrets to tell, the page itself, for no other answer has them."""
    if not secrets:
        return RedirectResponse(f"/alerts/{alert_id}{place}", status_code=303)
    with context(request).database.read() as session:
        return shown(request, session, who, alert_id, secrets=secrets)


def shown(
    request: Request,
    session: Session,
    who: Caller,
    alert_id: int,
    *,
    cursor: str | None = None,
    secrets: dict[int, str] | None = None,
    draft: Draft | None = None,
    errors: Errors | None = None,
    found: dict[str, Any] = editing.NO_LOOK_BACK,
) -> Response:
    """`draft` is what was filled in and not saved, `found` what it would have sent."""
    (told,) = showing.told_of(session, [alerts.get(session, alert_id)])
    messages, following = sent.listed(session, alert_id, _MESSAGES, cursor)
    wrong = errors or {}
    values = {
        **editing.values(session, who, draft or Draft.of(told), wrong, told["channels"]),
        **found,
        "alert": told,
        "messages": messages,
        "next": following,
        "secrets": [
            (one["shown"], secrets[one["subscription"]])
            for one in told["channels"]
            if secrets and one["subscription"] in secrets
        ],
        "editing": draft is not None,
        "site": site(request),
    }
    status = 422 if wrong.keys() - {"backtest"} else 200
    return page(request, "alert.html", values, status, PRIVATE if draft or secrets else None)
