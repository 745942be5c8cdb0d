"""/alerts: make, change and end them; the backtest; their channels; what matches one as it is committed."""

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlmodel import Session
from starlette.responses import Response

from alerts import opting, preview, saving
from api import hiding, subscribing
from api.access import AnyCaller, Caller, Insider, Token, check_writer, still_insider, writer
from api.answers import Json, listing, resource
from api.deps import context, only
from api.routes.stream import ANSWERS, Last, stream
from api.schemas import of_alerts
from api.search import MAX_KEY, AlertStreamSearch, Paging, StreamSearch
from core import times
from core.alert import AlertForm
from core.errors import BadRequest, NotFound
from db import alerts

router = resource("alerts")
Keeper = Annotated[Caller, Depends(writer("alerts"))]
Number = Annotated[int, Path(ge=1, le=MAX_KEY)]
_ASKED: dict[int | str, dict[str, Any]] = {202: {"model": of_alerts.Asked, "description": "To outsiders"}}


async def maker(request: Request, who: AnyCaller, x_csrf_token: Token = "") -> Caller:
    """With the scope `alerts`; where `public_subscribe` is set, the public too."""
    if not subscribing.may_ask(request, who):
        check_writer(who, "alerts", x_csrf_token)
    return who


@router.get("/alerts", response_model=of_alerts.Alerts, dependencies=[only(Paging)])
def list_alerts(request: Request, who: Insider, page: Annotated[Paging, Query()]) -> Response:
    """Those that have not ended, in the order in which they were made. Not for outside readers."""
    with context(request).database.read() as session:
        rows, following = alerts.listed(session, page.limit, page.cursor)
        return listing(hiding.told_of(session, who, rows), following)


@router.post(
    "/alerts", response_model=of_alerts.MadeAlert, status_code=201, responses=_ASKED, dependencies=[only()]
)
def make_alert(request: Request, who: Annotated[Caller, Depends(maker)], form: AlertForm) -> Response:
    """Tell of what is archived from now on. A webhook's secret is in this answer and in no other.

    Needs the scope `alerts`. Where `public_subscribe` is set, anybody may ask for one with exactly one channel of
    the kind email: that is answered 202, whatever is known of the address, and nothing but a mail with a link to
    confirm is sent until it says yes. 429 with Retry-After for who asks too often.
    """
    if subscribing.may_ask(request, who):
        subscribing.ask(request, form)
        return Json({"status": "confirm"}, 202)
    site = context(request)
    with site.database.write(lasting=True) as session:
        made = saving.make(session, form, site.desk, who.name, times.now())
        told = _told(session, who, made.id)
    place = {"Location": f"/api/v1/alerts/{made.id}"}
    return Json(_with_secrets(told, made.secrets), 201, headers=place)


@router.post("/alerts/preview", response_model=of_alerts.Preview, dependencies=[only()])
def preview_alert(request: Request, _who: Insider, form: of_alerts.AlertPreview) -> Response:
    """What this alert would have sent in the last 90 days, by day, with examples and why they match.

    Nothing is kept or sent, so it needs no scope; name and channels may be left out.
    """
    site = context(request)
    with site.database.read() as session:
        return Json(preview.preview(session, form, site.desk.office.links, times.now()))


@router.get("/alerts/{id:int}", response_model=of_alerts.Alert, dependencies=[only()])
def get_alert(request: Request, who: Insider, id: Number) -> Response:  # noqa: A002
    """One alert; one that ended answers 404."""
    with context(request).database.read() as session:
        return Json(_told(session, who, id))


@router.patch("/alerts/{id:int}", response_model=of_alerts.MadeAlert, dependencies=[only()])
def change_alert(request: Request, who: Keeper, id: Number, patch: of_alerts.AlertPatch) -> Response:  # noqa: A002
    """Change what is given. A new webhook's secret is in this answer and in no other. Needs the scope `alerts`."""
    site, now = context(request), times.now()
    with site.database.write(lasting=True) as session:
        secrets: dict[int, str] = {}
        if patch.given():
            require_ours(session, id)
            form = saving.form_of(session, id, site.desk)
            form = merged(form, _with_kept(session, id, form, patch.given()))
            secrets = saving.change(session, id, form, site.desk, now).secrets
        if patch.paused is True:
            saving.pause(session, id, now)
        elif patch.paused is False:
            saving.resume(session, id)
        told = _told(session, who, id)
    return Json(_with_secrets(told, secrets))


@router.delete("/alerts/{id:int}", status_code=204, dependencies=[only()])
def end_alert(request: Request, who: Keeper, id: Number) -> Response:  # noqa: A002
    """Nothing more is told through it, what waits included. Needs the scope `alerts`."""
    with context(request).database.write(lasting=True) as session:
        require_ours(session, id)
        saving.end(session, id, times.now())
    return Response(status_code=204)


@router.post("/alerts/{id:int}/test", response_model=of_alerts.Queued, status_code=202, dependencies=[only()])
def test_alert(request: Request, who: Keeper, id: Number) -> Response:  # noqa: A002
    """Send a message that says it is a test through each channel, soon. Needs the scope `alerts`."""
    site = context(request)
    with site.database.write(lasting=True) as session:
        return Json({"keys": saving.test(session, id, site.desk, times.now())}, 202)


_CHANNEL = "/alerts/{id:int}/channels/{subscription}"


@router.post(f"{_CHANNEL}/secret", response_model=of_alerts.Secret, dependencies=[only()])
def rotate_secret(request: Request, who: Keeper, id: Number, subscription: Number) -> Response:  # noqa: A002
    """Another secret for a webhook; messages are signed with both for 24 hours. Needs the scope `alerts`."""
    site = context(request)
    with site.database.write(lasting=True) as session:
        return Json({"secret": saving.rotate(session, id, subscription, site.desk, times.now())})


@router.post(f"{_CHANNEL}/confirmation", status_code=204, dependencies=[only()])
def ask_again(request: Request, who: Keeper, id: Number, subscription: Number) -> Response:  # noqa: A002
    """Mail the link to confirm again. Needs the scope `alerts`."""
    site = context(request)
    with site.database.write(lasting=True) as session:
        opting.ask_again(session, id, subscription, site.desk, times.now())
    return Response(status_code=204)


@router.post(f"{_CHANNEL}/resume", status_code=204, dependencies=[only()])
def resume_channel(request: Request, who: Keeper, id: Number, subscription: Number) -> Response:  # noqa: A002
    """Try a channel again that was paused as nothing reached it. Needs the scope `alerts`."""
    with context(request).database.write(lasting=True) as session:
        saving.revive(session, id, subscription, times.now())
    return Response(status_code=204)


@router.get(
    "/alerts/{id:int}/stream", response_class=Response, responses=ANSWERS, dependencies=[only(AlertStreamSearch)]
)
def stream_alert(
    request: Request,
    who: Insider,
    id: Number,  # noqa: A002
    search: Annotated[AlertStreamSearch, Query()],
    last_event_id: Last = None,
) -> Response:
    """What /stream sends, for this alert's query. It ends when the alert does, and when its query changes."""
    site = context(request)
    with site.database.read() as session:
        query = alerts.get(session, id).query
    asked = StreamSearch(q=query, types=search.types, cursor=search.cursor)
    return stream(request, who, asked, last_event_id, partial(_still, request, id, query))


async def _still(request: Request, alert_id: int, query: str) -> None:
    await still_insider(request)

    def same() -> bool:
        with context(request).database.read() as session:
            return bool(alerts.get(session, alert_id).query == query)

    if not await context(request).watcher.read(same):
        raise NotFound(f"alert {alert_id} looks for something else now")


def merged(form: AlertForm, given: dict[str, Any]) -> AlertForm:
    """`form` with what is `given`; what is wrong with that is told as of a request's body."""
    try:
        return AlertForm.model_validate({**form.model_dump(mode="json"), **given})
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from None


def _with_kept(session: Session, alert_id: int, form: AlertForm, given: dict[str, Any]) -> dict[str, Any]:
    """`given`, with the channels that it names by number as `form`, the alert as it is, has them. Raises
    BadRequest for a number that is none of this alert's."""
    if not given.get("channels"):
        return given
    numbers = [one.id for one in alerts.subscriptions(session, [alert_id])]
    known = {number: one.model_dump(mode="json") for number, one in zip(numbers, form.channels, strict=True)}
    try:
        channels = [known[one["subscription"]] if "subscription" in one else one for one in given["channels"]]
    except KeyError as error:
        raise BadRequest(
            f"alert {alert_id} has no subscription {error.args[0]}: GET /alerts/{alert_id} names those it has",
            parameter="channels",
        ) from None
    return {**given, "channels": channels}


def require_ours(session: Session, alert_id: int) -> None:
    """Raises BadRequest for an alert of kle.toml, which would come back as it stands there; NotFound."""
    if alerts.get(session, alert_id).declared:
        raise BadRequest("kle.toml has this alert: change or end it there; here it can be paused", parameter="id")


def _told(session: Session, who: Caller, alert_id: int) -> dict[str, Any]:
    return hiding.told_of(session, who, [alerts.get(session, alert_id)])[0]


def _with_secrets(told: dict[str, Any], secrets: dict[int, str]) -> dict[str, Any]:
    channels = [{**one, "secret": secrets.get(one["subscription"])} for one in told["channels"]]
    return {**told, "channels": channels}
