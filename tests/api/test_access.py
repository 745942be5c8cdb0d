"""Who may see what: this machine, a key, a session, the public; and that nobody writes without a scope."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import APIRouter, Depends

from api.access import COOKIE, csrf_token, writer
from core.terms import policies
from db import credentials
from tests.api.site import bearer, client

POSTS = "/api/v1/posts"
WITHHELD = "x:1957400000000000000"
READABLE = [
    POSTS,
    "/api/v1/facets",
    "/api/v1/timeline",
    "/api/v1/topics",
    "/api/v1/sources",
    "/api/v1/runs",
    "/",
    "/sources",
]


@pytest.mark.parametrize("path", [*READABLE, "/metrics"])
def test_this_machine_reads_without_a_key(inside, path):
    assert inside.get(path).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]", "[::1]:8000", "LOCALHOST"]
)
@pytest.mark.parametrize("sender", ["127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1"])
def test_the_loopback_is_known_by_its_names(shared, host, sender):
    local = client(shared.app(), sender=sender)
    assert local.get(POSTS, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "archive.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Host": "evil.example:127.0.0.1"},
        {"Host": ""},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-Anything": "x"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Client-IP": "127.0.0.1"},
        {"X-Cluster-Client-IP": "127.0.0.1"},
        {"CF-Connecting-IP": "127.0.0.1"},
        {"True-Client-IP": "127.0.0.1"},
        {"Fastly-Client-IP": "127.0.0.1"},
    ],
)
def test_a_proxy_or_a_foreign_name_on_the_loopback_is_the_public(inside, headers):
    answer = inside.get(POSTS, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (401, "Sign-in needed")


@pytest.mark.parametrize("sender", ["203.0.113.9", "10.0.0.1", "172.17.0.1", "unix", ""])
def test_another_machine_is_the_public_whatever_it_says_its_host_is(shared, sender):
    assert client(shared.app(), sender=sender).get(POSTS, headers={"Host": "localhost"}).status_code == 401


@pytest.mark.parametrize("path", READABLE)
def test_the_public_is_refused_and_told_how_to_sign_in(shared, path):
    answer = shared.outside().get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "kle up" in answer.json()["detail"] and "Bearer kle_" in answer.json()["detail"]


def test_a_key_opens_it_from_anywhere(shared):
    key, far = shared.key("alerts"), shared.outside()
    for path in [*READABLE, "/metrics"]:
        assert far.get(path, headers=key).status_code == 200
    post = far.get(f"{POSTS}/{WITHHELD}", headers=key).json()
    assert post["text"] and post["rights"]["text_withheld"] is False


@pytest.mark.parametrize("secret", ["kle_unknown", "", "kle_ü"])
def test_an_unknown_key_is_refused_even_here(inside, secret):
    answer = inside.get(POSTS, headers={"Authorization": f"Bearer {secret}".encode()})
    assert answer.status_code == 401 and "unknown, expired or revoked" in answer.json()["detail"]


def test_another_scheme_is_no_key(inside):
    assert inside.get(POSTS, headers={"Authorization": "Basic dXNlcjpwYXNz"}).status_code == 200


def test_a_revoked_or_expired_key_is_refused(shared):
    revoked, old = shared.secret("key"), None
    with shared.database.write() as session:
        now = datetime.now(UTC)
        credentials.revoke(session, revoked[0], now)
        old = credentials.issue(session, "key", "old", ["read"], now - timedelta(days=2), timedelta(days=1))
    for _, secret in (revoked, old):
        assert shared.outside(public_read=True).get(POSTS, headers=bearer(secret)).status_code == 401


def test_a_session_opens_it_and_a_revoked_one_does_not(shared):
    number, secret = shared.secret("session")
    far = shared.outside()
    far.cookies.set(COOKIE, secret)
    assert far.get(POSTS).status_code == 200
    with shared.database.write() as session:
        credentials.revoke(session, number, datetime.now(UTC))
    assert far.get(POSTS).status_code == 401


def test_a_key_is_no_session_and_a_session_no_key(shared):
    far = shared.outside()
    assert far.get(POSTS, headers=bearer(shared.secret("session")[1])).status_code == 401
    far.cookies.set(COOKIE, shared.secret("key")[1])
    assert far.get(POSTS).status_code == 401


def test_use_of_a_key_is_noted(shared):
    number, secret = shared.secret("key")
    shared.outside().get(POSTS, headers=bearer(secret))
    with shared.database.read() as session:
        used = {key["id"]: key["used_at"] for key in credentials.list_keys(session)}
    assert used[number] is not None


def test_the_public_reads_under_each_platform_s_terms(outside):
    post = outside.get(f"{POSTS}/{WITHHELD}").json()
    assert policies()["x"].share == "ids"
    assert post["text"] is None and post["url"].startswith("https://x.com/")
    assert post["rights"] == {"policy": "ids", "text_withheld": True}
    assert all(tag["evidence"] is None for tag in post["tags"])


def test_no_address_gives_the_public_a_text_that_must_stay(outside):
    api = [f"{POSTS}/{WITHHELD}", f"{POSTS}/{WITHHELD}/versions", f"{POSTS}?q=platform:x"]
    for path in [*api, f"/posts/{WITHHELD}", "/?q=platform:x", "/"]:
        answer = outside.get(path)
        assert answer.status_code == 200, path
        assert "stays with its operator: training" not in answer.text
    assert "Read it at the source" in outside.get(f"/posts/{WITHHELD}").text


def test_what_may_be_shared_the_public_reads_whole(outside):
    assert outside.get(f"{POSTS}/file:office.example/1").json()["text"].startswith("Our advisors")


def test_the_public_does_not_read_the_metrics(outside):
    assert outside.get("/metrics").status_code == 401


def test_only_what_the_public_reads_is_for_shared_caches(inside, outside, shared):
    for asked in (inside.get(POSTS), outside.get(POSTS, headers=shared.key("read"))):
        assert asked.headers["cache-control"] == "private, no-cache"
    headers = outside.get(POSTS).headers
    assert headers["cache-control"] == "public, max-age=10"
    assert {"Authorization", "Cookie"} <= {name.strip() for name in headers["vary"].split(",")}


# -- writing ------------------------------------------------------------------------------------------------


@pytest.fixture
def writing(shared):
    """The application with one address that writes, for those with the scope `annotate`."""

    def build(**client_options):
        app = shared.app()
        router = APIRouter()
        router.add_api_route(
            "/write", lambda: {"done": True}, methods=["POST"], dependencies=[Depends(writer("annotate"))]
        )
        app.include_router(router)
        return client(app, **client_options)

    return build


def test_this_machine_does_not_write_without_a_key(writing):
    assert writing().post("/write").status_code == 401


def test_the_public_does_not_write(writing):
    assert writing(host="archive.example", sender="203.0.113.9").post("/write").status_code == 401


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("alerts", 403), ("annotate", 200), ("admin", 200)])
def test_a_key_writes_with_its_scope_alone(shared, writing, scope, status):
    assert writing().post("/write", headers=shared.key(scope)).status_code == status


def test_a_session_writes_with_its_own_token_alone(shared, writing):
    browser = writing()
    secret, other = shared.secret("session", "annotate")[1], shared.secret("session", "annotate")[1]
    browser.cookies.set(COOKIE, secret)
    assert browser.post("/write").status_code == 403
    assert browser.post("/write", headers={"X-CSRF-Token": csrf_token(other)}).status_code == 403
    assert browser.post("/write", headers={"X-CSRF-Token": csrf_token(secret)}).status_code == 200
