"""/posts: what a search gives, how it is paged, one post and its history."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from api.schemas import of_posts, of_searches
from core.post import SeenPost, View
from db import coverage
from tests.api.site import ARTICLE, MODEL, OFFICE, POSTS, QUOTED, at
from tests.conftest import NOW

ALL = len(POSTS) + 2
FIRST = "file:office.example/1"


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [post["id"] for post in answer.json()["items"]]


def test_answers_in_the_form_of_its_schema(inside):
    answer = inside.get("/api/v1/posts")
    page = of_searches.Posts.model_validate(answer.json())
    assert page.total == len(page.items) == ALL
    assert answer.headers["content-type"] == "application/json"


def test_a_post_tells_everything_that_is_known_of_it(inside):
    post = inside.get(f"/api/v1/posts/{FIRST}").json()
    assert post["account"] == {
        "platform": "file",
        "handle": "@office.example",
        "name": "Example Office",
        "actor": "office",
    }
    assert post["created_at"] == "2025-08-18T12:00:00Z"
    assert post["metrics"]["likes"] == 12 and post["metrics"]["views"] is None
    assert post["tags"][0] == {"topic": "key_leader_engagement", "probability": 0.94, "decision": "tagged",
                               "model": MODEL, "evidence": {"start": 0, "end": 44}, "by": "model",
                               "correction": None}  # fmt: skip
    assert [tag["decision"] for tag in post["tags"]] == ["tagged", "unsure"]
    assert post["is_kle"] and post["synthetic"] and post["tagging"] == "done"
    assert post["rights"] == {"policy": "quotation", "text_withheld": False}
    assert post["sightings"][0]["source"] == "sample"


def test_a_recovered_post_names_the_article_and_no_false_midnight(inside):
    post = inside.get(f"/api/v1/posts/{QUOTED.id}").json()
    assert post["created_at_precision"] == "day"
    assert [(s["first_hand"], s["url"]) for s in post["sightings"]] == [(False, ARTICLE)]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("q=advisors", ["1"]),
        ("q=advisors -payroll", []),
        ("q=from:@brigade.example", ["2"]),
        ("topic=training", ["2", "5"]),
        ("topic=training&topic=reform", []),
        ("account=@brigade.example", ["2"]),
        ("actor=office&lang=ckb", ["3"]),
        ("lang=ar", ["4"]),
        ("since=2025-08-17&until=2025-08-18&platform=file", ["2"]),
        ("until=2025-06-30", ["6"]),
        ("kind=article", []),
    ],
)
def test_filters_narrow(inside, search, found):
    listed = ids(inside.get(f"/api/v1/posts?{search}"))
    assert sorted(i.rpartition("/")[2] for i in listed if i.startswith("file:")) == found


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_paging_gives_each_post_once_in_order(inside, sort):
    seen, cursor = [], None
    while True:
        params = {"limit": 2, "sort": sort, **({"cursor": cursor} if cursor else {})}
        answer = inside.get("/api/v1/posts", params=params).json()
        assert len(answer["items"]) <= 2 and answer["total"] == ALL
        seen += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len({post["id"] for post in seen}) == len(seen) == ALL
    times = [post["created_at"] for post in seen]
    assert times == sorted(times, reverse=sort == "newest")


def test_paging_goes_on_where_it_was_while_posts_arrive(site):
    inside = site.inside()
    first = inside.get("/api/v1/posts", params={"limit": 3}).json()
    newer = SeenPost(
        "file", "office.example/new", "post", OFFICE, "A newer one.", created_at=at(25), synthetic=True
    )
    site.collect("sample", [newer], NOW)
    rest = ids(inside.get("/api/v1/posts", params={"limit": 200, "cursor": first["next_cursor"]}))
    assert len(rest) == ALL - 3
    assert not set(rest) & {post["id"] for post in first["items"]}


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "ü"])
def test_a_cursor_of_somebody_else_is_refused(inside, cursor):
    answer = inside.get(f"/api/v1/posts?cursor={cursor}")
    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid cursor")


def test_coverage_says_whether_anybody_looked(inside):
    looked = inside.get("/api/v1/posts", params={"since": "2025-01-01"}).json()["coverage"]
    rows = {row["source"]: row for row in looked["sources"]}
    assert rows["sample"]["ok"] == 3
    assert rows["press"]["failed"] == 1 and rows["press"]["gaps"]
    assert not looked["complete"]
    assert "later" not in rows or not rows["later"]["ok"]


@pytest.mark.parametrize("spelling", [FIRST, quote(FIRST, safe=""), quote(FIRST, safe="/")])
def test_ids_are_taken_raw_or_encoded(inside, spelling):
    assert inside.get(f"/api/v1/posts/{spelling}").json()["id"] == FIRST
    assert inside.get(f"/api/v1/posts/{spelling}/versions").status_code == 200


@pytest.mark.parametrize("suffix", ["", "/versions", "/metrics", "/similar", "/echoes"])
def test_another_id_of_a_post_leads_to_its_own(site, suffix):
    inside = site.inside()
    fields = {"url": "https://x.com/quoted/status/1956000000000000000", "view": View.FULL, "embedded_in": None}
    whole = SeenPost("x", "1956200000000000000", "post", QUOTED.account, QUOTED.text, synthetic=True, **fields)
    site.collect("sample", [whole], NOW)
    answer = inside.get(f"/api/v1/posts/{QUOTED.id}{suffix}")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"/api/v1/posts/{whole.id}{suffix}"
    assert inside.get(answer.headers["location"]).status_code == (
        404 if suffix == "/similar" else 200
    )  # nobody reads


@pytest.mark.parametrize("path", ["x:1", "x:1/versions", "x:1/similar", "no-colon", "file:office.example/1/more"])
def test_an_unknown_id_is_not_found(inside, path):
    answer = inside.get(f"/api/v1/posts/{path}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")


def test_versions_tell_what_changed_word_by_word(inside):
    answer = inside.get("/api/v1/posts/file:office.example/2/versions").json()
    first, second = of_posts.Versions.model_validate(answer).items
    assert (first.change, second.change, second.number) == ("first", "edit", 2)
    assert [(c.op, c.text.strip()) for c in second.diff if c.op != "same"] == [("removed", "140"), ("added", "141")]
    assert first.digest != second.digest


def test_one_search_asks_for_coverage_once(inside, monkeypatch):
    asked = []
    real = coverage.coverage
    monkeypatch.setattr(coverage, "coverage", lambda *a: asked.append(a) or real(*a))
    inside.get("/api/v1/posts")
    assert len(asked) == 1


def test_counts_over_time_and_the_order_by_them(site):
    inside = site.inside()
    (first,) = [post for post in POSTS if post.platform_id.endswith("/1")]
    site.collect("sample", [replace(first, metrics={"likes": 90, "replies": 4})], NOW)
    counted = inside.get(f"/api/v1/posts/{first.id}/metrics").json()["items"]
    assert [(row["likes"], row["replies"], row["views"]) for row in counted] == [(12, 0, None), (90, 4, None)]
    listed = inside.get("/api/v1/posts", params={"sort": "likes"}).json()
    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([first.id], 1)
    assert inside.get("/api/v1/posts", params={"q": "min_likes:91"}).json()["total"] == 0
    assert inside.get("/api/v1/timeline", params={"q": "min_likes:50"}).json()["items"][0]["count"] == 1


def test_the_timeline_says_whether_anybody_looked(inside):
    search = {"since": "2025-01-01"}
    looked = inside.get("/api/v1/timeline", params=search).json()["coverage"]
    listed = inside.get("/api/v1/posts", params=search).json()["coverage"]
    assert {row["source"]: row["gaps"][0]["from"] for row in looked["sources"] if row["gaps"]} == {
        row["source"]: row["gaps"][0]["from"] for row in listed["sources"] if row["gaps"]
    }
    assert looked["complete"] is False
