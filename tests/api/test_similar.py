"""/posts/{id}/similar and sort=relevance: what leaves, for whom, and what the pages show of it."""

import pytest

from api.schemas import of_searches
from core.post import Account, SeenPost
from db import posts
from db.erasing.erase import Why, erase
from tests.api.site import OFFICE, Score, at, written
from tests.conftest import NOW
from tests.db.meanings import Reader, read

ONE, X = "file:office.example/21", "x:1957500000000000000"


@pytest.fixture
def near(site):
    """Three posts of one subject, one of them on a platform whose texts stay here, and all read."""
    said = "Leaders of the brigade met advisors on payroll"
    site.collect("sample", [
        written("21", said, at(21), lang="en"),
        written("22", f"{said} again", at(22), lang="en", account=OFFICE),
        written("23", "Leaders met", at(23), lang="ar"),
        SeenPost("x", X.removeprefix("x:"), "post", Account("x", "@office"), f"{said} today", synthetic=True),
    ], NOW)  # fmt: skip
    site.tag({"Leaders": [Score("reform", 0.9)]})
    read(site)
    return site


def found(answer):
    assert answer.status_code == 200, answer.text
    page = of_searches.SimilarPosts.model_validate(answer.json())
    return {post.id: post.similarity for post in page.items}


def test_answers_in_the_form_of_its_schema_the_nearest_first(near):
    answer = near.inside().get(f"/api/v1/posts/{ONE}/similar?limit=3")
    similar = found(answer)
    assert {*list(similar)[:2]} == {"file:office.example/22", X}
    assert len(similar) == 3 and list(similar.values()) == sorted(similar.values(), reverse=True)
    assert ONE not in similar and all(round(share, 4) == share for share in similar.values())
    assert answer.json()["next_cursor"] is None


def test_filters_are_those_of_posts(near):
    inside = near.inside()
    assert list(
        found(inside.get(f"/api/v1/posts/{ONE}/similar", params={"lang": "ar", "since": "2025-08-20"}))
    ) == ["file:office.example/23"]
    assert list(found(inside.get(f"/api/v1/posts/{ONE}/similar", params={"q": "again"}))) == [
        "file:office.example/22"
    ]
    wrong = inside.get(f"/api/v1/posts/{ONE}/similar", params={"langs": "ar"})
    assert (wrong.status_code, "unknown parameter" in wrong.json()["detail"]) == (422, True)
    before = inside.get(f"/api/v1/posts/{ONE}/similar", params={"as_of": "2025-08-20"})
    assert (before.status_code, before.json()["parameter"]) == (422, "as_of")


def test_what_waits_was_erased_or_is_read_by_nobody_says_so(near):
    near.collect("sample", [written("25", "Leaders met on the border", at(25))], NOW)
    waits = near.inside(reads=Reader()).get("/api/v1/posts/file:office.example/25/similar")
    assert waits.status_code == 503 and waits.headers["retry-after"] == "60"
    never = near.inside().get("/api/v1/posts/file:office.example/25/similar")
    assert never.status_code == 404 and "KLE_MODEL" in never.json()["detail"]
    with near.database.write() as session:
        erase(session, posts.key_of(session, ONE), Why("request", "asked", "desk"), NOW)
    gone = near.inside().get(f"/api/v1/posts/{ONE}/similar")
    assert gone.status_code == 404 and "erased" in gone.json()["detail"]
    assert ONE not in found(near.inside().get("/api/v1/posts/file:office.example/22/similar"))


def test_outside_readers_learn_nothing_of_a_text_that_is_withheld(near):
    """Neither from its own list, nor from that of another post."""
    outside = near.outside(public_read=True)
    refused = outside.get(f"/api/v1/posts/{X}/similar")
    assert (refused.status_code, refused.json()["title"]) == (403, "Not allowed")
    listed = found(outside.get(f"/api/v1/posts/{ONE}/similar?limit=200"))
    assert X in found(near.inside().get(f"/api/v1/posts/{ONE}/similar")) and X not in listed
    assert len(found(outside.get(f"/api/v1/posts/{ONE}/similar?limit=2"))) == 2
    assert "Similar posts" not in outside.get(f"/posts/{X}").text


def test_relevance_orders_the_same_posts(near):
    inside = near.inside(reads=Reader())
    answer = inside.get("/api/v1/posts", params={"q": "leaders payroll", "sort": "relevance"}).json()
    newest = inside.get("/api/v1/posts", params={"q": "leaders payroll"}).json()
    assert answer["total"] == newest["total"] == 4
    assert {p["id"] for p in answer["items"]} == {p["id"] for p in newest["items"]}
    assert answer["items"][0]["id"] == ONE, "the shortest that says both"
    of_searches.Posts.model_validate(answer)
    empty = inside.get("/api/v1/posts", params={"topic": "reform", "sort": "relevance"})
    assert (empty.status_code, empty.json()["parameter"]) == (422, "sort")


def test_the_page_of_a_post_shows_what_is_similar(near):
    """What says the same word for word stands there as an echo already."""
    near.collect("sample", [written("26", "On payroll the brigade met Leaders of advisors", at(26))], NOW)
    near.tag({"Leaders": [Score("reform", 0.9)]})
    read(near)
    shown = near.inside().get(f"/posts/{ONE}").text
    block = shown[shown.index('id="similar"') : shown.index('id="versions"')]
    assert "/posts/file:office.example/26" in block and "the brigade met" in block
    assert "/posts/file:office.example/22" in shown and "/posts/file:office.example/22" not in block
    assert 'id="similar"' not in near.inside().get(f"/posts/{ONE}?as_of=2027-01-01").text
    assert 'id="similar"' not in near.inside().get("/posts/file:office.example/7").text, "it was not read yet"


def test_the_page_offers_relevance_where_there_are_words(near):
    inside = near.inside(reads=Reader())
    assert "sort=relevance" in inside.get("/?q=leaders").text
    assert "sort=relevance" not in inside.get("/?topic=reform").text
    ordered = inside.get("/?q=leaders&sort=relevance").text
    assert 'aria-current="true">Relevance' in ordered
