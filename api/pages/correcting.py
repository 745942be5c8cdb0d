"""The forms by which a signed-in person corrects a tag: on a post's page and in the review list."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import AnyCaller, author, check_csrf, require
from api.deps import context, only
from api.render.cards import href
from api.render.judging import anchor
from core import times
from db import corrections
from db.corrections import LONGEST_NOTE

router = APIRouter(include_in_schema=False)
_OWN = re.compile(r"/(?![/\\])[!-~]*")  # a form brings it, and must not lead to another site


@router.post("/posts/{id:path}/tags/{topic}", dependencies=[only()])
def correct(
    request: Request,
    who: AnyCaller,
    id: str,  # noqa: A002
    topic: str,
    decision: Annotated[Literal["tagged", "not", "withdraw"], Form()],
    note: Annotated[str, Form(max_length=LONGEST_NOTE)] = "",
    csrf: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Then back to where the form stood."""
    require(who, "annotate")
    check_csrf(who, csrf)
    with context(request).database.write(lasting=True) as session:
        if decision == "withdraw":
            corrections.withdraw(session, id, topic, author(who), times.now())
        else:
            corrections.put(session, id, topic, decision, note, author(who), times.now())
    place = back if _OWN.fullmatch(back) else f"{href(id)}#{anchor(topic)}"
    return RedirectResponse(place, status_code=303)
