"""Alive, ready, metrics."""

from dataclasses import replace

import pytest

from api.schemas import of_archive


def test_alive_answers_anybody(shared):
    for visitor in (shared.inside(), shared.outside()):
        assert visitor.get("/healthz").json() == {"status": "ok"}
        assert visitor.head("/healthz").status_code == 200


def test_ready_when_nothing_is_missing(inside):
    answer = inside.get("/readyz")
    assert answer.status_code == 200
    assert of_archive.Ready.model_validate(answer.json()).ready


def test_not_ready_says_what_is_missing_and_to_the_public_only_which_part(shared):
    site = replace(shared, missing={"database": None, "model": "no file in a folder of the operator"})
    near, far = site.inside().get("/readyz"), site.outside().get("/readyz")
    assert near.status_code == far.status_code == 503
    assert near.json() == {"ready": False, "parts": site.missing}
    assert far.json()["parts"] == {"database": None, "model": "not ready"}


def test_readiness_is_asked_anew_each_time(shared):
    site = replace(shared, missing={"model": "loading"})
    near = site.inside()
    assert near.get("/readyz").status_code == 503
    site.missing["model"] = None
    assert near.get("/readyz").status_code == 200


def test_metrics_count_the_archive(inside):
    lines = inside.get("/metrics").text.splitlines()
    posts = inside.get("/api/v1/posts").json()["total"]
    assert f"kle_posts {posts}.0" in lines
    assert f"kle_versions {posts + 1}.0" in lines
    assert 'kle_runs{outcome="failed"} 1.0' in lines
    assert 'kle_messages{state="waiting"} 0.0' in lines and 'kle_messages{state="parked"} 0.0' in lines
    assert "kle_pending_tags 1.0" in lines
    assert "kle_stale_tags 0.0" in lines


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/posts/file:office.example/1", "/api/v1/posts/{id:path}"),
        ("/posts/file:office.example/1", "/posts/{id:path}"),
        ("/wp-login.php", "none"),
        ("/static/app.js", "/static"),
    ],
)
def test_requests_are_counted_by_route_and_not_by_address(shared, path, route):
    near = shared.inside()
    status = near.get(path).status_code
    text = near.get("/metrics").text
    assert f'kle_http_requests_total{{method="GET",route="{route}",status="{status}"}} 1.0' in text
    assert f'kle_http_request_seconds_count{{route="{route}"}} 1.0' in text
    assert "wp-login" not in text


def test_two_applications_do_not_share_their_metrics(shared):
    one, other = shared.inside(), shared.inside()
    one.get("/healthz")
    assert 'route="/healthz"' not in other.get("/metrics").text
