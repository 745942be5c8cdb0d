"""The page `/docs`: the OpenAPI document to read.

Our own and not a bundled viewer: it needs no script from another host, no exception in the content policy and no
1.7 MB of somebody else's JavaScript beside the session cookie. Programs take /openapi.json.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access import AnyCaller
from api.deps import only
from api.render import samples
from api.render.templates import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as the page shows it; `body` and `example` are JSON, `parameters` are (name, where, type, what it
    means)."""

    anchor: str
    method: str
    path: str
    tag: str
    summary: str
    parameters: list[tuple[str, str, str, str]]
    answers: list[tuple[str, str]]
    body: str
    example: str
    open: bool


@router.get("/docs", dependencies=[only()])
def docs(request: Request, _who: AnyCaller) -> Response:
    document: dict[str, Any] = request.app.openapi()
    values = {
        "description": document["info"]["description"].replace("`", ""),
        "version": document["info"]["version"],
        "groups": [(tag, _operations(document, tag["name"])) for tag in document["tags"]],
    }
    return page(request, "docs.html", values)


def _operations(document: dict[str, Any], tag: str) -> list[Operation]:
    return [
        _operation(document, method, path, spec)
        for path, methods in document["paths"].items()
        for method, spec in methods.items()
        if tag in spec["tags"] and method != "head"
    ]


def _operation(document: dict[str, Any], method: str, path: str, spec: dict[str, Any]) -> Operation:
    parameters = spec.get("parameters", [])
    return Operation(
        anchor=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        tag=spec["tags"][0],
        summary=spec.get("description", spec["summary"]),
        parameters=[(p["name"], p["in"], _type(p["schema"]), p.get("description", "")) for p in parameters],
        answers=[(status, answer["description"]) for status, answer in spec["responses"].items()],
        body=_example(document, spec.get("requestBody", {})),
        example=_example(document, spec["responses"].get("200", {})),
        open=not any(p["in"] == "path" for p in parameters),
    )


def _type(schema: dict[str, Any]) -> str:
    """In a few words: "integer 1 to 200", "newest or oldest", "text, repeatable"."""
    kinds = [s for s in schema.get("anyOf", [schema]) if s.get("type") != "null"]
    first = kinds[0]
    if first.get("type") == "array":
        return f"{_type(first['items'])}, repeatable"
    if "enum" in first:
        return " or ".join(first["enum"])
    name = {"string": "text", "integer": "number"}.get(first.get("type", ""), first.get("type", ""))
    bounds = f" {first['minimum']} to {first['maximum']}" if "maximum" in first else ""
    default = schema.get("default")
    return f"{name}{bounds}" + (f", else {default}" if default not in (None, "", []) else "")


def _example(document: dict[str, Any], holder: dict[str, Any]) -> str:
    """Of a request's body, or of an answer."""
    content = holder.get("content", {}).get("application/json")
    if not content:
        return ""
    made = samples.sample(content["schema"], document["components"]["schemas"])
    return orjson.dumps(made, option=orjson.OPT_INDENT_2).decode()
