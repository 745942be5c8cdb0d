"""The one Jinja environment: everything is escaped, nothing undefined passes silently."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.render import formats

PAGES = Path(__file__).parent.parent / "pages"
STATIC = PAGES / "static"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(PAGES / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static
    for name in ("number", "moment", "span", "facet", "size"):
        made.filters[name] = getattr(formats, name)
    return made


@cache
def static(name: str) -> str:
    """The address of a static file with its digest, so that a new release is not shown with old styles."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """`who` in the header is whoever access found; nobody where it was not asked."""
    who = getattr(request.state, "who", None)
    body = environment().get_template(template).render(who=who, path=request.url.path, **values)
    return HTMLResponse(body, status, headers=dict(headers or {}))
