"""GET /posts/{id}?as_of=: the post as it was known, under the terms of today."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api import schemas
from core import times
from tests.api.site import POSTS, QUOTED, Score, written
from tests.api.test_problems import problem
from tests.conftest import NOW

EDITED = "/api/v1/posts/file:office.example/2"


def test_the_version_and_the_tags_of_then(inside):
    before = times.text(NOW - timedelta(minutes=45))
    then = inside.get(EDITED, params={"as_of": before}).json()
    schemas.Post.model_validate(then)
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


def test_lists_say_where_it_is_there(inside):
    said = problem(inside.get("/api/v1/posts", params={"as_of": "2025-08-01"}), 422)
    assert "/api/v1/posts/{id}?as_of=" in said["detail"]


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
