"""GET /posts/{id}?as_of=: the post as it was known, under the terms of today."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from api.schemas import of_posts, of_searches
from core import times
from tests.api.site import POSTS, QUOTED, Score, written
from tests.api.test_problems import problem
from tests.conftest import NOW

EDITED = "/api/v1/posts/file:office.example/2"


def test_the_version_and_the_tags_of_then(inside):
    before = times.text(NOW - timedelta(minutes=45))
    then = inside.get(EDITED, params={"as_of": before}).json()
    of_posts.Post.model_validate(then)
    now = inside.get(EDITED).json()
    assert "140 soldiers" in then["text"] and "141 soldiers" in now["text"]
    assert (then["versions"], then["tags"], then["tagging"]) == (1, [], "pending")
    assert now["tags"] and now == inside.get(EDITED, params={"as_of": "2027-01-01"}).json()


def test_not_known_yet_is_not_found_and_says_since_when_it_is(inside):
    said = problem(inside.get(EDITED, params={"as_of": "2026-08-31"}), 404)
    assert "not known yet" in said["detail"] and "2026-09-01T11:00:00Z" in said["detail"]


@pytest.mark.parametrize("moment", ["soon", "2025-02-30", ""])
def test_a_bad_time_is_told_as_elsewhere(inside, moment):
    assert problem(inside.get(EDITED, params={"as_of": moment}), 422)["parameter"] == "as_of"


BEFORE = times.text(NOW - timedelta(minutes=45))  # the second post had another text, and nothing was tagged
LISTS = ("/api/v1/posts", "/api/v1/timeline", "/api/v1/facets", "/api/v1/coverage")


def test_a_list_has_the_words_the_tags_and_the_looks_of_then(inside):
    then = inside.get("/api/v1/posts", params={"as_of": BEFORE, "q": '"140 soldiers"'}).json()
    of_searches.Posts.model_validate(then)
    assert [post["id"] for post in then["items"]] == ["file:office.example/2"] and then["total"] == 1
    assert "140 soldiers" in then["items"][0]["text"] and then["items"][0]["tags"] == []
    assert times.parse(then["coverage"]["until"]) == times.parse(BEFORE)
    for q in ('"141 soldiers"', "topic:training", "is:edited"):
        assert inside.get("/api/v1/posts", params={"as_of": BEFORE, "q": q}).json()["total"] == 0
        assert inside.get("/api/v1/posts", params={"q": q}).json()["total"] > 0


def test_counts_are_of_then(inside):
    now = inside.get("/api/v1/facets").json()
    assert now["topic"] and inside.get("/api/v1/facets", params={"as_of": BEFORE}).json()["topic"] == []
    timeline = inside.get("/api/v1/timeline", params={"as_of": BEFORE, "interval": "month"}).json()
    assert (
        sum(item["count"] for item in timeline["items"])
        == inside.get("/api/v1/posts", params={"as_of": BEFORE}).json()["total"]
    )
    assert all(item["topics"] == {} for item in timeline["items"])


def test_before_the_first_post_lists_are_empty(inside):
    said = {path: inside.get(path, params={"as_of": "2020-01-01"}).json() for path in LISTS}
    assert said["/api/v1/posts"]["items"] == said["/api/v1/timeline"]["items"] == []
    assert not any(said["/api/v1/facets"].values()) and said["/api/v1/coverage"]["sources"] == []


@pytest.mark.parametrize("path", LISTS)
def test_a_moment_to_come_is_answered_as_now(inside, path):
    come, now = (inside.get(path, params=more).json() for more in ({"as_of": "2096-01-01"}, {}))
    for said in (come, now):
        said.pop("coverage", None)
    assert come == now or path == "/api/v1/coverage"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("moment", ["soon", "2025-02-30", ""])
def test_lists_tell_a_bad_time_too(inside, path, moment):
    assert problem(inside.get(path, params={"as_of": moment}), 422)["parameter"] == "as_of"


def test_what_is_uncertain_now_is_no_order_of_then(inside):
    said = problem(inside.get("/api/v1/posts", params={"as_of": BEFORE, "sort": "uncertain"}), 422)
    assert said["parameter"] == "sort"


def test_pages_follow_each_other(inside):
    path, found = "/api/v1/posts", []
    asked = {"as_of": BEFORE, "limit": 2}
    while path:
        page = inside.get(path, params=asked).json()
        found += [post["id"] for post in page["items"]]
        asked["cursor"], path = page["next_cursor"], path if page["next_cursor"] else None
    assert len(found) == len(set(found)) == page["total"]


def test_versions_and_tags_known_then(inside):
    now = inside.get(f"{EDITED}/versions").json()["items"]
    then = inside.get(f"{EDITED}/versions", params={"as_of": BEFORE}).json()["items"]
    assert [version["number"] for version in now] == [1, 2]
    assert [(version["number"], version["tags"]) for version in then] == [(1, [])]
    problem(inside.get(f"{EDITED}/versions", params={"as_of": "2026-08-31"}), 404)


def test_a_wish_of_today_withholds_the_text_of_then_from_lists_too(site):
    seen = written("9", "Shown before its author changed their mind.", NOW)
    site.collect("sample", [seen], NOW)
    moment = times.text(NOW + timedelta(minutes=1))
    site.collect("sample", [replace(seen, labels=("noindex",))], NOW + timedelta(minutes=2))
    asked = {"as_of": moment, "q": "mind"}
    (post,) = site.outside(public_read=True).get("/api/v1/posts", params=asked).json()["items"]
    assert post["text"] is None and post["labels"] == []
    (post,) = site.inside().get("/api/v1/posts", params=asked).json()["items"]
    assert post["text"] == seen.text


def test_the_timeline_says_as_of_when_and_keeps_the_moment_in_its_links(inside):
    page = inside.get("/", params={"as_of": BEFORE, "q": "finished"}).text
    assert "As the archive knew it on" in page and "140 soldiers" in page and "141 soldiers" not in page
    kept = urlencode({"as_of": BEFORE})
    assert f'href="/posts/file:office.example/2?{kept}"' in page and 'href="/?q=finished"' in page
    assert f'name="as_of" form="search" value="{BEFORE[:19]}"' in page


def test_a_moment_that_is_none_is_told_on_the_page(inside):
    answer = inside.get("/", params={"as_of": "soon"})
    assert answer.status_code == 422 and "as_of=soon is not a date" in answer.text


def test_a_post_s_page_as_of_then(inside):
    page = inside.get("/posts/file:office.example/2", params={"as_of": BEFORE}).text
    assert "As the archive knew it on" in page and "140 soldiers" in page and "141 soldiers" not in page
    assert 'href="/posts/file:office.example/2">Back to now' in page


def test_a_page_says_how_often_it_was_edited_and_until_when_it_was_seen(site):
    seen = written("9", "One.", NOW)
    for minute, later in enumerate([seen, replace(seen, text="Two."), replace(seen, text="Three.")]):
        site.collect("sample", [later], NOW + timedelta(minutes=minute))
    site.collect("sample", [replace(seen, text="", deleted=True)], NOW + timedelta(hours=2))
    page = site.inside().get(f"/posts/{seen.id}").text
    assert "Edited 2 times" in page
    assert "Deleted on 1 Sep 2026, 14:00 UTC, seen by us until 1 Sep 2026, 12:02 UTC" in page
    then = site.inside().get(f"/posts/{seen.id}", params={"as_of": times.text(NOW + timedelta(seconds=90))}).text
    assert "Edited 1 time," in then and "Deleted" not in then


def test_an_older_id_keeps_the_moment_on_its_way(site):
    whole = replace(QUOTED, platform_id="1956200000000000000", url=None, embedded_in=None, view=POSTS[0].view)
    site.collect("sample", [whole], NOW)
    answer = site.inside().get(f"/api/v1/posts/{QUOTED.id}", params={"as_of": "2026-09-01T11:30:00Z"})
    assert answer.headers["location"].endswith(f"{whole.id}?as_of=2026-09-01T11%3A30%3A00Z")
    assert site.inside().get(answer.headers["location"]).json()["created_at_precision"] == "day"


def test_a_wish_of_today_withholds_the_text_of_then(site):
    seen = written("9", "Shown before its author changed their mind.", NOW)
    site.collect("sample", [seen], NOW)
    moment = times.text(NOW + timedelta(minutes=1))
    site.collect("sample", [replace(seen, labels=("noindex",))], NOW + timedelta(minutes=2))
    path = f"/api/v1/posts/{seen.id}"
    outside = site.outside(public_read=True)
    assert outside.get(path, params={"as_of": moment}).json()["text"] is None
    then = site.inside().get(path, params={"as_of": moment}).json()
    assert then["text"] == seen.text and then["labels"] == []


def test_after_judging_again_now_is_the_new_model_s_and_then_the_old_one_s(site):
    inside, path = site.inside(), "/api/v1/posts/file:office.example/1"
    before = inside.get(path).json()
    site.retag("cd" * 32, [Score("training", 0.7)], NOW + timedelta(hours=1))
    now = inside.get(path).json()
    assert {t["model"] for t in now["tags"]} == {"cd" * 32} and [t["topic"] for t in now["tags"]] == ["training"]
    assert inside.get(path, params={"as_of": times.text(NOW + timedelta(minutes=59))}).json() == before
