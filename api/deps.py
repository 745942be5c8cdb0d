"""What every route can ask for: the application's context, and a check of the names of query parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel

from alerts.desk import Desk
from api.answered import Answered
from api.buckets import Buckets
from api.feeds.freshness import Freshness
from api.metrics import Metrics
from api.once import Once
from api.watcher import Watcher
from core.errors import BadRequest
from core.settings import Settings
from db.database import Database
from db.near import Meaning
from db.relevance import Reads

Readiness = Callable[[], dict[str, str | None]]


@dataclass(frozen=True, slots=True)
class Context:
    """Built once by `create_app`; there is no other state in the application."""

    settings: Settings
    database: Database
    readiness: Readiness
    metrics: Metrics
    answered: Answered
    watcher: Watcher
    freshness: Freshness
    meaning: Meaning  # the archive's vectors, as this process holds them
    desk: Desk  # what alerts are saved with
    askers: Buckets  # how often whoever we do not know may ask for an alert
    once: Once  # secrets, until the page that tells them
    reads: Reads | None  # makes vectors of searches; None where no encoder is


def context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


def only(form: type[BaseModel] | None = None, *more: str) -> Any:
    """A dependency: 422 on a parameter that the route does not know, or that is given twice where one is meant.

    A misspelt filter must never silently widen a search.
    """
    fields = form.model_fields if form else {}
    lists = {name for name, field in fields.items() if get_origin(field.annotation) is list}
    known = [*fields, *more]

    async def check(request: Request) -> None:  # async: quicker than a thread for what waits for nothing
        _refuse_nul(request)
        for name in request.query_params:
            if name not in known:
                there = f"there are {', '.join(known)}" if known else "this address takes none"
                raise BadRequest(f"unknown parameter {name!r}: {there}", parameter=name, known=known)
            if name not in lists and len(request.query_params.getlist(name)) > 1:
                raise BadRequest(f"parameter {name!r} is there twice; it takes one value", parameter=name)

    return Depends(check)


def _refuse_nul(request: Request) -> None:
    """PostgreSQL takes none in a text; no id, word or name has one."""
    if any("\x00" in text for text in (request.scope["path"], *request.query_params.values())):
        raise BadRequest("the address holds a NUL character (%00); nothing here has one in its name")
