"""The OpenAPI document: FastAPI's, with our problems in place of its own form of errors, and how to sign in."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE
from api.schemas import form

DESCRIPTION = """What a coalition and its partners say in public about Key Leader Engagements: collected, kept in \
every version, tagged and searchable. Times are RFC 3339 in UTC; lists are `{"items": [...], "next_cursor": ...}`; \
errors are RFC 9457 problem+json. Ids hold colons and slashes and may be sent raw or percent-encoded."""
TAGS = [
    {"name": "posts", "description": "Search, one post, its history."},
    {"name": "following", "description": "What changed, to mirror the archive, and live."},
    {"name": "evidence", "description": "What was fetched, as it came, and its digests. Not for outside readers."},
    {"name": "counts", "description": "How many posts, by time and by what they have in common; the same filters."},
    {"name": "directory", "description": "Topics, actors, accounts, references."},
    {"name": "alerts", "description": "Saved searches that tell of what is new, their channels and messages."},
    {
        "name": "exports",
        "description": "Datasets to be shared and cited, built by the server, and their files.",
    },
    {"name": "collection", "description": "Sources, runs, whether anybody looked, and drift."},
    {"name": "erasures", "description": "What was erased, why and how fast; forgetting a post."},
    {"name": "health", "description": "Alive, ready, metrics."},
]
_SAID = {"200": "As in the example", "201": "Made", "202": "Queued", "204": "Done; there is nothing to tell"}
_OPEN = ("/healthz", "/readyz")


def install(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, tags=app.openapi_tags, routes=app.routes
    )
    parts = made["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    parts["schemas"]["Problem"] = form.Problem.model_json_schema()
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key from `kle keys add`: kle_..."}
    }
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _describe(path, method in ("get", "head"), operation)
    return made


def _describe(path: str, reads: bool, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    for status, said in _SAID.items():
        if status in answers:
            answers[status]["description"] = said
    if answers.pop("422", None) or path.startswith("/api/"):
        answers["422"] = _problem("A parameter or the query cannot be used" if reads else "The body cannot be used")
    if path not in _OPEN:
        operation["security"] = [{"key": []}, {}] if reads else [{"key": []}]
        answers["401"] = _problem("Nobody we know asks")
    if not reads:
        answers["403"] = _problem("The key or session has not the scope")
    of_posts = path.startswith("/api/v1/posts/{id}")
    if of_posts:
        operation["parameters"][0]["description"] = "platform:platform_id, raw or percent-encoded"
        answers["404"] = _problem("No such post" if reads else "No such post or topic")
    elif "{id}" in path:
        answers["404"] = _problem("No such alert, channel, delivery or export")
    if path.startswith("/api/") and reads:
        answers["304"] = {"description": "Unchanged: If-None-Match names what would be answered"}
        answers["503"] = _problem("It took too long (narrow it) or too much is asked at once; see Retry-After")
    if of_posts and reads:
        answers["308"] = {"description": "Another id of the post whose address is in Location"}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
