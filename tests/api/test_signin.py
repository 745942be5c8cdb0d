"""Signing in by the one-time link, and out."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from api.access import COOKIE
from db import credentials


@pytest.fixture
def browser(shared):
    return shared.outside()


def form(answer):
    return dict(re.findall(r'name="(token|csrf)" value="([^"]+)"', answer.text))


def test_the_link_signs_one_browser_in_once(shared, browser):
    token = shared.secret("sign_in", "admin")[1]
    page = browser.get("/signin", params={"token": token})
    answer = browser.post("/signin", data=form(page))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/").status_code == 200
    assert "analyst" in browser.get("/").text

    second = shared.outside().post("/signin", data={"token": token})
    assert second.status_code == 403 and COOKIE not in second.cookies


def test_looking_at_the_link_does_not_use_it_up(shared, browser):
    token = shared.secret("sign_in")[1]
    for _ in range(3):  # a chat program, a mail scanner, the person
        assert form(browser.get("/signin", params={"token": token})) == {"token": token}
    browser.head("/signin", params={"token": token})
    assert browser.post("/signin", data={"token": token}).status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(shared, browser):
    cookie = browser.post("/signin", data={"token": shared.secret("sign_in")[1]}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie


def test_the_cookie_is_secure_where_the_archive_is(shared):
    secure = shared.outside(base_url="https://archive.example")
    cookie = secure.post("/signin", data={"token": shared.secret("sign_in")[1]}).headers["set-cookie"]
    assert "Secure" in cookie


def test_the_page_of_the_link_is_kept_nowhere(shared, browser):
    headers = browser.get("/signin", params={"token": shared.secret("sign_in")[1]}).headers
    assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"


def test_a_used_or_old_link_says_so(shared, browser):
    with shared.database.write() as session:
        then = datetime.now(UTC) - timedelta(hours=2)
        _, old = credentials.issue(session, "sign_in", "operator", ["admin"], then, timedelta(hours=1))
    assert "too old" in browser.get("/signin", params={"token": old}).text
    assert browser.post("/signin", data={"token": old}).status_code == 403
    assert browser.post("/signin").status_code == 422


def test_a_key_does_not_sign_in(shared, browser):
    assert browser.post("/signin", data={"token": shared.secret("key", "admin")[1]}).status_code == 403


def test_the_session_has_the_scopes_of_the_link(shared, browser):
    answer = browser.post("/signin", data={"token": shared.secret("sign_in", "read", "export")[1]})
    with shared.database.read() as session:
        found = credentials.find(session, "session", answer.cookies[COOKIE], datetime.now(UTC))
        assert found is not None and found.scopes == ["read", "export"]


def test_signing_out_ends_the_session_everywhere(shared, browser):
    secret = browser.post("/signin", data={"token": shared.secret("sign_in")[1]}).cookies[COOKIE]
    answer = browser.post("/signout", data=form(browser.get("/")))
    assert answer.status_code == 303 and 'kle_session=""' in answer.headers["set-cookie"]
    elsewhere = shared.outside()
    elsewhere.cookies.set(COOKIE, secret)
    assert elsewhere.get("/").status_code == 401


def test_another_site_cannot_sign_anybody_out(shared, browser):
    browser.post("/signin", data={"token": shared.secret("sign_in")[1]})
    assert browser.post("/signout").status_code == 403
    assert browser.post("/signout", data={"csrf": "0" * 64}).status_code == 403
    assert browser.get("/").status_code == 200
