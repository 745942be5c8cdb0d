"""Feeds of any search: valid in each format, true to the terms, cheap to ask again."""

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import feedparser
import pytest
from lxml import etree

from api.feeds import entries, freshness
from api.feeds.freshness import Freshness
from db import posts
from db.erasing.erase import Why, erase
from tests.api.site import POSTS, Score, at, written
from tests.conftest import NOW

ENDINGS = ("atom", "rss", "json")
NS = {"a": "http://www.w3.org/2005/Atom", "t": "http://purl.org/atompub/tombstones/1.0"}
NASTY = "Line\x00 one \x0b\x1b\ufffe ]]> <b>&amp; \u202eabc 🇮🇶👨‍👩‍👧\r\nsecond\n\nهێزی پێشمەرگە"


def strict(body: bytes) -> etree._Element:
    """As a parser reads it that forgives nothing."""
    return etree.fromstring(body, etree.XMLParser(recover=False, resolve_entities=False, no_network=True))


def told(body: bytes, ending: str) -> list[dict]:
    """id, title, content, address and topics of each entry, by a reader that is not ours."""
    if ending == "json":
        return [
            {
                "id": i["id"],
                "title": i["title"],
                "content": i["content_html"],
                "url": i["url"],
                "tags": i.get("tags", []),
            }
            for i in json.loads(body)["items"]
        ]
    found = feedparser.parse(body)
    assert not found.bozo, found.get("bozo_exception")
    return [
        {
            "id": e.id,
            "title": e.title,
            "content": e.content[0].value if "content" in e else e.summary,
            "url": e.link,
            "tags": [t.term for t in e.get("tags", [])],
        }
        for e in found.entries
    ]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "asked", ["", "?q=course&topic=training", "?account=@office.example", "?q=nothing-like-it", "?lang=ar&limit=1"]
)
def test_a_feed_has_the_posts_of_its_search_in_their_order(inside, ending, asked):
    answer = inside.get(f"/feeds/posts.{ending}{asked}")
    assert answer.status_code == 200
    found = inside.get(f"/api/v1/posts{asked}").json()["items"]
    read = told(answer.content, ending)
    assert [e["id"] for e in read] == [f"urn:kle:post:{p['id']}" for p in found]
    assert [sorted(e["tags"]) for e in read] == [
        sorted(t["topic"] for t in p["tags"] if t["decision"] == "tagged") for p in found
    ]
    assert all(e["title"] and e["content"] and e["url"].startswith("http://127.0.0.1/posts/") for e in read)


def test_an_atom_feed_has_all_that_its_specification_asks_for(inside):
    feed = strict(inside.get("/feeds/posts.atom?q=-payroll").content)
    for parent in (feed, *feed.findall("a:entry", NS)):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"a:{name}", NS)) == 1 and parent.find(f"a:{name}", NS).text
        for name in ("updated", "published"):
            for moment in parent.findall(f"a:{name}", NS):
                assert datetime.fromisoformat(moment.text).tzinfo
        relations = [(link.get("rel"), link.get("type")) for link in parent.findall("a:link", NS)]
        assert len(relations) == len(set(relations))
        assert all(":" in link.get("href") and link.get("href").isascii() for link in parent.findall("a:link", NS))
    assert feed.find("a:link[@rel='self']", NS).get("href") == "http://127.0.0.1/feeds/posts.atom?q=-payroll"
    assert feed.find("a:link[@rel='alternate']", NS).get("href") == "http://127.0.0.1/?q=-payroll"
    assert feed.findall("a:author/a:name", NS)


def test_an_rss_feed_has_all_that_its_specification_asks_for(inside):
    channel = strict(inside.get("/feeds/posts.rss?lang=en").content).find("channel")
    assert all(channel.findtext(name) for name in ("title", "link", "description", "language", "lastBuildDate"))
    for item in channel.findall("item"):
        assert item.findtext("title") and item.find("guid").get("isPermaLink") == "false"
        for date in item.findall("pubDate"):
            assert parsedate_to_datetime(date.text).tzinfo
        for enclosure in item.findall("enclosure"):
            assert enclosure.get("url") and enclosure.get("length").isdecimal() and "/" in enclosure.get("type")


def test_a_json_feed_has_all_that_its_specification_asks_for(inside):
    feed = inside.get("/feeds/posts.json")
    assert feed.headers["content-type"].startswith("application/feed+json")
    said = feed.json()
    assert (said["version"], said["feed_url"]) == (
        "https://jsonfeed.org/version/1.1",
        "http://127.0.0.1/feeds/posts.json",
    )
    for item in said["items"]:
        assert item["id"] and item["content_html"] and None not in item.values()
    first = next(i for i in said["items"] if i["id"].endswith("office.example/1"))
    assert first["attachments"] == [{"url": "https://office.example/1.jpg", "mime_type": "image/jpeg"}]
    assert first["authors"] == [{"name": "Example Office (@office.example)"}]


def test_no_time_is_told_that_nobody_knows(inside):
    posts_ = {e["id"]: e for e in inside.get("/feeds/posts.json").json()["items"]}
    assert "date_published" not in posts_["urn:kle:post:file:office.example/6"], "only its date is known"
    assert posts_["urn:kle:post:file:office.example/1"]["date_published"] == "2025-08-18T12:00:00Z"


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_no_xml_can_say_and_what_would_be_markup_is_text(site, ending):
    site.collect("sample", [written("9", NASTY, at(20), lang="ckb", url="javascript:alert(1)")], NOW)
    body = site.inside().get(f"/feeds/posts.{ending}?q=abc").content
    if ending != "json":
        strict(body)
    (read,) = told(body, ending)
    assert read["title"] == "Line one ]]> <b>&amp; abc 🇮🇶👨‍👩‍👧"
    assert "🇮🇶👨‍👩‍👧" in read["content"] and "هێزی پێشمەرگە" in read["content"]
    assert "<b>" not in read["content"].replace("<br>", "") and "\x1b" not in read["content"]
    assert b"javascript:" not in body


def test_a_query_of_two_thousand_characters_is_a_feed(inside):
    query = " OR ".join(["reform"] * 199) + " OR 'a'"
    answer = inside.get("/feeds/posts.atom", params={"q": query})
    assert answer.status_code == 200 and len(strict(answer.content).findtext("a:title", namespaces=NS)) <= 100


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_text_that_is_withheld_is_in_no_feed(outside, ending):
    body = outside.get(f"/feeds/posts.{ending}?q=from:@office").content
    (read,) = told(body, ending)
    assert b"stays with its operator: training" not in body
    assert read["title"] == "Post of Example Office (@office) on X, 18 Aug 2025, 11:11 UTC"
    assert entries.WITHHELD in read["content"] and "https://x.com/office/status/" in read["content"]


def test_media_of_a_withheld_post_is_no_enclosure():
    post = {"id": "x:1", "platform": "x", "kind": "post", "text": None, "url": None, "lang": "en", "account": None,
            "created_at": "2025-08-18T12:00:00Z", "created_at_precision": "day", "deleted_at": None,
            "erasure": None, "changed_at": "2025-08-18T12:00:00Z", "tags": [],
            "media": [{"type": "image", "url": "https://a.example/1"}],
            "rights": {"text_withheld": True}}  # fmt: skip
    made = entries.entry(post, {}, "https://kle.example")
    assert made.attachments == [] and made.title == "Post on X, 18 Aug 2025"
    assert (
        entries.entry({**post, "rights": {"text_withheld": False}}, {}, "").attachments[0].media_type
        == "image/jpeg"
    )


def test_what_is_gone_is_a_tombstone_in_atom_and_leaves_the_others(site):
    site.collect("sample", [replace(POSTS[0], deleted=True)], NOW)
    with site.database.write() as session:
        erase(session, posts.key_of(session, "file:office.example/3"), Why("request", "asked", "me"), NOW)
    near = site.inside()
    gone = strict(near.get("/feeds/posts.atom").content).findall("t:deleted-entry", NS)
    assert [e.get("ref") for e in gone] == [f"urn:kle:post:file:office.example/{n}" for n in (1, 3)]
    for ending in ENDINGS:
        body = near.get(f"/feeds/posts.{ending}").content
        assert not {e["id"][-1] for e in told(body, ending)} & {"1", "3"}
        assert b"Payroll comes next" not in body


# -- asking again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_feed_is_not_sent_twice_and_new_tags_are(site, ending):
    near, path = site.inside(), f"/feeds/posts.{ending}?q=judged"
    first = near.get(path)
    again = near.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    site.tag({"judged": [Score("reform", 0.9)]})
    after = near.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200 and "reform" in after.text
    assert [e["id"] for e in told(after.content, ending)] == [e["id"] for e in told(first.content, ending)]


def test_a_date_never_hides_a_change_of_the_same_second(monkeypatch):
    clock, known = [1000.2], Freshness()
    monkeypatch.setattr(freshness, "time", lambda: clock[0])

    def ask(body: bytes, since: str | None = None) -> tuple[int, str | None]:
        answer = known.answer("feed", body, "text/plain", {"if-modified-since": since} if since else {})
        return answer.status_code, answer.headers.get("last-modified")

    assert ask(b"a") == (200, None), "not dated within its first second"
    clock[0] = 1001.5
    status, dated = ask(b"a")
    assert status == 200 and ask(b"a", dated) == (304, dated)
    clock[0] = 1001.7
    assert ask(b"b", dated) == (200, None)
    clock[0] = 1003.0
    _, later = ask(b"b", dated)
    assert parsedate_to_datetime(later) > parsedate_to_datetime(dated)
    assert ask(b"a", later)[0] == 200
    assert ask(b"a", "no date")[0] == 200
    future = format_datetime(parsedate_to_datetime(later) + timedelta(days=1), usegmt=True)
    assert ask(b"a", future)[0] == 304


def test_an_etag_counts_more_than_a_date():
    known = Freshness()
    answer = known.answer("feed", b"a", "text/plain", {"if-none-match": '"x"', "if-modified-since": format_datetime(
        datetime.now().astimezone() + timedelta(days=1))})  # fmt: skip
    assert answer.status_code == 200
    assert known.answer("feed", b"a", "text/plain", {"if-none-match": "*"}).status_code == 304


def test_memory_of_feeds_is_bounded(monkeypatch):
    monkeypatch.setattr(freshness, "_MOST", 3)
    known = Freshness()
    for n in range(10):
        known.answer(f"feed {n}", b"a", "text/plain", {})
    assert len(known._known) == 3


# -- addresses and access -----------------------------------------------------------------------------------


def test_the_base_url_is_the_address_of_everything(shared):
    body = shared.inside(base_url="https://kle.example/").get("/feeds/posts.json").json()
    assert body["feed_url"] == "https://kle.example/feeds/posts.json"
    assert all(i["url"].startswith("https://kle.example/posts/") for i in body["items"])
    assert "127.0.0.1" not in str(body)


@pytest.mark.parametrize("host", ['a"onload="', "a/b", "a b", "@a", "a:x", ""])
def test_a_host_that_is_none_is_not_repeated(shared, host):
    answer = shared.outside(public_read=True).get("/feeds/posts.rss", headers={"host": host})
    assert answer.status_code == 422 and "KLE_BASE_URL" in answer.json()["detail"]


def test_a_reader_says_a_key_that_reads_in_its_address_or_as_a_password(site):
    far, reads = site.outside(), site.secret("key", "read")[1]
    packed = base64.b64encode(f"anybody:{reads}".encode()).decode()
    by_address = far.get("/feeds/posts.atom", params={"key": reads})
    by_password = far.get("/feeds/posts.atom", headers={"Authorization": f"Basic {packed}"})
    assert by_address.status_code == by_password.status_code == 200
    assert by_address.content == by_password.content and reads.encode() not in by_address.content
    assert b"stays with its operator: training" in by_address.content, "a key is internal"
    assert by_address.headers["cache-control"] == "private, no-cache"


def test_what_may_do_more_than_read_has_no_place_in_an_address(site):
    far = site.outside(public_read=True)
    for scopes in (("admin",), ("read", "annotate")):
        answer = far.get("/feeds/posts.atom", params={"key": site.secret("key", *scopes)[1]})
        assert answer.status_code == 403 and "kle keys add --scope read" in answer.json()["detail"]
    for wrong in ("kle_unknown", "x"):
        assert far.get("/feeds/posts.atom", params={"key": wrong}).status_code == 401
    asked = far.get("/feeds/posts.atom", headers={"Authorization": "Basic %%%"})
    assert asked.status_code == 401 and "Basic" in asked.headers["www-authenticate"]
    reads = site.secret("key", "read")[1]
    assert site.outside().get("/api/v1/posts", params={"key": reads}).status_code != 200, "of feeds alone"


def test_there_is_no_other_format(inside):
    answer = inside.get("/feeds/posts.xml", headers={"accept": "application/json"})
    assert answer.status_code == 404 and "posts.atom" in answer.json()["detail"]
    assert inside.get("/feeds/posts.atom?sort=oldest").status_code == 422


def test_the_timeline_names_the_feeds_of_its_search(inside):
    page = inside.get("/?q=course&topic=training&sort=oldest").text
    for kind, ending in (("atom+xml", "atom"), ("rss+xml", "rss"), ("feed+json", "json")):
        asked = f"/feeds/posts.{ending}?q=course&amp;topic=training"
        assert f'type="application/{kind}" title="Posts of this search" href="{asked}"' in page
    assert ">Feed</a>" in page
    assert "/feeds/posts" not in inside.get("/?q=(").text


def test_a_post_without_text_or_author_has_a_title_and_media_names_its_type():
    assert entries._attachment({"type": "gif", "url": "https://a.example/x"}) is None
    assert entries._attachment({"type": "image", "url": "data:x"}) is None
    assert entries._cut("word " * 50).endswith("…") and len(entries._cut("word " * 50)) <= 100
    assert entries.address("https://a.example/ü b?q=%20") == "https://a.example/%C3%BC%20b?q=%20"
