"""Sources, runs and coverage: how the collector does, and what of it the public learns."""

from api.schemas import of_searches


def test_a_source_tells_how_its_last_look_ended(inside):
    items = {s["name"]: s for s in inside.get("/api/v1/sources").json()["items"]}
    assert items["press"]["last_run"]["outcome"] == "failed"
    assert items["press"]["last_run"]["error"].endswith("did not answer")
    assert items["sample"]["last_run"]["outcome"] == "ok" and items["sample"]["failures"] == 0
    assert items["later"]["enabled"] is False and items["later"]["last_run"] is None


def test_runs_are_newest_first_and_paged(inside):
    first = inside.get("/api/v1/runs", params={"limit": 3}).json()
    second = inside.get("/api/v1/runs", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    ids = [run["id"] for run in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 5
    assert second["next_cursor"] is None


def test_runs_of_one_source(inside):
    items = inside.get("/api/v1/runs", params={"source": "press"}).json()["items"]
    assert {run["source"] for run in items} == {"press"} and len(items) == 2


def test_an_unknown_source_is_named_with_those_that_exist(inside):
    answer = inside.get("/api/v1/runs", params={"source": "pres"})
    assert answer.status_code == 404 and "press" in answer.json()["detail"]


def test_coverage_has_its_own_route_with_the_same_filters(inside):
    answer = inside.get("/api/v1/coverage", params={"since": "2025-01-01", "q": "advisors"}).json()
    found = of_searches.Coverage.model_validate(answer)
    assert found.from_ == "2025-01-01T00:00:00Z"
    assert {s.source for s in found.sources} >= {"sample", "press"}


def test_the_public_learns_no_address_with_a_token_and_no_error_message(outside):
    for path in ("sources", "runs", "coverage?since=2025-01-01", "posts?since=2025-01-01"):
        answer = outside.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert "token" not in answer.text and "did not answer" not in answer.text
    urls = {s["name"]: s["url"] for s in outside.get("/api/v1/sources").json()["items"]}
    assert urls == {"press": "https://press.example/a", "sample": None, "later": "https://later.example/rss"}
    assert "token" not in outside.get("/sources").text
