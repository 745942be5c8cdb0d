"""Every failure as RFC 9457 problem+json, or as a page for those who asked for one.

What a person did wrong is explained; what went wrong in here is logged under a number and not shown.
"""

import logging
import re
import secrets
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import narrowing
from api.deps import context
from api.headers import HEADERS
from api.render.templates import page
from core.errors import Busy, KleError, TooSlow

log = logging.getLogger("kle.api")
MEDIA_TYPE = "application/problem+json"
_CAUSES: dict[type[KleError], str] = {Busy: "busy", TooSlow: "slow"}
_WORDS = re.compile(r"[^a-z0-9]+")
_JSON_ONLY = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")


def install(app: FastAPI) -> None:
    app.add_exception_handler(KleError, on_failure)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(OperationalError, on_database)
    app.add_exception_handler(NoConnection, on_database)
    app.add_exception_handler(Exception, on_surprise)


def problem(status: int, title: str, detail: str, **extra: Any) -> dict[str, Any]:
    kind = "urn:kle:problem:" + _WORDS.sub("-", title.lower()).strip("-")
    return {**extra, "type": kind, "title": title, "status": status, "detail": detail}


def on_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, KleError)
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return on_surprise(request, error)
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        _count(request, _CAUSES.get(type(error), "not_ready"))
    if isinstance(error, TooSlow):
        hints = narrowing.hints(request.url.path, request.query_params)
        body = problem(error.status, error.title, f"{error.message}: {'; or '.join(hints)}", narrow=hints)
    else:
        body = problem(error.status, error.title, error.message, **error.extra)
    headers = {"Retry-After": str(max(1, round(error.retry_after)))} if error.retry_after else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        readers = ', Basic realm="kle-monitor"' if request.url.path.startswith("/feeds/") else ""
        headers["WWW-Authenticate"] = f'Bearer realm="kle-monitor"{readers}'
    return _answer(request, body, headers)


def on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if said := _unread(error.errors()[0]):
        body = problem(422, "Invalid request", said, parameter="body", errors=[{"where": "body", "message": said}])
        return _answer(request, body)
    errors = [{"where": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{e['where'].removeprefix('query.')}: {e['message']}" for e in errors)
    parameter = str([*error.errors()[0]["loc"], ""][1])  # after where it stands: query, body, header
    return _answer(request, problem(422, "Invalid request", detail, parameter=parameter, errors=errors))


def _unread(error: dict[str, Any]) -> str | None:
    """What is said of a body in which no field could be looked for."""
    kind, place = error["type"], tuple(error["loc"])
    if kind == "json_invalid":
        return f"the body is no JSON: {error['ctx']['error']}, at character {place[1]}"
    if place != ("body",):
        return None
    if kind == "missing":
        return "the body is empty: send a JSON object"
    return "the body is no JSON object: send {...}, with Content-Type: application/json"


def on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.method} is not possible here.",
    }.get(error.status_code, str(error.detail))
    return _answer(request, problem(error.status_code, title, detail), dict(error.headers or {}))


def on_database(request: Request, error: Exception) -> Response:
    _count(request, "database")
    number = _log(request, error)
    detail = f"The archive does not answer right now; try again in a few seconds. (error {number})"
    return _answer(request, problem(503, "Not ready", detail), {"Retry-After": "5"})


def _count(request: Request, cause: str) -> None:
    context(request).metrics.refused.labels(cause).inc()


def on_surprise(request: Request, error: Exception) -> Response:
    """Answered outside of our middleware, so the headers are set here."""
    number = _log(request, error)
    detail = f"Something went wrong here. It is in the log as error {number}."
    return _answer(request, problem(500, "Internal error", detail), HEADERS)


def _log(request: Request, error: Exception) -> str:
    number = secrets.token_hex(4)
    log.error("error %s: %s %s", number, request.method, request.url.path, exc_info=error)
    return number


def _answer(request: Request, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    path = request.url.path
    if "text/html" in request.headers.get("accept", "") and not path.startswith(_JSON_ONLY):
        return page(request, "error.html", {"problem": body}, status=body["status"], headers=headers)
    content = orjson.dumps({**body, "instance": path})
    return Response(content, body["status"], headers=headers, media_type=MEDIA_TYPE)
