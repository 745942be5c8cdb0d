"""The page `/alerts/{id}`: its settings, its channels, what it sent; and the buttons on it."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import BaseModel
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from alerts import opting, saving
from api import editing, keeping
from api.access import Caller, Insider, check_csrf, presser, require
from api.conditional import asked_at
from api.deps import Context, context, only
from api.render.drafts import Draft, Errors, at_field
from api.routes.alerts import Number, require_ours
from api.search import Value
from core import times
from core.errors import BadRequest

router = APIRouter(include_in_schema=False)


class Messages(BaseModel):
    cursor: Value | None = None
    once: Value | None = None  # the token of a secret that this answer tells, and no other


Presser = Annotated[Caller, Depends(presser("alerts"))]


@router.get("/alerts/{id:int}", dependencies=[only(Messages)])
def one_alert(request: Request, who: Insider, id: Number, asked: Annotated[Messages, Query()]) -> Response:  # noqa: A002
    asked_at(request)
    with context(request).database.read() as session:
        return keeping.shown(request, session, who, id, cursor=asked.cursor, once=asked.once)


@router.post("/alerts/{id:int}", dependencies=[only()])
def change_alert(request: Request, who: Insider, id: Number, draft: Annotated[Draft, Form()]) -> Response:  # noqa: A002
    """Save what was filled in; or show what it would have sent, which any insider may."""
    errors: Errors = {}
    if draft.do == "save":
        require(who, "alerts")
        check_csrf(who, draft.csrf)
        made, errors = _changed(request, id, draft)
        if made:
            return keeping.kept(request, who, id, made.secrets)
    with context(request).database.read() as session:
        found = editing.NO_LOOK_BACK
        if not errors:
            form, errors = editing.read(session, context(request).desk, draft, id)
            if form:
                links = context(request).desk.office.links
                found, errors = editing.look_back(session, form, links, asked_at(request))
        return keeping.shown(request, session, who, id, draft=draft, errors=errors, found=found)


def _changed(request: Request, alert_id: int, draft: Draft) -> tuple[saving.Made | None, Errors]:
    site = context(request)
    try:
        with site.database.write(lasting=True) as session:
            form, errors = editing.read(session, site.desk, draft, alert_id)
            if form is None:
                return None, errors
            require_ours(session, alert_id)
            return saving.change(session, alert_id, form, site.desk, times.now()), {}
    except BadRequest as error:
        return None, at_field(error)


@router.post("/alerts/{id:int}/{act}", dependencies=[only()])
def act_on_alert(
    request: Request,
    who: Presser,
    id: Number,  # noqa: A002
    act: Literal["pause", "resume", "end", "test"],
) -> Response:
    site = context(request)
    with site.database.write(lasting=True) as session:
        if act == "end":
            require_ours(session, id)
        _ALERT[act](session, site, id)
    return RedirectResponse("/alerts" if act == "end" else f"/alerts/{id}", status_code=303)


_ALERT: dict[str, Callable[[Session, Context, int], object]] = {
    "pause": lambda session, _, number: saving.pause(session, number, times.now()),
    "resume": lambda session, _, number: saving.resume(session, number),
    "end": lambda session, _, number: saving.end(session, number, times.now()),
    "test": lambda session, site, number: saving.test(session, number, site.desk, times.now()),
}


@router.post("/alerts/{id:int}/channels/{subscription}/{act}", dependencies=[only()])
def act_on_channel(
    request: Request,
    who: Presser,
    id: Number,  # noqa: A002
    subscription: Number,
    act: Literal["secret", "confirmation", "resume"],
) -> Response:
    """A new secret is shown once, by the page that the answer leads to."""
    site, now, secrets = context(request), times.now(), {}
    with site.database.write(lasting=True) as session:
        if act == "secret":
            secrets = {subscription: saving.rotate(session, id, subscription, site.desk, now)}
        elif act == "confirmation":
            opting.ask_again(session, id, subscription, site.desk, now)
        else:
            saving.revive(session, id, subscription, now)
    return keeping.kept(request, who, id, secrets, "#channels")


@router.post("/alerts/{id:int}/deliveries/{delivery}/replay", dependencies=[only()])
def replay_delivery(request: Request, who: Presser, id: Number, delivery: Number) -> Response:  # noqa: A002
    with context(request).database.write(lasting=True) as session:
        saving.replay(session, id, delivery, times.now())
    return RedirectResponse(f"/alerts/{id}#sent", status_code=303)
