"""The OpenAPI document and its page: complete, and its examples are true to its schemas."""

import pytest

from api import examples
from api.schemas import form, of_alerts, of_archive, of_posts, of_searches
from api.search import PostSearch

HEALTH = {"/healthz", "/readyz", "/metrics"}
BYTES = {
    "/metrics",
    "/api/v1/posts/{id}/capture/body",
    "/api/v1/media/{sha256}",
    "/api/v1/stream",
    "/api/v1/alerts/{id}/stream",
    "/api/v1/exports/{id}/file",
}


@pytest.fixture(scope="session")
def document(inside):
    return inside.get("/openapi.json").json()


@pytest.mark.parametrize(
    ("form", "example"),
    [
        (of_posts.Post, examples.POST),
        (of_posts.Version, examples.VERSION),
        (of_searches.EchoPost, {**examples.POST, "echo": examples.ECHO}),
        (of_posts.Capture, examples.CAPTURE),
        (of_searches.Coverage, examples.COVERAGE),
        (of_archive.Run, examples.RUN),
        (of_archive.Source, examples.SOURCE),
        (of_archive.Drift, examples.DRIFT),
        (of_archive.AuditLine, examples.AUDIT),
        (of_searches.PostChange, examples.CHANGE),
        (of_archive.Reference, examples.REFERENCE),
        (of_alerts.Alert, examples.ALERT),
        (of_alerts.MadeAlert, examples.MADE_ALERT),
        (of_alerts.Delivery, examples.DELIVERY),
        (of_alerts.Example, examples.MATCHED),
        (form.Problem, examples.PROBLEM),
    ],
)
def test_examples_fit_their_schemas_to_the_last_field(form, example):
    assert form.model_validate(example).model_dump(by_alias=True) == example


def test_the_example_s_evidence_stands_in_its_text():
    spoken = [examples.POST["text"][t["evidence"]["start"] : t["evidence"]["end"]] for t in examples.POST["tags"]]
    assert spoken == [
        "Our advisors met the brigade's leaders today.",
        "Next on the list: one payroll for all units.",
    ]


def test_every_route_of_this_version_is_there(document):
    posts = {"posts", "posts/{id}", "posts/{id}/versions", "posts/{id}/metrics", "posts/{id}/similar"}
    posts |= {"posts/{id}/echoes"}
    posts |= {"posts/{id}/tags/{topic}", "posts/{id}/capture", "posts/{id}/capture/body", "posts/{id}/captures"}
    posts |= {"timeline", "facets"}
    rest = {"topics", "actors", "accounts", "references", "sources", "runs", "coverage", "drift", "audit"}
    rest |= {"media/{sha256}", "erasures", "changes", "stream"}
    alerts = {"alerts", "alerts/preview"} | {
        f"alerts/{{id}}{more}" for more in ("", "/stream", "/test", "/deliveries")
    }
    alerts |= {"alerts/{id}/deliveries/{delivery}/replay"}
    alerts |= {f"alerts/{{id}}/channels/{{subscription}}/{act}" for act in ("secret", "confirmation", "resume")}
    exports = {"exports", "exports/{id}", "exports/{id}/file"}
    assert set(document["paths"]) == {f"/api/v1/{name}" for name in posts | rest | alerts | exports} | HEALTH


def test_every_answer_has_a_schema_and_every_problem_its_form(document):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path not in BYTES and "204" not in operation["responses"]:
                good = next(answer for status, answer in operation["responses"].items() if status < "300")
                assert good["content"]["application/json"]["schema"], path
            for status, answer in operation["responses"].items():
                if status in ("401", "403", "404", "422"):
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}
            assert operation["description"], path


def test_no_form_of_errors_but_ours_is_left(document):
    assert "HTTPValidationError" not in str(document)


def test_every_search_documents_its_parameters(document):
    parameters = document["paths"]["/api/v1/posts"]["get"]["parameters"]
    assert {p["name"] for p in parameters} == set(PostSearch.model_fields)
    assert all(p.get("description") for p in parameters)


def test_writing_needs_a_key_and_says_what_it_takes(document):
    for method in ("put", "delete"):
        operation = document["paths"]["/api/v1/posts/{id}/tags/{topic}"][method]
        assert operation["security"] == [{"key": []}] and "403" in operation["responses"]
    (said,) = document["components"]["schemas"]["Said"]["examples"]
    assert of_posts.Said.model_validate(said).decision == "tagged"


def test_a_key_is_how_one_signs_in(document):
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert {"key": []} in document["paths"]["/api/v1/posts"]["get"]["security"]


def test_the_page_shows_every_route_with_an_example_and_loads_nothing_from_elsewhere(inside, document):
    page = inside.get("/docs").text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
    assert "office.example/4711" in page
    assert 'src="http' not in page and 'href="http' not in page
