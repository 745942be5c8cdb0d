"""/timeline and /facets: the same filters, and sums that agree with /posts."""

import pytest

from api import schemas


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_the_buckets_add_up_to_the_total(inside, interval):
    total = inside.get("/api/v1/posts").json()["total"]
    answer = inside.get("/api/v1/timeline", params={"interval": interval}).json()
    buckets = schemas.Timeline.model_validate(answer).items
    assert sum(b.count for b in buckets) == total
    assert len({b.start for b in buckets}) == len(buckets)


def test_buckets_count_topics(inside):
    buckets = inside.get("/api/v1/timeline", params={"interval": "month"}).json()["items"]
    august = next(b for b in buckets if b["start"].startswith("2025-08"))
    assert august["topics"]["key_leader_engagement"] == 1


def test_the_timeline_takes_the_filters_of_posts(inside):
    params = {"lang": "ckb", "interval": "day"}
    buckets = inside.get("/api/v1/timeline", params=params).json()["items"]
    assert [(b["start"], b["count"]) for b in buckets] == [("2025-08-16T00:00:00Z", 1)]


def test_an_interval_that_is_none_is_refused(inside):
    assert inside.get("/api/v1/timeline?interval=year").status_code == 422


def test_facets_agree_with_posts(inside):
    facets = inside.get("/api/v1/facets").json()
    schemas.Facets.model_validate(facets)
    for field, name in (
        ("platform", "platform"),
        ("lang", "lang"),
        ("kind", "kind"),
        ("topic", "topic"),
        ("actor", "actor"),
    ):
        for item in facets[field]:
            found = inside.get("/api/v1/posts", params={name: item["value"]}).json()["total"]
            assert found == item["count"], (field, item)


def test_facets_are_largest_first_and_no_more_than_asked_for(inside):
    lang = inside.get("/api/v1/facets", params={"limit": 2}).json()["lang"]
    assert len(lang) == 2
    assert lang[0]["value"] == "en" and lang[0]["count"] > lang[1]["count"]
