"""How answers leave: JSON written once by orjson, lists in one form.

The forms that db/ hands out are the API's own, so they are not validated again on the way out (a page of 200
posts would pay for it on every request); the tests hold every answer against its schema.
"""

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response


class Json(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def listing(items: list[dict[str, Any]], next_cursor: str | None = None, **more: Any) -> Json:
    return Json({"items": items, "next_cursor": next_cursor, **more})


def resource(tag: str) -> APIRouter:
    return APIRouter(prefix="/api/v1", tags=[tag])
