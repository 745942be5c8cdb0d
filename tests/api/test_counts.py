"""/timeline and /facets: the same filters, and sums that agree with /posts."""

import pytest

from api.schemas import of_searches
from tests.api.site import Score, at, written
from tests.conftest import NOW


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_the_buckets_add_up_to_the_total(inside, interval):
    total = inside.get("/api/v1/posts").json()["total"]
    answer = inside.get("/api/v1/timeline", params={"interval": interval}).json()
    buckets = of_searches.Timeline.model_validate(answer).items
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
    of_searches.Facets.model_validate(facets)
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


QUERIES = ("", "the", "-the", "topic:training", "the OR lang:ckb", "-topic:training -lang:en", "actor:office",
           "from:@brigade.example OR platform:x", "since:2025-08-16T12:00:00Z", "-until:2025-08-17", "is:edited",
           "until:2025-08-17T12:00:00Z the", "kind:post has:link", "nothing here says this")  # fmt: skip


def paged(client, params):
    """The ids of all posts, page by page."""
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = client.get("/api/v1/posts", params={**params, **more, "limit": 2}).json()
        found += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("as_of", [None, "2026-09-01T11:45:00Z"])
@pytest.mark.parametrize("q", QUERIES)
def test_sums_of_any_query_are_those_of_its_pages(inside, q, as_of):
    params = {"q": q, **({"as_of": as_of} if as_of else {})}
    found = paged(inside, params)
    for interval in ("hour", "week"):
        buckets = inside.get("/api/v1/timeline", params={**params, "interval": interval}).json()["items"]
        assert sum(b["count"] for b in buckets) == len(found)
        tags = [t for post in found for t in post["tags"] if t["decision"] == "tagged"]
        assert sum(n for b in buckets for n in b["topics"].values()) == len(tags)
    facets = inside.get("/api/v1/facets", params=params).json()
    for name in ("platform", "kind"):
        assert sum(f["count"] for f in facets[name]) == len(found)
    assert sum(f["count"] for f in facets["account"]) == sum(post["account"] is not None for post in found)


def test_counts_follow_what_is_written(site):
    client = site.inside()
    before = client.get("/api/v1/facets", params={"q": "graduation"}).json()
    assert before["kind"] == [{"value": "post", "count": 1}]
    more = written("9", "Another graduation of forces.", at(21), lang="en")
    site.collect("sample", [more], NOW)
    after = client.get("/api/v1/facets", params={"q": "graduation"}).json()
    assert after["kind"] == [{"value": "post", "count": 2}]
    site.tag({"Another": [Score("reform", 0.9)]})
    buckets = client.get("/api/v1/timeline", params={"q": "another graduation"}).json()["items"]
    assert [(b["start"], b["topics"]) for b in buckets] == [("2025-08-21T00:00:00Z", {"reform": 1})]


def test_facets_are_largest_first_and_no_more_than_asked_for(inside):
    lang = inside.get("/api/v1/facets", params={"limit": 2}).json()["lang"]
    assert len(lang) == 2
    assert lang[0]["value"] == "en" and lang[0]["count"] > lang[1]["count"]
