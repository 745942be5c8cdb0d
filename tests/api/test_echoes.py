"""/posts/{id}/echoes and the post's page: the group with who was first, and nothing of a withheld text."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.schemas import of_searches
from db import posts
from db.erasing import erase
from db.erasing.erase import Why
from tests.api.site import BRIGADE, POSTS, at, written
from tests.conftest import NOW

SAID = (
    "Advisors of the mission met the commander of the second brigade in the northern camp today to speak of one"
    " payroll for all units and of the training that begins in spring."
)
FIRST, COPY, WITHHELD = "file:office.example/21", "file:office.example/22", "x:1957442104980406272"
LATER = 183


def collected(site):
    later = at(18, 14) + timedelta(seconds=LATER)
    site.collect("sample", [
        written("21", SAID, at(18, 14), lang="en"),
        written("22", f"RT @office.example: {SAID} #Partners", later, account=BRIGADE),
        replace(POSTS[-1], platform_id=WITHHELD[2:], text=SAID, created_at=None,
                url=f"https://x.com/office/status/{WITHHELD[2:]}"),
    ], NOW)  # fmt: skip
    return site


def asked(client, name, **params):
    answer = client.get(f"/api/v1/posts/{name}/echoes", params=params)
    assert answer.status_code == 200, answer.text
    of_searches.Echoes.model_validate(answer.json())
    return answer.json()


def test_the_group_is_told_in_order_with_the_first_and_how_it_spread(site):
    found = asked(collected(site).inside(), COPY)
    assert [item["id"] for item in found["items"]] == [WITHHELD, FIRST, COPY]
    assert [item["echo"]["relation"] for item in found["items"]] == ["first", "copy", "this"]
    assert found["items"][1]["text"] == SAID and found["items"][1]["echo"]["overlap"] == 1
    assert found["first"]["id"] == WITHHELD and found["first"]["certain"]
    assert (
        found["lag"]
        == found["took"]
        == {"after_seconds": 60 + LATER, "at_least": 60 + LATER, "at_most": 60 + LATER}
    )
    assert [(p["platform"], p["posts"]) for p in found["platforms"]] == [("x", 1), ("file", 2)]
    assert [a["account"]["handle"] for a in found["accounts"]] == ["@office", "@office.example", "@brigade.example"]
    assert found["total"] == 3 and found["complete"]


def test_of_a_withheld_text_nobody_outside_learns_how_much_another_shares_with_it(site):
    outside = collected(site).outside(public_read=True)
    withheld, first, copy = asked(outside, COPY)["items"]
    assert withheld["text"] is None and withheld["echo"]["overlap"] is None
    assert withheld["echo"]["relation"] == "first" and copy["echo"]["overlap"] == 1
    assert first["echo"]["relation"] == "copy"
    for item in asked(outside, WITHHELD)["items"]:
        assert item["echo"]["overlap"] is None and item["echo"]["relation"] in ("first", "echo")
    refused = collected(site).outside().get(f"/api/v1/posts/{COPY}/echoes")
    assert refused.status_code == 401


def test_a_page_of_it_goes_on_by_cursor(site):
    inside = collected(site).inside()
    one = asked(inside, FIRST, limit=2)
    two = asked(inside, FIRST, limit=2, cursor=one["next_cursor"])
    assert [i["id"] for i in one["items"] + two["items"]] == [WITHHELD, FIRST, COPY]
    assert two["next_cursor"] is None and two["total"] == one["total"] == 3


def test_as_of_before_the_copies_the_post_stands_alone(site):
    site.collect("sample", [written("21", SAID, at(18, 14), lang="en")], NOW - timedelta(minutes=5))
    inside = collected(site).inside()
    then = asked(inside, FIRST, as_of=(NOW - timedelta(minutes=2)).isoformat())
    assert [i["id"] for i in then["items"]] == [FIRST] and then["took"]["after_seconds"] == 0
    unknown = inside.get(f"/api/v1/posts/{FIRST}/echoes", params={"as_of": "2025-01-01"})
    assert unknown.status_code == 404


def test_a_post_whose_text_was_erased_has_no_echoes_and_is_none(site):
    inside = collected(site).inside()
    with site.database.write() as session:
        erase.erase(session, posts.key_of(session, FIRST), Why("request", "asked", "test"), NOW)
    assert [i["id"] for i in asked(inside, COPY)["items"]] == [WITHHELD, COPY]
    nothing = asked(inside, FIRST)
    assert (nothing["items"], nothing["total"], nothing["first"], nothing["lag"]) == ([], 0, None, None)


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"as_of": "soon"}, {"q": "a"}])
def test_what_cannot_be_answered_is_refused(inside, params):
    answer = inside.get("/api/v1/posts/file:office.example/1/echoes", params=params)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"


def test_of_no_post_there_is_no_group(inside):
    assert inside.get("/api/v1/posts/file:office.example/99/echoes").status_code == 404


def test_the_post_s_page_names_who_else_published_it_and_who_was_first(site):
    inside = collected(site).inside()
    page = inside.get(f"/posts/{COPY}").text
    assert "Also published by" in page and f'href="/posts/{FIRST}"' in page and "4 min 3 s later" in page
    assert "Also published by" not in inside.get("/posts/file:office.example/2").text
