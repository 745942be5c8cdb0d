"""The pages `/exports`, `/exports/new` and `/exports/{id}`: what was asked for, a new one, what is in one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api import exporting
from api.access import Caller, Insider, presser
from api.conditional import asked_at
from api.deps import context, only
from api.keeping import PRIVATE
from api.render.drafts import Errors
from api.render.templates import page
from api.render.wanted import Wanted, wrong
from api.routes.exports import Number
from api.search import Filters, Paging
from core import plugins
from core.errors import BadRequest
from db import exports
from db.strata import STRATA
from exports import asked, tables

router = APIRouter(include_in_schema=False)
FORMATS = {
    "csv": "for Excel, R and everything else that reads tables",
    "jsonl": "one JSON object a line, nested as the API has it",
    "parquet": "small and typed, for pandas, polars and DuckDB",
}


Presser = Annotated[Caller, Depends(presser("export"))]


@router.get("/exports", dependencies=[only(Paging)])
def list_exports(request: Request, who: Insider, paging: Annotated[Paging, Query()]) -> Response:
    site = context(request)
    with site.database.read() as session:
        rows, following = exports.listed(session, paging.limit, paging.cursor)
    told = exporting.all_told(site.settings, rows, asked_at(request))
    return page(request, "exports.html", {"exports": told, "next": following, "pending": _pending(told)})


class Begun(Filters):
    """What a new export is filled in from."""

    again: Number | None = None


@router.get("/exports/new", dependencies=[only(Begun)])
def new_export(request: Request, who: Insider, search: Annotated[Begun, Query()]) -> Response:
    """Filled in from a search, filters and all, or with all that an export before was asked for by."""
    if search.again:
        with context(request).database.read() as session:
            before = exports.get(session, search.again)
        return _form(request, who, Wanted.of(asked.form_of(before)), {})
    try:
        return _form(request, who, Wanted(query=search.query().asked(), as_of=search.as_of or ""), {})
    except BadRequest as error:
        return _form(request, who, Wanted(query=search.q, as_of=search.as_of or ""), wrong(error))


@router.post("/exports/new", dependencies=[only()])
def ask_for_export(request: Request, who: Presser, wanted: Annotated[Wanted, Form()]) -> Response:
    try:
        number = exporting.ask(context(request), wanted.form(), who)
    except (ValidationError, BadRequest) as error:
        return _form(request, who, wanted, wrong(error))
    return RedirectResponse(f"/exports/{number}", status_code=303)


def _form(request: Request, who: Caller, wanted: Wanted, errors: Errors) -> Response:
    values = {
        "asked": wanted,
        "errors": errors,
        "formats": [(name, FORMATS.get(name, "")) for name in plugins.names("exports.formats")],
        "tables": [(table.name, table.about) for table in tables.every(()).values()],
        "strata": STRATA,
        "csrf": who.csrf if who.may("export") else None,
    }
    headers = PRIVATE if request.method == "POST" else None
    return page(request, "export_new.html", values, 422 if errors else 200, headers)


@router.get("/exports/{id:int}", dependencies=[only()])
def one_export(request: Request, who: Insider, id: Number) -> Response:  # noqa: A002
    site = context(request)
    with site.database.read() as session:
        told = exporting.told(site.settings, exports.get(session, id), asked_at(request))
    csrf = who.csrf if who.may("export") else None
    return page(request, "export.html", {"export": told, "pending": _pending([told]), "csrf": csrf})


@router.post("/exports/{id:int}/withdraw", dependencies=[only()])
def withdraw_export(request: Request, who: Presser, id: Number) -> Response:  # noqa: A002
    exporting.withdraw(context(request), id, who)
    return RedirectResponse(f"/exports/{id}", status_code=303)


def _pending(told: list[dict[str, Any]]) -> bool:
    """Whether the page will say something else soon."""
    return any(one["state"] in exporting.PENDING for one in told)
