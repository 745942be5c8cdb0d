"""/erasures: what was erased, why and how fast; DELETE /posts/{id} forgets a post.

Declared after `tags.py`, as modules load by name: an id may hold slashes, and the longer path comes first.
"""

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access import Caller, Insider, writer
from api.answers import Json, listing, resource
from api.deps import context, only
from api.schemas import of_posts
from core import times
from core.errors import BadRequest
from db import posts
from db.erasing import tombstones
from db.erasing.erase import REQUEST, Why, erase

router = resource("erasures")
Admin = Annotated[Caller, Depends(writer("admin"))]


class Paged(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


class Reason(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(description="Why; it stays in the tombstone, for good.", max_length=2000)


@router.get("/erasures", response_model=of_posts.Tombstones, dependencies=[only(Paged)])
def list_erasures(request: Request, _who: Insider, page: Annotated[Paged, Query()]) -> Response:
    """What was erased, newest first: when it was gone there, when its texts went here and when the last trace did;
    the digests of what was there, the posts that shared its captures, the copies that may still hold it.

    For internal readers only.
    """
    with context(request).database.read() as session:
        items, following = tombstones.report(session, page.limit, page.cursor)
    return listing(items, following)


@router.delete("/posts/{id:path}", response_model=of_posts.Tombstone, dependencies=[only(Reason)])
def forget_post(request: Request, who: Admin, id: str, asked: Annotated[Reason, Query()]) -> Response:  # noqa: A002
    """Erase what the post says, everywhere in the archive and for good; digests, times and the reason stay.

    It does not come back when a source shows it again. Answers its tombstone, also where it was forgotten before;
    `erased_at` follows when the last trace is gone, some seconds later under `kle up`. Needs the scope `admin`.
    """
    if not asked.reason.strip():
        raise BadRequest("say why: reason must not be empty; it stays in the tombstone", parameter="reason")
    with context(request).database.write(lasting=True) as session:
        key = posts.key_of(session, id)
        erase(session, key, Why(REQUEST, asked.reason.strip(), f"{who.kind} {who.name}".strip()), times.now())
        found = tombstones.last_of(session, key)
    return Json(found)
