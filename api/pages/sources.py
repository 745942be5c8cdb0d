"""The page `/sources`: where the collector looks, how each does, and what its posts are about week by week."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import outgoing
from api.access import Reader
from api.conditional import asked_at
from api.deps import context, only
from api.render.templates import page
from api.render.weeks import drifts
from core import addresses
from core.outcome import GOOD
from db import drift, entries, sources

router = APIRouter(include_in_schema=False)


@router.get("/sources", dependencies=[only()])
def list_sources(request: Request, who: Reader) -> Response:
    with context(request).database.read() as session:
        found = outgoing.sources(sources.list_sources(session, asked_at(request)), who.audience)
        names = entries.topic_names(session)
        weeks = drifts(drift.drift(session, asked_at(request)), names)
    storage = outgoing.storage(context(request).readiness().get("storage"), who.audience)
    rows = [{**row, "state": _state(row), "href": addresses.safe_url(row["url"])} for row in found]
    return page(request, "sources.html", {"rows": rows, "drifts": weeks, "storage": storage})


def _state(row: dict[str, object]) -> str:
    """One word: off, waiting, well or failing."""
    last = row["last_run"]
    if not row["enabled"]:
        return "off"
    if not isinstance(last, dict) or last["outcome"] is None:
        return "waiting"
    return "well" if last["outcome"] in GOOD else "failing"
