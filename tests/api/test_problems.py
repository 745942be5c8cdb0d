"""Failures: problem+json for programs, a page for people, and nothing of our inside."""

import pytest
from sqlalchemy.exc import OperationalError

from api.routes import topics
from api.schemas import form
from core.errors import ModelError, RateLimited
from db import directory
from tests.api.site import client

SEARCHES = ("posts", "timeline", "facets", "coverage")


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    form.Problem.model_validate(body)
    assert body["status"] == status and body["type"].startswith("urn:kle:problem:")
    return body


@pytest.mark.parametrize("route", SEARCHES)
def test_a_query_that_does_not_parse_names_the_place_and_what_was_expected(inside, route):
    body = problem(inside.get(f"/api/v1/{route}", params={"q": "peshmerga (reform"}), 422)
    assert body["title"] == "Invalid query"
    assert body["position"] == len("peshmerga (reform")
    assert ")" in body["expected"]
    assert body["instance"] == f"/api/v1/{route}"


def test_an_unknown_topic_says_which_exist(inside):
    body = problem(inside.get("/api/v1/posts", params={"q": "topic:reforms"}), 422)
    assert body["position"] == len("topic:") and "reform" in body["expected"]


@pytest.mark.parametrize("route", SEARCHES)
def test_a_misspelt_filter_never_widens_a_search(inside, route):
    body = problem(inside.get(f"/api/v1/{route}", params={"q": "advisors", "topics": "reform"}), 422)
    assert body["parameter"] == "topics"
    assert {"q", "topic", "since", "until"} <= set(body["known"])
    assert "topic" in body["detail"]


@pytest.mark.parametrize(
    "path", ["topics", "actors", "accounts", "references", "sources", "posts/file:office.example/1/metrics"]
)
def test_routes_without_parameters_take_none(inside, path):
    body = problem(inside.get(f"/api/v1/{path}?q=x"), 422)
    assert body["known"] == []


@pytest.mark.parametrize("search", ["q=a&q=b", "account=a&account=b", "limit=1&limit=2"])
def test_a_filter_given_twice_is_refused(inside, search):
    assert "twice" in problem(inside.get(f"/api/v1/posts?{search}"), 422)["detail"]


@pytest.mark.parametrize("name", ["account", "topic", "since", "platform", "as_of"])
def test_an_empty_filter_is_refused(inside, name):
    assert problem(inside.get(f"/api/v1/posts?{name}="), 422)["parameter"] == name


@pytest.mark.parametrize("search", ["limit=0", "limit=201", "limit=ten", "sort=random", "q=" + "a" * 2001])
def test_a_value_out_of_range_is_named(inside, search):
    body = problem(inside.get(f"/api/v1/posts?{search}"), 422)
    name = search.partition("=")[0]
    assert body["errors"][0]["where"] == f"query.{name}"
    assert body["parameter"] == name


@pytest.mark.parametrize("search", ["since=yesterday", "until=2025-13-01", "q=since:soon"])
def test_a_time_that_is_none_is_refused(inside, search):
    problem(inside.get(f"/api/v1/posts?{search}"), 422)


@pytest.mark.parametrize("address", ["posts?q=%00", "posts?account=a%00", "posts/x:%00", "posts/x:%00/versions"])
def test_a_nul_character_is_refused_on_every_database(inside, address):
    assert "NUL" in problem(inside.get(f"/api/v1/{address}"), 422)["detail"]


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v2/posts", "/nothing", "/api/v1/posts/", "/static/nothing.css"]
)
def test_an_unknown_address_is_not_found(inside, path):
    problem(inside.get(path), 404)


def test_another_method_is_refused_with_those_that_exist(inside):
    answer = inside.post("/api/v1/posts")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET"


def test_people_get_a_page_and_programs_json(inside, shared):
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = inside.get("/nothing", headers=accept)
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html")
    assert "<h1>Not Found</h1>" in page.text
    problem(inside.get("/api/v1/nothing", headers=accept), 404)
    refused = shared.outside().get("/", headers=accept)
    assert refused.status_code == 401 and 'href="/signin"' in refused.text


@pytest.mark.parametrize("error", [ValueError("a secret inside"), ModelError("a secret inside")])
@pytest.mark.parametrize("path", ["/api/v1/topics", "/"])
def test_a_surprise_is_logged_and_not_shown(shared, monkeypatch, caplog, error, path):
    local = client(shared.app(), raise_server_exceptions=False)  # as a real server: answer, then log

    def fail(_session):
        raise error

    monkeypatch.setattr(directory, "topics", fail)
    answer = local.get(path)
    body = problem(answer, 500)
    assert "secret" not in answer.text
    number = body["detail"].rpartition(" ")[2].rstrip(".")
    assert number in caplog.text and "a secret inside" in caplog.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_database_that_does_not_answer_is_said_to_be_away(inside, monkeypatch):
    def fail(_session):
        raise OperationalError("SELECT secret", {}, Exception("connection refused"))

    monkeypatch.setattr(topics.directory, "topics", fail)
    answer = inside.get("/api/v1/topics")
    assert "SELECT" not in problem(answer, 503)["detail"]
    assert answer.headers["retry-after"] == "5"


def test_a_time_to_wait_is_passed_on(inside, monkeypatch):
    def fail(_session):
        raise RateLimited("try later", retry_after=41.6)

    monkeypatch.setattr(topics.directory, "topics", fail)
    answer = inside.get("/api/v1/topics")
    problem(answer, 502)
    assert answer.headers["retry-after"] == "42"
