"""Snippets in the API and on the page: of what leaves and nothing else."""

import pytest
from lxml import html

from core.errors import QueryError
from db.erasing.erase import Why, erase
from db.posts import key_of
from tests.api.site import POSTS, written
from tests.api.test_as_of import BEFORE
from tests.conftest import NOW

WITHHELD = POSTS[6].id


def snippets(client, **search):
    answer = client.get("/api/v1/posts", params=search)
    assert answer.status_code == 200, answer.text
    return {post["id"]: post["snippet"] for post in answer.json()["items"]}


def marked(found):
    return [found["text"][start:end] for start, end in found["hits"]]


def test_words_of_the_query_are_hits_and_filters_are_none(inside):
    (found,) = snippets(inside, q="advisors lead* from:@office.example lang:en").values()
    assert marked(found) == ["advisors", "leaders"]
    assert found["start"] == 0 and found["text"] == POSTS[0].text


def test_a_post_that_only_a_filter_found_has_no_hit(inside):
    found = snippets(inside, q="advisors OR topic:training")
    assert marked(found["file:office.example/1"]) == ["advisors"]
    assert found["file:office.example/2"]["hits"] == [] and found["file:office.example/2"]["text"]


@pytest.mark.parametrize("q", ["", "topic:training", "-advisors"])
def test_without_wanted_words_there_is_no_snippet(inside, q):
    assert set(snippets(inside, q=q).values()) == {None}


def test_kurdish_words_are_marked_as_they_stand_there(inside):
    (found,) = snippets(inside, q="پيشمه‌رگه").values()
    assert marked(found) == ["پێشمەرگە"]


def test_a_withheld_text_has_no_snippet_for_outside_readers(inside, outside):
    assert marked(snippets(inside, q="operator")[WITHHELD]) == ["operator"]
    assert snippets(outside, q="operator") == {WITHHELD: None}
    assert "stays with its operator: training" not in outside.get("/", params={"q": "operator"}).text


def test_as_of_a_moment_the_text_of_then_is_shown(inside):
    assert marked(snippets(inside, q="140", as_of=BEFORE)["file:office.example/2"]) == ["140"]
    assert snippets(inside, q="140") == {}


def test_an_erased_text_has_none(site):
    with site.database.write() as session:
        key = key_of(session, "file:office.example/1")
        erase(session, key, Why("request", "asked", "operator"), NOW)
    found = snippets(site.inside(), q="advisors OR is:erased")
    assert found == {"file:office.example/1": None}


def test_the_page_marks_hits_and_shows_of_a_long_text_the_part_that_tells(site):
    long = "Before it all. " * 80 + "Then a #KeyLeader came. " + "After it all. " * 80
    site.collect("sample", [written("8", long, NOW, lang="en")], NOW)
    page = html.fromstring(site.inside().get("/", params={"q": "leader -advisors"}).text)
    (text,) = page.xpath('//div[@class="text"]')
    assert [mark.text_content() for mark in text.xpath('.//mark[@class="found"]')] == ["Leader"]
    assert text.text_content().startswith("… ") and text.text_content().strip().endswith("…")


def test_marks_do_not_stand_where_nothing_was_searched(inside):
    assert '<mark class="found"' not in inside.get("/", params={"topic": "training"}).text


def test_a_query_that_does_not_parse_says_where_in_code_points(inside):
    answer = inside.get("/api/v1/posts", params={"q": "🇮🇶 إصلاح topic:trainin"})
    said = answer.json()
    assert answer.status_code == QueryError.status and said["position"] == 15
    assert said["expected"][0] == "training"
    page = html.fromstring(inside.get("/", params={"q": "🇮🇶 إصلاح topic:trainin"}).text)
    assert page.xpath('//pre[@class="misread"]/mark/text()') == ["t"]
