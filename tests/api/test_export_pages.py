"""The pages of exports: from a search to a release in two clicks, what is in it, its end."""

from threading import Event

import pytest
from lxml import html

from core.export import ExportForm
from kle import building
from tests.api.test_alert_pages import filled, post, tree, typed


@pytest.fixture
def asker(site):
    """A signed-in browser that may export, and its token."""
    return site.signed_in("export")


def ask(browser, path="/exports/new", **values):
    """A new export; where its page is."""
    action, fields = filled(browser.get(path), "export")
    answer = post(browser, action, typed(fields, **values))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def build(site):
    building.build_all(site.settings, site.database, Event())


def said(answer):
    return " ".join(html.fromstring(answer.text).text_content().split())


def test_a_search_with_its_filters_is_two_clicks_from_an_export(site, asker):
    browser, _ = asker
    timeline = browser.get("/?q=met&topic=reform&lang=en&as_of=2026-12-01&sort=likes")
    (link,) = tree(timeline).xpath('//a[text()="Export these"]/@href')
    _, fields = filled(browser.get(link), "export")
    assert dict(fields)["as_of"] == "2026-12-01"
    for part in ("met", "topic:reform", "lang:en"):
        assert part in dict(fields)["query"]
    place = ask(browser, link)
    waiting = browser.get(place)
    assert tree(waiting).xpath("//progress") and "waits for its turn" in said(waiting)
    assert "exports.js" in waiting.text and 'http-equiv="refresh"' in waiting.text
    build(site)
    done = browser.get(place)
    assert not tree(done).xpath("//progress") and "exports.js" not in done.text
    assert "[Data set]" in said(done) and "kle export" in said(done)
    addresses = tree(done).xpath("//a[@download]/@href")
    assert any("path=posts.csv" in one for one in addresses) and any(one.endswith("/file") for one in addresses)
    assert all(browser.get(one).status_code == 200 for one in addresses)
    (row,) = tree(browser.get("/exports")).xpath("//tbody/tr")
    assert [td.get("data-name") for td in row.xpath("td")] == ["State", "Format", "As known at", "Asked", "Size"]
    assert "met" in row.text_content() and f"Export {place.rpartition('/')[2]}" in row.text_content()
    (name,) = [a.text for a in tree(done).xpath("//th/a[@download]") if a.get("href").endswith("/file")]
    assert name in browser.get(f"/api/v1{place}/file").headers["content-disposition"]


def test_what_was_withheld_stands_on_its_page(site, asker):
    browser, _ = asker
    place = ask(browser, query="platform:x", format="jsonl")
    build(site)
    (row,) = tree(browser.get(place)).xpath('//h2[text()="What was withheld"]/..//tbody/tr')
    cells = [" ".join(cell.text_content().split()) for cell in row]
    assert cells[:2] == ["x", "ids"] and int(cells[2]) > 0 and "text" in cells[3]


def test_what_is_folded_away_is_asked_for(site, asker):
    browser, _ = asker
    place = ask(browser, table=["posts", "tags"], columns="text, tags.topic", bom="yes", size="3",
                stratify=["topic"], seed="7")  # fmt: skip
    build(site)
    shown = said(browser.get(place))
    for words in ("posts, tags, text, tags.topic", "mark of UTF-8", "3 posts, by topic, seed 7", "labels.csv"):
        assert words in shown
    assert "versions.csv" not in shown


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"query": "tipic:reform"}, "query", "no filter tipic:"),
        ({"as_of": "someday"}, "as_of", "someday"),
        ({"columns": "nonsense"}, "columns", "nonsense"),
        ({"size": "many"}, "sample", "integer"),
        ({"format": "jsonl", "bom": "yes"}, "format", "bom and raw are of csv"),
        ({"format": "parquet", "raw": "yes"}, "format", "bom and raw are of csv"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(asker, values, field, words):
    browser, _ = asker
    action, fields = filled(browser.get("/exports/new"), "export")
    answer = post(browser, action, typed(fields, **{"query": "leaders", "format": "parquet", **values}))
    assert answer.status_code == 422 and answer.headers["cache-control"] == "no-store"
    (wrong,) = tree(answer).xpath('//*[@role="alert"]')
    assert wrong.get("id") == f"wrong-{field}" and words in wrong.text_content()
    kept = dict(filled(answer, "export")[1])
    assert {name: kept.get(name) for name in values} == values and kept["format"] == values.get("format", "parquet")


def test_the_same_is_asked_for_again_with_all_that_it_was_asked_for_by(site, asker):
    browser, _ = asker
    place = ask(browser, query='"a `tick` <b>" OR reform', audience="internal", format="csv",
                table=["posts", "tags"], columns="text, tags.topic", bom="yes", raw="yes", pseudonymise="yes",
                size="3", stratify=["topic", "lang"], seed="7")  # fmt: skip
    build(site)
    (link,) = tree(browser.get(place)).xpath('//a[text()="Ask for the same again"]/@href')
    again = ask(browser, link)
    first, second = (browser.get(f"/api/v1{one}").json() for one in (place, again))
    for name in ExportForm.model_fields:
        assert first[name] == second[name], name
    assert first["audience"] == "internal" and first["query"] == first["manifest"]["query"]
    build(site)
    assert browser.get(f"/api/v1{again}").json()["zip"]["sha256"] == first["zip"]["sha256"]
    assert browser.get("/exports/new?again=999").status_code == 404


@pytest.mark.parametrize("typed_in", ['"a `tick` <b>" OR reform', "since:2025-01-01", 'topic:reform  "U.S."'])
def test_the_words_of_a_search_stay_as_they_were_typed(site, asker, typed_in):
    browser, _ = asker
    (link,) = tree(browser.get("/", params={"q": typed_in})).xpath('//a[text()="Export these"]/@href')
    place = ask(browser, link)
    build(site)
    told = browser.get(f"/api/v1{place}").json()
    assert told["query"] == told["manifest"]["query"] == typed_in


def test_it_is_withdrawn_by_a_button(site, asker):
    browser, token = asker
    place = ask(browser)
    build(site)
    assert browser.post(f"{place}/withdraw", data={"csrf": "another"}).status_code == 403
    assert browser.post(f"{place}/withdraw", data={"csrf": token}).status_code == 303
    (row,) = tree(browser.get("/exports")).xpath("//tbody/tr")
    assert row.xpath('string(td[@data-name="Size"])').strip() == "–"
    page = browser.get(place)
    assert "withdrawn by operator" in said(page) and not tree(page).xpath("//a[@download]")


def test_who_may_not_export_sees_no_button(site):
    reader, _ = site.signed_in("read")
    form = reader.get("/exports/new")
    assert not tree(form).xpath('//form[@action="/exports/new"]//button') and "sign in" in said(form)
    assert reader.post("/exports/new", data={"csrf": ""}).status_code == 403
    stranger = site.outside(public_read=True)
    assert stranger.get("/exports").status_code == 401
    assert "/exports" not in stranger.get("/").text


def test_an_export_of_tags_alone_has_its_page(site, asker):
    browser, _ = asker
    place = ask(browser, table=["tags"])
    build(site)
    page = browser.get(place)
    assert page.status_code == 200 and "done" in said(page) and "tags.csv" in said(page)


def test_the_form_says_that_pseudonyms_make_nobody_anonymous(asker):
    browser, _ = asker
    shown = said(browser.get("/exports/new"))
    assert "makes nobody anonymous: ids and texts still lead to the post" in shown and "turn them back" not in shown


def test_hostile_words_are_text(site, asker):
    browser, _ = asker
    place = ask(browser, query='"<script>alert(1)</script>"')
    build(site)
    for path in (place, "/exports"):
        assert "<script>alert" not in browser.get(path).text
