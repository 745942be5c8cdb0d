"""Alive, ready, and what Prometheus reads. The first two answer anybody: a probe carries no key."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from api.access import AnyCaller, Insider
from api.answers import Json
from api.deps import context, only
from api.schemas import of_archive

router = APIRouter(tags=["health"])
_NOW = {"Cache-Control": "no-store"}  # of what is true at this moment alone


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_model=of_archive.Alive)
async def alive() -> Response:
    """200 while the process answers at all, however busy its threads are."""
    return Json({"status": "ok"}, headers=_NOW)


@router.get("/readyz", response_model=of_archive.Ready, responses={503: {"model": of_archive.Ready}})
def ready(request: Request, who: AnyCaller) -> Response:
    """200, or 503 with what is missing; the public learns which part, not why."""
    parts = context(request).readiness()
    if not who.internal:
        parts = {name: missing and "not ready" for name, missing in parts.items()}
    fine = all(missing is None for missing in parts.values())
    return Json({"ready": fine, "parts": parts}, status_code=200 if fine else 503, headers=_NOW)


@router.get("/metrics", response_class=Response, dependencies=[only()])
def metrics(request: Request, _who: Insider) -> Response:
    """Prometheus text format. From another machine with a key."""
    site = context(request)
    with site.database.read() as session:
        return Response(site.metrics.text(session), media_type=CONTENT_TYPE_LATEST, headers=_NOW)
