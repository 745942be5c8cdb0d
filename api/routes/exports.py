"""/exports: ask for a release, see how far it is, fetch its files, withdraw it. Not for outside readers."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from api import exporting
from api.access import Caller, Insider, writer
from api.answers import Json, listing, resource
from api.conditional import asked_at, holds
from api.deps import context, only
from api.routes.captures import repr_digest
from api.schemas import of_exports
from api.search import MAX_KEY, Paging, Value
from core.errors import NotFound
from db import exports
from exports import store

router = resource("exports")
Exporter = Annotated[Caller, Depends(writer("export"))]
Number = Annotated[int, Path(ge=1, le=MAX_KEY)]
_KEPT = "private, no-cache, no-transform"  # as it is, and asked for each time: it may have been withdrawn
_PROBLEM: dict[str, Any] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
}
_TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {"description": "Some that you asked for wait already; see Retry-After", "content": _PROBLEM}
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that Range asks for"},
    409: {"description": "It is not done, or failed", "content": _PROBLEM},
    410: {"description": "It was withdrawn, or its time is over", "content": _PROBLEM},
    416: {"description": "Range asks for what is not there"},
}


class OneFile(BaseModel):
    path: Value | None = Field(None, description="One of `files`; without it all of them as a zip.")


@router.get("/exports", response_model=of_exports.Exports, dependencies=[only(Paging)])
def list_exports(request: Request, _who: Insider, page: Annotated[Paging, Query()]) -> Response:
    """Newest first. Not for outside readers."""
    site = context(request)
    with site.database.read() as session:
        rows, following = exports.listed(session, page.limit, page.cursor)
    return listing(exporting.all_told(site.settings, rows, asked_at(request)), following)


@router.post(
    "/exports", response_model=of_exports.Export, status_code=202, responses=_TOO_MANY, dependencies=[only()]
)
def ask_for_export(request: Request, who: Exporter, form: of_exports.ExportRequest) -> Response:
    """A release of these posts, built soon; Location is where to look. Needs the scope `export`.

    What it names is checked at once. The same asked for again while it waits is answered with the one that waits.
    """
    number = exporting.ask(context(request), form, who)
    return Json(_told(request, number), 202, headers={"Location": f"/api/v1/exports/{number}"})


@router.get("/exports/{id:int}", response_model=of_exports.Export, dependencies=[only()])
def get_export(request: Request, _who: Insider, id: Number) -> Response:  # noqa: A002
    """One export: how far it is, and once it is done its files, what was withheld, and its manifest."""
    return Json(_told(request, id))


@router.delete("/exports/{id:int}", status_code=204, dependencies=[only()])
def withdraw_export(request: Request, who: Exporter, id: Number) -> Response:  # noqa: A002
    """Take it back, whether it is done or not: its files go within seconds. Needs the scope `export`."""
    exporting.withdraw(context(request), id, who)
    return Response(status_code=204)


@router.get("/exports/{id:int}/file", response_class=Response, responses=_FILE, dependencies=[only(OneFile)])
def get_export_file(request: Request, _who: Insider, id: Number, asked: Annotated[OneFile, Query()]) -> Response:  # noqa: A002
    """The release as a zip, or one of its files; with Range and If-Range a download goes on where it broke off.

    The ETag is the file's SHA-256. 409 while it is not done, 410 once it was withdrawn or has expired.
    """
    site = context(request)
    with site.database.read() as session:
        row = exports.get(session, id)
    exporting.require_done(row, asked_at(request))
    found = store.file(site.settings.data_dir, asked.path, row.result)
    if found is None:
        names = ", ".join(one["path"] for one in row.result["files"])
        raise NotFound(f"export {id} has no file {asked.path!r}; it has {names}", parameter="path")
    file, known = found
    if not file.is_file():
        raise NotFound(f"the files of export {id} are not on this machine: its processes share one data folder")
    name = exporting.zip_name(id) if asked.path is None else PurePosixPath(known["path"]).name
    headers = {"ETag": f'"{known["sha256"]}"', "Cache-Control": _KEPT, "Repr-Digest": repr_digest(known["sha256"])}
    if holds(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    answer = FileResponse(file, headers=headers, filename=name, stat_result=file.stat())
    if getattr(request.state, "head", False):  # of a large file nothing is read for nothing
        return Response(headers=dict(answer.headers))
    return answer


def _told(request: Request, number: int) -> dict[str, Any]:
    site = context(request)
    with site.database.read() as session:
        return exporting.told(site.settings, exports.get(session, number), asked_at(request))
