"""Raw evidence: what was fetched comes out as it came in, to those who may have it, and runs in no browser."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.schemas import of_posts
from core import times
from core.page import Page
from db import archive, captures, sources
from db.models import Blob, Exhibit
from db.proof import digests
from db.upsert import insert_quietly, table
from tests.api.site import POSTS, Site, client, written
from tests.conftest import NOW

ID = "file:office.example/2"
AT = f"/api/v1/posts/{ID}"
PAGE = "<script>alert('نص')</script>\x00 & more\n".encode()
PICTURE = bytes(range(256)) * 3000


def look(site: Site, seen: list, page: Page) -> int:
    with site.database.write() as session:
        source = sources.by_name(session, "sample")
        assert source.id
        run = sources.start_run(session, source.id, page.fetched_at)
        number = captures.store(session, run, page)
        archive.archive(session, source, run, seen, number, page.fetched_at)
    return number


@pytest.fixture
def numbers(site: Site) -> list[int]:
    """Two captures that brought a version each, and one between them that showed the post as it was known."""
    edited = replace(POSTS[1], text="Graduation day: 142 soldiers.")
    again = replace(POSTS[1], text="Graduation day: 143 soldiers.")
    headers = {"content-type": "text/html", "link": "<https://a.example/?token=secret1>", ":peer": "203.0.113.7"}
    first = Page("https://office.example/2?key=secret2", PAGE, NOW, headers=headers, tool="kle-monitor/1")
    between = replace(first, fetched_at=NOW + timedelta(minutes=5), body=b"")
    last = Page("", PICTURE, NOW + timedelta(hours=1), None, {":file": "saved.json"}, "file")
    return [look(site, [edited], first), look(site, [edited], between), look(site, [again], last)]


@pytest.fixture
def browser(site: Site, numbers: list[int]) -> TestClient:
    return site.inside()


def test_the_capture_of_the_current_version_is_told_with_its_body(browser, numbers):
    found = browser.get(f"{AT}/capture").json()
    assert of_posts.Capture.model_validate(found)
    assert (found["id"], found["version"], found["status"], found["url"]) == (numbers[2], 4, None, None)
    assert found["encoding"] == "base64" and base64.b64decode(found["body"]) == PICTURE
    assert found["size"] == len(PICTURE) and found["sha256"] == hashlib.sha256(PICTURE).hexdigest()


def test_a_body_that_is_utf_8_is_a_text_and_no_secret_of_an_address_stands_in_it(browser, numbers):
    found = browser.get(f"{AT}/capture?version=3").json()
    assert (found["id"], found["encoding"], found["body"]) == (numbers[0], "utf-8", PAGE.decode())
    assert found["headers"]["link"] == "<https://a.example/?token=***>"
    assert found["url"] == "https://office.example/2?key=***"


def test_the_digest_can_be_made_again_from_what_is_told(browser):
    found = browser.get(f"{AT}/capture?version=3").json()
    said = {**found, "fetched_at": times.parse(found["fetched_at"])}
    assert digests.of_capture(said) == found["digest"]


def test_a_capture_that_brought_nothing_new_is_among_those_that_show_the_post(browser, numbers):
    found = browser.get(f"{AT}/captures").json()["items"]
    assert [(c["id"], c["version"]) for c in found] == [(numbers[2], 4), (numbers[1], None), (numbers[0], 3)]
    assert browser.get(f"{AT}/capture?capture={numbers[1]}").json()["body"] == ""


def test_captures_come_page_by_page(browser, numbers):
    first = browser.get(f"{AT}/captures?limit=2").json()
    assert of_posts.Captures.model_validate(first)
    rest = browser.get(f"{AT}/captures", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [c["id"] for c in first["items"] + rest["items"]] == numbers[::-1] and rest["next_cursor"] is None


def test_the_bytes_come_as_a_file_that_no_browser_runs(browser):
    answer = browser.get(f"{AT}/capture/body?version=3")
    assert answer.content == PAGE
    headers = answer.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"
    assert (
        "sandbox" in headers["content-security-policy"] and "script-src" not in headers["content-security-policy"]
    )
    digest = base64.b64encode(hashlib.sha256(PAGE).digest()).decode()
    assert headers["repr-digest"] == f"sha-256=:{digest}:" and headers["content-length"] == str(len(PAGE))
    assert browser.head(f"{AT}/capture/body?version=3").headers["repr-digest"] == headers["repr-digest"]


@pytest.mark.parametrize("what", ["captures", "capture", "capture/body"])
def test_the_public_is_told_why_it_gets_none(site, numbers, what):
    answer = site.outside(public_read=True).get(f"{AT}/{what}")
    assert answer.status_code == 403 and "texts of other posts" in answer.json()["detail"]
    assert site.outside().get(f"{AT}/{what}").status_code == 401
    assert site.outside().get(f"{AT}/{what}", headers=site.key("read")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("file:office.example/1/capture", 404, "without a capture"),
        ("file:office.example/99/capture", 404, "no post"),
        (f"{ID}/capture?version=9", 404, "no version 9"),
        (f"{ID}/capture?version=1", 404, "without a capture"),
        (f"{ID}/capture?capture=999", 404, "no capture 999"),
        (f"{ID}/capture?version=1&capture=1", 422, "leave one of them out"),
        (f"{ID}/capture?version=0", 422, "version"),
        (f"{ID}/capture/body?capture=99999999999999999999", 422, "capture"),
        (f"{ID}/capture?page=1", 422, "unknown parameter"),
        (f"{ID}/captures?cursor=x", 422, "cursor"),
    ],
)
def test_what_is_not_there_is_told_with_its_reason(browser, asked, status, says):
    answer = browser.get(f"/api/v1/posts/{asked}")
    assert answer.status_code == status and says in answer.json()["detail"]


def test_a_capture_of_another_post_is_not_this_post_s(site, numbers, browser):
    other = look(site, [written("8", "Another.", NOW)], Page("https://o.example", b"x", NOW, tool="t"))
    assert browser.get(f"{AT}/capture?capture={other}").status_code == 404


def test_a_second_id_leads_to_the_post_s_own(site, numbers, browser):
    from db.models import Alias

    with site.database.write() as session:
        key = session.execute(table(Exhibit).select()).first().post_id
        insert_quietly(session, Alias, [{"public_id": "x:old/1", "post_id": key}])
    for what in ("capture?version=3", "capture/body?version=3", "captures?limit=2"):
        answer = browser.get(f"/api/v1/posts/x:old/1/{what}")
        assert (answer.status_code, answer.headers["location"]) == (308, f"{AT}/{what}")


def test_what_was_erased_is_told_by_its_digest_alone(site, numbers, browser):
    with site.database.write() as session:
        session.execute(update(table(Blob)).values(codec="erased", body=b""))
    found = browser.get(f"{AT}/capture?version=3").json()
    assert (found["erased"], found["body"], found["encoding"]) == (True, None, None)
    assert of_posts.Capture.model_validate(found) and found["sha256"] == hashlib.sha256(PAGE).hexdigest()
    answer = browser.get(f"{AT}/capture/body?version=3")
    assert answer.status_code == 410 and found["sha256"] in answer.json()["detail"]


def test_bytes_that_are_not_those_that_were_fetched_are_not_shown_as_such(site, numbers):
    with site.database.write() as session:
        session.execute(update(table(Blob)).values(codec="plain", body=b"something else"))
    for what in ("capture", "capture/body"):
        answer = client(site.app(), raise_server_exceptions=False).get(f"{AT}/{what}")
        assert b"something else" not in answer.content and answer.status_code == 500
