"""Conditional GET: 304 for who holds the answer, and never a 304 once anything changed."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import api
from api import answered
from core import settings as knobs
from core import terms, times
from db import credentials, directory, posts
from db.erasing.erase import REQUEST, Why, erase
from db.models import Account
from db.upsert import table
from tests.api.site import CONFIG, POSTS, TOPICS, Score, Site, written
from tests.conftest import NOW

ONE = "file:office.example/1"
API = [
    "posts",
    "posts?q=training",
    "posts?q=topic:training&sort=likes",
    "posts?as_of=2026-09-01T11:30:00Z",
    f"posts/{ONE}",
    f"posts/{ONE}/versions",
    f"posts/{ONE}/metrics",
    f"posts/{ONE}/captures",
    "timeline",
    "facets",
    "topics",
    "actors",
    "accounts",
    "references",
    "sources",
    "runs",
    "coverage",
    "drift",
    "erasures",
]
READS = [
    *(f"/api/v1/{path}" for path in API),
    "/",
    "/?q=advisors",
    "/sources",
    f"/posts/{ONE}",
    "/docs",
    "/openapi.json",
]
LATER = NOW + timedelta(hours=1)


def held(etag: str) -> dict[str, str]:
    return {"If-None-Match": etag}


# -- 304 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*READS, "/static/base.css"])
def test_who_holds_an_answer_gets_304_without_it(inside, path):
    whole = inside.get(path)
    assert whole.status_code == 200
    for _ in range(3):
        again = inside.get(path, headers=held(whole.headers["etag"]))
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert again.headers[name] == whole.headers[name]
        assert not {"content-length", "content-type", "content-encoding"} & set(again.headers)
    assert inside.get(path, headers=held('"another"')).content


@pytest.mark.parametrize("form", ["{0}", '"x", {0}', '{0},W/"y"', "*", "{1}"])
def test_every_form_of_if_none_match_is_understood(inside, form):
    etag = inside.get("/api/v1/topics").headers["etag"]
    told = form.format(etag, etag.removeprefix("W/"))
    assert inside.get("/api/v1/topics", headers=held(told)).status_code == 304


def test_head_answers_304_too(inside):
    etag = inside.head("/api/v1/topics").headers["etag"]
    assert inside.get("/api/v1/topics").headers["etag"] == etag
    assert inside.head("/api/v1/topics", headers=held(etag)).status_code == 304


def test_what_is_still_so_is_not_made_again(site, monkeypatch):
    near = site.inside()
    path = "/api/v1/posts?q=training"
    etag = near.get(path).headers["etag"]
    assert near.get(path, headers=held(etag)).status_code == 304
    monkeypatch.setattr(posts, "page", None)  # a search would fail now
    assert near.get(path, headers=held(etag)).status_code == 304


def test_another_application_knows_the_same_answers(site):
    etag = site.inside().get("/api/v1/posts").headers["etag"]
    assert site.inside().get("/api/v1/posts", headers=held(etag)).status_code == 304


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/signin?token=x"])
def test_what_is_true_for_a_moment_or_secret_is_not_kept(inside, path):
    headers = inside.get(path, headers=held("*")).headers
    assert headers["cache-control"] == "no-store" and "etag" not in headers


@pytest.mark.parametrize("path", ["/api/v1/posts?limit=0", "/api/v1/posts/x:404", "/nothing"])
def test_a_failure_has_no_name_and_is_never_304(outside, path):
    answer = outside.get(path, headers=held("*"))
    assert answer.status_code in (404, 422) and "etag" not in answer.headers
    assert "public" not in answer.headers["cache-control"]


def test_who_may_not_read_is_refused_whatever_he_holds(site):
    etag = site.inside().get("/api/v1/posts").headers["etag"]
    assert site.outside().get("/api/v1/posts", headers=held(etag)).status_code == 401
    number, secret = site.secret("key", "read")
    mine = {"Authorization": f"Bearer {secret}"} | held(etag)
    far = site.outside()
    assert [far.get("/api/v1/posts", headers=mine).status_code for _ in range(2)] == [304, 304]
    with site.database.write() as session:
        credentials.revoke(session, number, datetime.now(UTC))
    assert far.get("/api/v1/posts", headers=mine).status_code == 401


# -- no change leaves a stale 304 ---------------------------------------------------------------------------


def new_post(site: Site) -> None:
    site.collect("sample", [written("30", "Another course.", NOW)], LATER)


def edit(site: Site) -> None:
    site.collect("sample", [replace(POSTS[0], text="Our advisors met them. No more.")], LATER)


def delete(site: Site) -> None:
    site.collect("sample", [replace(POSTS[0], deleted=True)], LATER)


def count(site: Site) -> None:
    site.collect("sample", [replace(POSTS[0], metrics={"likes": 99})], LATER)


def tag(site: Site) -> None:
    site.tag({"judged": [Score("training", 0.9)]})


def retag(site: Site) -> None:
    site.retag("cd" * 32, [Score("reform", 0.7)], LATER)


def correct(site: Site) -> None:
    url = f"/api/v1/posts/{ONE}/tags/reform"
    assert site.inside().put(url, json={"decision": "tagged"}, headers=site.key("annotate")).status_code == 200


def forget(site: Site) -> None:
    with site.database.write() as session:
        erase(session, posts.key_of(session, ONE), Why(REQUEST, "asked", "somebody"), LATER)


def look(site: Site) -> None:
    site.collect("press", [], LATER)


def fail(site: Site) -> None:
    site.collect("press", [], LATER, error="did not answer")


def rename(site: Site) -> None:
    with site.database.write() as session:
        session.execute(update(table(Account)).values(name="Another name"))


def reconfigure(site: Site) -> None:
    """kle.toml says otherwise of an actor, a reference and a source; topics are named anew."""
    file = Path(site.settings.config)
    file.write_text(CONFIG.replace("Example Office", "Office renamed").replace("72000", "73000"), "utf-8")
    named = [(slug, f"{name} anew", said) for slug, name, said in TOPICS]
    with site.database.write() as session:
        directory.sync(session, knobs.load(file, public_read=False, base_url=""), named, LATER)


CHANGES = [new_post, edit, delete, count, tag, retag, correct, forget, look, fail, rename, reconfigure]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("audience", ["inside", "outside"])
def test_no_change_leaves_an_old_answer(
    site: Site, change: Callable[[Site], None], audience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held against an application that remembers nothing: it makes every answer anew. The clock stands still, for
    what it changes is no matter of the archive."""
    moment = times.now()
    monkeypatch.setattr(times, "now", lambda: moment)
    more: dict[str, Any] = {"public_read": True} if audience == "outside" else {}
    lasting = getattr(site, audience)(**more)
    answers = {path: lasting.get(path) for path in READS}
    before = {path: answer.headers["etag"] for path, answer in answers.items() if answer.status_code == 200}
    assert len(before) > len(READS) - 4
    for path, etag in before.items():
        assert lasting.get(path, headers=held(etag)).status_code == 304
    change(site)
    fresh = getattr(site, audience)(**more)
    changed = 0
    for path, etag in before.items():
        truth = fresh.get(path)
        told = lasting.get(path, headers=held(etag))
        assert told.headers["etag"] == truth.headers["etag"], path
        assert told.status_code == (304 if truth.headers["etag"] == etag else 200), path
        changed += told.status_code == 200
    assert changed >= 2


def test_the_clock_alone_opens_a_gap(site, monkeypatch):
    near = site.inside()
    monkeypatch.setattr(answered, "_CLOCK_SECONDS", 0.0)
    monkeypatch.setattr(times, "now", lambda: NOW)
    etag = near.get("/api/v1/coverage").headers["etag"]
    monkeypatch.setattr(times, "now", lambda: NOW + timedelta(seconds=5))
    assert near.get("/api/v1/coverage", headers=held(etag)).status_code == 304  # only "until" is another
    monkeypatch.setattr(times, "now", lambda: NOW + timedelta(days=2))
    later = near.get("/api/v1/coverage", headers=held(etag))
    assert later.status_code == 200
    assert later.json()["until"] == times.text(NOW + timedelta(days=2))


def test_other_terms_are_another_answer(site, monkeypatch):
    etag = site.outside(public_read=True).get("/api/v1/posts").headers["etag"]
    monkeypatch.setattr(terms, "apply_today", lambda was, _now, _audience: {**was, "text": None})
    assert site.outside(public_read=True).get("/api/v1/posts", headers=held(etag)).status_code == 200


def test_every_read_asks_for_the_time_where_it_is_noted():
    """What depends on the clock is remembered for seconds only: so no route looks at the clock by itself."""
    root = Path(api.__file__).parent
    looking = {str(f.relative_to(root)) for f in root.rglob("*.py") if "times.now()" in f.read_text("utf-8")}
    writing = {
        "routes/tags.py", "routes/tombstones.py", "pages/correcting.py", "routes/alerts.py", "routes/deliveries.py",
        "pages/alerts.py", "pages/alert.py", "pages/subscriptions.py", "subscribing.py", "exporting.py",
    }  # fmt: skip
    assert looking - writing == {"access.py", "conditional.py", "metrics.py", "pages/signin.py"}


# -- who asks, and who keeps --------------------------------------------------------------------------------


def test_what_insiders_hold_names_nothing_of_the_public_s(shared):
    near, far = shared.inside(), shared.outside(public_read=True)
    etag = near.get("/api/v1/posts").headers["etag"]
    for _ in range(2):
        told = far.get("/api/v1/posts", headers=held(etag))
        assert told.status_code == 200 and "stays with its operator" not in told.text


def test_one_application_keeps_the_answers_of_each_reader_apart(shared):
    """The public and two holders of keys ask the same address in turn, each with what the others hold."""
    far = shared.outside(public_read=True)
    readers = [{}, shared.key("read", name="One"), shared.key("read", name="Two")]
    tags = [far.get("/", headers=who).headers["etag"] for who in readers]
    assert len(set(tags)) == 3, "a page names its reader"
    for _ in range(2):
        for number, who in enumerate(readers):
            said = [far.get("/", headers=who | held(etag)).status_code for etag in tags]
            assert said == [304 if at == number else 200 for at in range(3)]


@pytest.mark.parametrize("path", ["/api/v1/posts", "/", "/openapi.json", "/api/v1/topics"])
def test_insiders_answers_are_never_for_shared_caches(shared, path):
    far = shared.outside(public_read=True)
    for answer in (shared.inside().get(path), far.get(path, headers=shared.key("read"))):
        assert answer.headers["cache-control"] == "private, no-cache"
        assert {"Authorization", "Cookie", "Accept-Encoding"} <= set(re.split(r",\s*", answer.headers["vary"]))


def test_a_redirect_is_not_for_shared_caches(shared):
    answer = shared.inside().get("/posts/file:office.example/1?as_of=")
    assert "public" not in answer.headers["cache-control"]


def test_styles_are_kept_for_good_at_the_address_with_their_digest(inside):
    page = inside.get("/").text
    address = re.search(r"/static/base\.css\?v=\w+", page)[0]
    assert "immutable" in inside.get(address).headers["cache-control"]
    for other in ("/static/base.css", "/static/base.css?v=0123456789"):
        assert inside.get(other).headers["cache-control"] == "public, no-cache"


def test_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(answered, "_REMEMBERED", 3)
    known = answered.Answered()
    for number in range(5):
        known.note(number, "state", f'"{number}"', clocked=False)
    assert [known.find(n, "state") for n in range(5)] == [None, None, '"2"', '"3"', '"4"']
    assert known.find(4, "other state") is None
