"""Signing in by the one-time link, and out.

Programs that preview links fetch them: GET only shows a button, and the POST behind it uses the link up.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import COOKIE, AnyCaller, check_csrf
from api.deps import Context, context, only
from api.render.templates import page
from core import times
from core.errors import Forbidden
from db import credentials

router = APIRouter(include_in_schema=False)
LIFETIME = timedelta(days=7)
_NOWHERE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}  # the address holds a secret
_USED = "This sign-in link was used already or is too old; `kle up` prints a new one."


@router.get("/signin", dependencies=[only(None, "token")])
def ask(request: Request, _who: AnyCaller, token: str = "") -> Response:
    with context(request).database.read() as session:
        good = bool(token) and credentials.find(session, "sign_in", token, times.now()) is not None
    return page(request, "signin.html", {"token": token, "good": good}, headers=_NOWHERE)


@router.post("/signin")
def sign_in(request: Request, token: Annotated[str, Form()]) -> Response:
    site = context(request)
    secret = _exchange(site, token)
    answer = RedirectResponse("/", status_code=303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=_https(request, site),
    )
    return answer


@router.post("/signout")
def sign_out(request: Request, who: AnyCaller, csrf: Annotated[str, Form()] = "") -> Response:
    check_csrf(who, csrf)
    if who.credential_id is not None:
        with context(request).database.write() as session:
            credentials.revoke(session, who.credential_id, times.now())
    answer = RedirectResponse("/", status_code=303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _exchange(site: Context, token: str) -> str:
    """The one-time link for a session with the same scopes, in one transaction."""
    now = times.now()
    with site.database.write() as session:
        link = credentials.find(session, "sign_in", token, now)
        if link is None or not credentials.consume(session, token, now):
            raise Forbidden(_USED)
        _, secret = credentials.issue(session, "session", link.name, link.scopes, now, LIFETIME)
    return secret


def _https(request: Request, site: Context) -> bool:
    return request.url.scheme == "https" or site.settings.base_url.startswith("https:")
