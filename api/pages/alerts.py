"""The pages `/alerts` and `/alerts/new`: all alerts; a new one, with what it would have sent."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from alerts import saving
from api import editing, hiding
from api.access import Caller, Insider, check_csrf, require
from api.conditional import asked_at
from api.deps import context, only
from api.keeping import PRIVATE, kept
from api.naming import proposed
from api.render.drafts import Draft, Errors, at_field
from api.render.templates import page
from api.search import Criteria, Paging
from core import times
from core.errors import BadRequest
from db import alerts, entries

router = APIRouter(include_in_schema=False)


@router.get("/alerts", dependencies=[only(Paging)])
def list_alerts(request: Request, who: Insider, paging: Annotated[Paging, Query()]) -> Response:
    with context(request).database.read() as session:
        rows, following = alerts.listed(session, paging.limit, paging.cursor)
        told = hiding.told_of(session, who, rows)
    values = {"alerts": told, "next": following, "keeps": editing.may_keep(who)}
    return page(request, "alerts.html", values)


@router.get("/alerts/new", dependencies=[only(Criteria)])
def new_alert(request: Request, who: Insider, search: Annotated[Criteria, Query()]) -> Response:
    """Filled in from a search, filters and all, and with the channels that were used last."""
    with context(request).database.read() as session:
        errors: Errors = {}
        try:
            query = search.query().asked()
        except BadRequest as error:
            query, errors = search.q, at_field(error)
        name = proposed(query, entries.topic_names(session))
        draft = Draft(name=name, query=query, keep=editing.usual(session, who.name))
        return _form(request, session, who, draft, errors)


@router.post("/alerts/new", dependencies=[only()])
def save_alert(request: Request, who: Insider, draft: Annotated[Draft, Form()]) -> Response:
    """Save it; or, by the other buttons, show what it would have sent, or one more channel: then nothing is kept,
    and any insider may."""
    errors: Errors = {}
    if draft.do == "save":
        require(who, "alerts")
        check_csrf(who, draft.csrf)
        made, errors = _saved(request, who, draft)
        if made:
            return kept(request, who, made.id, made.secrets)
    with context(request).database.read() as session:
        return _form(request, session, who, draft, errors)


def _saved(request: Request, who: Caller, draft: Draft) -> tuple[saving.Made | None, Errors]:
    site = context(request)
    try:
        with site.database.write(lasting=True) as session:
            form, errors = editing.read(session, site.desk, draft)
            return (saving.make(session, form, site.desk, who.name, times.now()) if form else None), errors
    except BadRequest as error:
        return None, at_field(error)


def _form(request: Request, session: Session, who: Caller, draft: Draft, errors: Errors) -> Response:
    """With what it would have sent, as far as what was filled in can be read; 422 where something is wrong."""
    site, found = context(request), editing.NO_LOOK_BACK
    if not errors:
        form, errors = editing.read(session, site.desk, draft)
        if form:
            found, errors = editing.look_back(session, form, site.desk.office.links, asked_at(request))
    values = {**editing.values(session, who, draft, errors), **found}
    status = 422 if errors.keys() - {"backtest"} else 200
    return page(request, "alert_new.html", values, status, PRIVATE)
