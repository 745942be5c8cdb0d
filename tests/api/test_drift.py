"""Drift by the API, the metrics and the page: the same shares, and a mark where the last full week is unlike."""

import pytest
from lxml import html

from api.schemas import of_archive

USUAL = [6, 5, 7, 6, 8, 4, 6, 5, 7, 6, 6, 7]


@pytest.fixture
def drifting(site):
    site.weeks("sample", [*USUAL, 30])
    return site


def test_shares_of_the_last_full_week_and_the_weeks(drifting):
    answer = drifting.inside().get("/api/v1/drift").json()
    (item,) = of_archive.Drifts.model_validate(answer).items
    training = next(share for share in item.shares if share.of == "topic:training")
    assert (training.share, training.alarm, training.posts) == (0.5, "high", 60)
    assert item.shares[0].of == "unsure" and item.shares[0].alarm is None
    assert [week.topics["training"] for week in item.weeks] == [*USUAL, 30]
    assert item.weeks[-1].start == item.last_week


def test_metrics_have_them_with_the_names_of_the_archive_alone(drifting):
    lines = drifting.inside().get("/metrics").text.splitlines()
    assert 'kle_week_share{of="topic:training",source="sample"} 0.5' in lines
    assert 'kle_week_unusual{of="topic:training",source="sample"} 1.0' in lines
    assert 'kle_week_unusual{of="unsure",source="sample"} 0.0' in lines
    assert len([line for line in lines if line.startswith("kle_week_share{")]) == 2


def test_the_page_opens_what_is_unusual_and_says_so(drifting):
    page = html.fromstring(drifting.inside().get("/sources").text)
    (block,) = page.xpath('//details[@class="drift"]')
    assert block.get("open") is not None and "Unusual: Training" in block.xpath("string(summary)")
    (row,) = [row for row in block.xpath(".//tbody/tr") if row.xpath("string(th)").strip() == "Training"]
    assert "50 %" in row.xpath("string(td[1])") and "more than usual" in row.xpath("string(td[1])")
    assert row.xpath("th/a/@href") == ["/?q=source%3Asample%20topic%3Atraining"]
    assert len(row.xpath(".//rect")) == 13 and len(row.xpath('.//rect[contains(@class, "unusual")]')) == 1
    assert "30 of 60 posts" in row.xpath("string(.//svg/@aria-label)")


def test_a_usual_week_is_folded(site):
    site.weeks("sample", [*USUAL, 6])
    (block,) = html.fromstring(site.inside().get("/sources").text).xpath('//details[@class="drift"]')
    assert block.get("open") is None and "Unusual" not in block.xpath("string(.)")


def test_a_young_source_is_too_early_to_tell(site):
    site.weeks("sample", [6, 30])
    page = site.inside().get("/sources").text
    assert "too early to tell" in page and "Unusual" not in page


def test_a_source_with_posts_in_the_present_week_alone_is_shown(site):
    site.weeks("sample", [6], until_ago=0)
    page = site.inside().get("/sources")
    assert page.status_code == 200
    assert "no posts" in page.text


def test_without_counts_there_is_nothing_to_show(inside):
    assert inside.get("/api/v1/drift").json()["items"] == []
    assert "Topics by week" not in inside.get("/sources").text
    assert "kle_week_share{" not in inside.get("/metrics").text


def test_its_query_finds_posts(site):
    assert site.inside().get("/api/v1/posts", params={"q": "source:sample topic:training"}).json()["total"] > 0
