"""DELETE /posts/{id}, /erasures, the tombstone's page, and what of it outsiders learn."""

from datetime import timedelta
from typing import Any

import pytest

from core import times
from db import posts
from db.erasing import purge
from db.erasing.erase import Why, erase
from tests.api.site import Site
from tests.conftest import NOW

ONE = "file:office.example/1"
URL = f"/api/v1/posts/{ONE}"


def forget(site: Site, public_id: str = ONE, reason: str = "asked by its author", **headers: str) -> Any:
    url = f"/api/v1/posts/{public_id}"
    return site.inside().delete(url, params={"reason": reason}, headers=site.key("admin") | headers)


def test_forgetting_answers_the_tombstone(site: Site) -> None:
    text = site.inside().get(URL).json()["text"]
    said = forget(site)
    assert said.status_code == 200
    assert (said.json()["id"], said.json()["cause"], said.json()["by"]) == (ONE, "request", "key analyst")
    found = site.inside().get(URL).json()
    assert (found["text"], found["url"], found["erasure"]["reason"]) == (None, None, "asked by its author")
    versions = site.inside().get(f"{URL}/versions").json()["items"]
    assert all(v["erased"] and v["text"] is None and v["text_sha256"] for v in versions)
    assert text not in site.inside().get("/").text
    assert site.inside().get("/api/v1/posts", params={"q": "payroll"}).json()["total"] == 0


def test_it_needs_the_scope_and_a_reason(site: Site) -> None:
    asked = {"params": {"reason": "why"}}
    assert site.inside().delete(URL, **asked).status_code == 401
    assert site.inside().delete(URL, **asked, headers=site.key("annotate")).status_code == 403
    assert forget(site, reason="  ").status_code == 422
    assert site.inside().delete(URL, headers=site.key("admin")).status_code == 422
    assert forget(site, "x:404").status_code == 404
    assert site.inside().get(URL).json()["erasure"] is None


def test_a_correction_is_still_withdrawn_under_its_own_address(site: Site) -> None:
    headers = site.key("annotate", "admin")
    site.inside().put(f"{URL}/tags/reform", json={"decision": "tagged"}, headers=headers)
    assert site.inside().delete(f"{URL}/tags/reform", headers=headers).status_code == 204
    assert site.inside().get(URL).json()["erasure"] is None


def test_outsiders_see_a_tombstone_without_the_reason(site: Site) -> None:
    forget(site)
    outside = site.outside(public_read=True)
    found = outside.get(URL).json()
    assert (found["text"], found["erasure"]["cause"], found["erasure"]["reason"]) == (None, "request", None)
    page = outside.get(f"/posts/{ONE}").text
    assert "Tombstone" in page and "asked by its author" not in page
    assert outside.get("/api/v1/erasures").status_code == 401


def test_the_page_of_an_erased_post_tells_what_was_there(site: Site) -> None:
    version = site.inside().get(f"{URL}/versions").json()["items"][0]
    forget(site)
    page = site.inside().get(f"/posts/{ONE}")
    assert page.status_code == 200
    assert "asked by its author" in page.text and version["text_sha256"] in page.text
    assert "still being cleared" in page.text and "Our advisors" not in page.text
    purge.purge(site.database, times.now)
    assert "still being cleared" not in site.inside().get(f"/posts/{ONE}").text


def test_tombstones_stand_on_the_timeline_only_for_who_asks(site: Site) -> None:
    forget(site)
    inside = site.inside()
    assert f"/posts/{ONE}" not in inside.get("/").text
    assert f"/posts/{ONE}" in inside.get("/", params={"q": "is:erased"}).text
    assert "What it said was erased" in inside.get("/", params={"q": "is:erased"}).text
    totals = [inside.get("/api/v1/posts", params={"q": q}).json()["total"] for q in ("", "is:erased")]
    buckets = inside.get("/api/v1/timeline", params={"interval": "month"}).json()["items"]
    assert totals[0] == sum(b["count"] for b in buckets) and totals[1] == 1
    facets = inside.get("/api/v1/facets").json()
    assert sum(f["count"] for f in facets["platform"]) == totals[0]


def test_erasures_are_listed_by_pages_with_the_time_they_took(site: Site) -> None:
    with site.database.write() as session:
        for number in ("2", "3"):
            key = posts.key_of(session, f"file:office.example/{number}")
            erase(session, key, Why("deleted", "deleted there", "terms"), NOW + timedelta(days=int(number)))
    first = site.inside().get("/api/v1/erasures", params={"limit": 1}).json()
    rest = site.inside().get("/api/v1/erasures", params={"cursor": first["next_cursor"]}).json()
    assert [e["id"] for e in first["items"] + rest["items"]] == ["file:office.example/3", "file:office.example/2"]
    assert rest["next_cursor"] is None
    assert first["items"][0]["seconds"] is None, "nobody saw it deleted"


def test_metrics_tell_how_long_deletions_waited(site: Site) -> None:
    forget(site)
    told = site.inside().get("/metrics").text
    assert 'kle_erasures_total{cause="request"} 1.0' in told
    assert 'kle_erasure_seconds_bucket{le="86400.0"} 0.0' in told
    assert "kle_oldest_deletion_seconds 0.0" in told and "kle_unpurged_erasures 1.0" in told


@pytest.mark.parametrize("column", ["keep", "erase_deleted"])
def test_sources_tell_what_they_keep(site: Site, column: str) -> None:
    row = site.inside().get("/api/v1/sources").json()["items"][0]
    assert row[column] in (None, False)
