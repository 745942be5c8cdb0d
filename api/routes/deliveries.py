"""/alerts/{id:int}/deliveries: each message of an alert, its attempts, and one sent again."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from alerts import saving
from api import sent
from api.access import Insider
from api.answers import listing, resource
from api.deps import context, only
from api.routes.alerts import Keeper, Number
from api.schemas import of_alerts
from api.search import Paging
from core import times
from core.errors import NotFound
from db import alerts

router = resource("alerts")


@router.get("/alerts/{id:int}/deliveries", response_model=of_alerts.Deliveries, dependencies=[only(Paging)])
def list_deliveries(
    request: Request,
    who: Insider,
    id: Number,  # noqa: A002
    page: Annotated[Paging, Query()],
) -> Response:
    """Newest first, with every attempt: when, how it ended, what was answered; also of an alert that ended."""
    with context(request).database.read() as session:
        if id not in alerts.by_id(session, [id]):
            raise NotFound(f"there never was an alert {id}")
        return listing(*sent.listed(session, who, id, page.limit, page.cursor))


@router.post(
    "/alerts/{id:int}/deliveries/{delivery}/replay",
    status_code=204,
    dependencies=[only()],
)
def replay_delivery(request: Request, who: Keeper, id: Number, delivery: Number) -> Response:  # noqa: A002
    """Send a message again: the same body under the same key. Needs the scope `alerts`."""
    with context(request).database.write(lasting=True) as session:
        saving.replay(session, id, delivery, times.now())
    return Response(status_code=204)
