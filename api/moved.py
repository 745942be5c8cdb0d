"""A question about a post by another of its ids: the answer stands at the post's own."""

from fastapi import Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from core import ids
from db import posts

_API = "/api/v1"


class Moved(Exception):
    """`asked` is the id of the question, `own` that of the post."""

    def __init__(self, asked: str, own: str) -> None:
        super().__init__(own)
        self.asked, self.own = asked, own


def own_id(session: Session, asked: str) -> str:
    """`asked`, if it is the post's own. Raises Moved where it leads to another one, NotFound."""
    own = posts.resolve(session, asked)
    if own != asked:
        raise Moved(asked, own)
    return own


def on_moved(request: Request, error: Exception) -> Response:
    """308 to the same question of the post's own id."""
    assert isinstance(error, Moved)
    rest = request.scope["path"].removeprefix(f"{_API}/posts/{error.asked}")
    asked = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{_API}{ids.page(error.own)}{rest}{asked}", status_code=308)
