"""The links in mails: yes, tell me; no more of this. Open to all who hold a link, whatever else they may read.

Programs that look at mail open links: GET only shows a button, and the POST behind it does it. The POST of the
second link is also what mail programs send by themselves (RFC 8058), without a cookie or a form of ours.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from alerts import opting
from api import subscribing
from api.access import AnyCaller
from api.deps import context, only
from api.render.templates import page
from api.routes.alerts import Number
from core import times
from core.errors import NotFound

router = APIRouter(include_in_schema=False)
_HIDDEN = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
Token = Annotated[str, Query(max_length=500)]


@router.post("/subscriptions", dependencies=[only()])
def subscribe(
    request: Request,
    who: AnyCaller,
    q: Annotated[str, Form(max_length=2000)] = "",
    to: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """The form beside a search for outside readers. It needs no token: anybody may ask, from anywhere."""
    if not subscribing.may_ask(request, who):
        raise NotFound("nobody can subscribe here; who is signed in makes an alert at /alerts/new")
    subscribing.ask(request, subscribing.by_mail(q, to.strip()))
    return _page(request, "subscribe", "done", "")


@router.get("/subscriptions/{id:int}/confirm", dependencies=[only(None, "token")])
def ask_to_confirm(request: Request, _who: AnyCaller, id: Number, token: Token = "") -> Response:  # noqa: A002
    return _page(request, "confirm", "ask")


@router.post("/subscriptions/{id:int}/confirm", dependencies=[only(None, "token")])
def confirm(request: Request, _who: AnyCaller, id: Number, token: Token = "") -> Response:  # noqa: A002
    return _done(request, "confirm", opting.confirm, id, token)


@router.get("/subscriptions/{id:int}/unsubscribe", dependencies=[only(None, "token")])
def ask_to_unsubscribe(request: Request, _who: AnyCaller, id: Number, token: Token = "") -> Response:  # noqa: A002
    return _page(request, "unsubscribe", "ask")


@router.post("/subscriptions/{id:int}/unsubscribe", dependencies=[only(None, "token")])
def unsubscribe(request: Request, _who: AnyCaller, id: Number, token: Token = "") -> Response:  # noqa: A002
    return _done(request, "unsubscribe", opting.unsubscribe, id, token)


def _done(request: Request, what: str, does: Callable[..., str | None], number: int, token: str) -> Response:
    site = context(request)
    with site.database.write(lasting=True) as session:
        name = does(session, number, token, site.desk, times.now())
    return _page(request, what, "done", name)


def _page(request: Request, what: str, step: str, name: str | None = None) -> Response:
    """A link that is none, or is over, says no more than that."""
    good = step == "ask" or name is not None
    values = {"what": what, "step": step if good else "wrong", "name": name}
    return page(request, "subscription.html", values, 200 if good else 404, _HIDDEN)
