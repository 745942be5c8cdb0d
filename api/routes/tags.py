"""/posts/{id}/tags/{topic}: a person's correction of a tag, which wins over the model's until it is withdrawn."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from api.access import Caller, author, writer
from api.answers import Json, resource
from api.deps import context, only
from api.schemas import of_posts
from core import times
from db import corrections, posts

router = resource("posts")
Annotator = Annotated[Caller, Depends(writer("annotate"))]


@router.put("/posts/{id:path}/tags/{topic}", response_model=of_posts.Tag, dependencies=[only()])
def correct_tag(request: Request, who: Annotator, id: str, topic: str, said: of_posts.Said) -> Response:  # noqa: A002
    """Say of a topic that it holds (`tagged`) or does not (`not`), under the name of the key or session.

    It wins over every model, also one that reads the post later, until it is withdrawn; where the text changes it
    stays, marked with the version it was made on. Another PUT replaces it, the same one changes nothing; the
    history stands with the versions. Any id of the post will do. Needs the scope `annotate`.
    """
    with context(request).database.write(lasting=True) as session:
        corrections.put(session, id, topic, said.decision, said.note, author(who), times.now())
        own = posts.get(session, posts.resolve(session, id))
    return Json(next(tag for tag in own["tags"] if tag["topic"] == topic))


@router.delete("/posts/{id:path}/tags/{topic}", status_code=204, dependencies=[only()])
def withdraw_correction(request: Request, who: Annotator, id: str, topic: str) -> Response:  # noqa: A002
    """Withdraw the correction: the newest model's decision is current again. The history stays.

    Where none stands nothing changes. Needs the scope `annotate`.
    """
    with context(request).database.write(lasting=True) as session:
        corrections.withdraw(session, id, topic, author(who), times.now())
    return Response(status_code=204)
