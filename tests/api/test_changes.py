"""/changes: the feed for mirrors, over HTTP."""

import pytest

from api.schemas import of_searches
from db import ledger


@pytest.fixture
def sealed(site):
    """What the sealer of `kle up` does on PostgreSQL."""
    with site.database.write() as session:
        while ledger.seal(session):
            pass
    return site


def test_every_page_has_its_form_and_a_cursor_to_go_on_from(sealed):
    near, cursor, seen = sealed.inside(), "", []
    while True:
        said = near.get(f"/api/v1/changes?limit=3{cursor}").json()
        page = of_searches.Changes.model_validate(said)
        seen += [item.seq for item in page.items]
        cursor = f"&cursor={page.next_cursor}"
        if page.caught_up:
            break
    assert seen == sorted(set(seen)) and len(seen) > 10
    said = near.get(f"/api/v1/changes?limit=3{cursor}").json()
    assert (said["items"], said["caught_up"], f"&cursor={said['next_cursor']}") == ([], True, cursor)


def test_a_mirror_over_http_holds_what_posts_answers(sealed):
    near = sealed.inside()
    mirror = {}
    for item in near.get("/api/v1/changes?limit=200").json()["items"]:
        mirror |= {item["id"]: item["post"]}
    found = near.get("/api/v1/posts?limit=200").json()["items"]
    assert {post.pop("snippet") for post in found} == {None}, "of a search's words"
    assert mirror == {post["id"]: post for post in found}


def test_now_is_the_end(sealed):
    near = sealed.inside()
    end = near.get("/api/v1/changes?cursor=now").json()
    assert (end["items"], end["caught_up"]) == ([], True)
    assert end["next_cursor"] == near.get("/api/v1/changes?limit=200").json()["next_cursor"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("types=bogus", "no type of change 'bogus'; there are new, edited"),
        ("as_of=2025-01-01", "unknown parameter 'as_of'"),
        ("sort=oldest", "unknown parameter 'sort'"),
        ("cursor=abc", "begin again without it"),
        ("cursor=WyJjaGFuZ2VzIiw5OTksMV0", "begin again"),
        ("cursor=now&changed_since=2025-01-01", "give one of them"),
        ("changed_since=yesterday", "is not a date"),
        ("q=topic:nothing", "there is no topic"),
        ("limit=201", "200"),
    ],
)
def test_a_wrong_question_says_what_to_do(sealed, asked, said):
    answer = sealed.inside().get(f"/api/v1/changes?{asked}")
    assert answer.status_code == 422 and said in answer.json()["detail"]


def test_the_public_is_told_no_withheld_text_and_no_name_of_who_corrected(sealed):
    near, far = sealed.inside(), sealed.outside(public_read=True)
    path = "/api/v1/posts/file:office.example/1/tags/training"
    said = {"decision": "tagged", "note": "they train"}
    assert near.put(path, json=said, headers=sealed.key("annotate")).status_code == 200
    with sealed.database.write() as session:
        while ledger.seal(session):
            pass
    items = far.get("/api/v1/changes?limit=200").json()["items"]
    assert [i["change"] for i in items].count("corrected") == 1
    assert items[-1]["topics"] == {"added": ["training"], "unsure": [], "removed": []}
    assert "they train" not in str(items) and "analyst" not in str(items)
    assert all(i["post"]["text"] is None for i in items if i["id"].startswith("x:1957"))
    assert sealed.outside().get("/api/v1/changes").status_code == 401
