"""Feeds as real sites serve them, sins included."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from collector.platforms import feed
from core import ids, times
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost, View
from tests.collector.pages import SIGNED, entries, item, page, read_feed, rss

LINK = "https://www.office.example/1"


def one(**elements: str) -> SeenPost:
    (found,) = entries(item(**elements))
    return found


def test_title_blank_line_text() -> None:
    post = one(title="Talks", link=LINK, description="&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;br&gt;three&lt;/p&gt;")
    assert post.text == "Talks\n\nOne\nTwo\nthree"
    assert (post.kind, post.view, post.follow, post.url) == ("article", View.ENTRY, LINK, LINK)


@pytest.mark.parametrize(
    "body", ["&lt;h2&gt;The Talks&lt;/h2&gt;&lt;p&gt;Body&lt;/p&gt;", "The talks.&lt;br&gt;Body"]
)
def test_a_title_that_the_body_repeats_comes_once(body: str) -> None:
    assert one(title="The talks", link=LINK, description=body).text == "The talks\n\nBody"


def test_a_title_cut_from_the_body_gives_way_to_it() -> None:
    assert (
        one(title="We met our part…", link=LINK, description="We met our partners.").text == "We met our partners."
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A &amp; B", "A & B"),
        ("A &amp;amp; B", "A & B"),
        ("A &lt; B", "A < B"),
        ("A&nbsp;B", "A B"),
        ("<![CDATA[A &amp; B]]>", "A & B"),
        ("&lt;b&gt;A&lt;/b&gt; B", "A B"),
        ("A & B", "A & B"),
    ],
)
def test_entities_of_a_title_are_decoded_once(written: str, read: str) -> None:
    assert one(title=written, link=LINK).text == read


@pytest.mark.parametrize(
    ("written", "moment", "precision"),
    [
        ("Mon, 04 May 2026 09:30:00 +0300", "2026-05-04T06:30:00Z", "second"),
        ("Mon, 04 May 2026 09:30:00 EST", "2026-05-04T14:30:00Z", "second"),
        ("2026-05-04T09:30:00Z", "2026-05-04T09:30:00Z", "second"),
        ("2026-05-04", "2026-05-04T00:00:00Z", "day"),
        ("Mon, 04 May 2026", "2026-05-04T00:00:00Z", "day"),
        ("Mon, 04 May 2026 09:30:00 CEST", "2026-05-04T07:30:00Z", "second"),
        ("Mon, 04 May 2026 09:30:00 GMT+3", "2026-05-04T06:30:00Z", "second"),
        ("Mon, 04 May 2026 09:30:00 AST", "2026-05-04T00:00:00Z", "day"),
        ("Mon, 04 May 2026 09:30:00", "2026-05-04T00:00:00Z", "day"),
        ("1777888800", "2026-05-04T10:00:00Z", "second"),
        ("الإثنين, 04 مايو 2026 10:00:00 +0300", "2026-05-04T00:00:00Z", "day"),
        ("5/14/2026 2:30:00 PM", "2026-05-14T00:00:00Z", "day"),
        ("Monday, May 4, 2026 14:30", "2026-05-04T00:00:00Z", "day"),
        ("4 mai 2026", "2026-05-04T00:00:00Z", "day"),
    ],
)
def test_dates_as_feeds_write_them(written: str, moment: str, precision: str) -> None:
    post = one(title="t", link=LINK, pubDate=written)
    assert post.created_at
    assert (times.text(post.created_at), post.precision) == (moment, precision)


@pytest.mark.parametrize(
    "written", ["1970-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "soon", "2026", "2026-05", "5/4/2026"]
)
def test_a_date_that_cannot_be_or_cannot_be_told_is_none(written: str) -> None:
    post = one(title="t", link=LINK, pubDate=written)
    assert (post.created_at, post.precision) == (None, "seen")


def test_ids_follow_guid_then_link_then_content() -> None:
    url = "https://www.office.example/rss.xml"
    uri, bare, link, text = entries(
        item(title="a", guid="tag:office.example,2026:1"), item(title="b", guid="17", link=LINK),
        item(title="c", link=LINK + "?c"), item(title="d", description="e"),
    )  # fmt: skip
    assert uri.platform_id == ids.feed_id(url, "tag:office.example,2026:1", None, "", "", "")
    assert bare.platform_id == ids.feed_id(url, "17", LINK, "", "", "")
    assert link.platform_id == ids.feed_id(url, None, LINK + "?c", "", "", "")
    assert text.platform_id == ids.feed_id(url, None, None, "d", "", "e")


def test_a_bare_guid_is_no_link_and_a_permalink_is_one() -> None:
    assert one(title="a", guid="17").url is None
    assert one(title="a", guid=LINK).url == LINK
    assert one(title="a", guid=LINK, link=LINK + "/b").url == LINK + "/b"


def test_a_feed_with_one_guid_for_all_is_told_apart_by_links() -> None:
    posts = entries(item(title="a", guid="0", link=LINK), item(title="b", guid="0", link=LINK + "/b"))
    assert len({post.id for post in posts}) == 2


def test_an_entry_that_comes_twice_comes_once_and_a_second_text_of_it_is_a_problem() -> None:
    assert len(entries(item(title="a", guid="1"), item(title="a", guid="1"))) == 1
    first, problem = read_feed(rss(item(title="a", guid="1"), item(title="b", guid="1")))
    assert isinstance(first, SeenPost)
    assert isinstance(problem, Problem)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://[broken/", "mailto:a@b.example"])
def test_what_is_no_web_address_is_no_link(link: str) -> None:
    assert one(title="a", guid="1", link=link).url is None


@pytest.mark.parametrize(
    ("name", "text"),
    [("cp1252", "L’équipe — générale"), ("cp1256", "اجتماع قادة التحالف مع البيشمركة"), ("utf-8", "Civîna nû")],
)
def test_a_wrong_declared_encoding_is_seen_through(name: str, text: str) -> None:
    (post,) = read_feed(rss(item(title=text, link=LINK)).encode(name))
    assert isinstance(post, SeenPost)
    assert post.text == text


def test_marks_and_white_space_before_the_declaration_do_no_harm() -> None:
    for before in (b"\xef\xbb\xbf", b"\n\n  ", b"<!-- cached -->", b"<br />\n<b>Warning</b>: x<br />"):
        assert len(read_feed(before + rss(item(title="a", link=LINK)).encode())) == 1


def test_utf_16_is_read() -> None:
    assert len(read_feed(rss(item(title="é", link=LINK)).replace("utf-8", "utf-16").encode("utf-16"))) == 1


def test_a_web_page_is_named_with_the_feeds_it_offers() -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    with pytest.raises(ParseError, match=r"web page, not a feed; it names https://www.office.example/feed.xml"):
        read_feed(f"<!doctype html><html><head>{head}</head><body>Hello</body></html>")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        ("hello", "no feed"),
        ('{"a": 1}', "no JSON Feed"),
        ('{"version"', "breaks off"),
        ('<?xml version="1.0"?><rss version="2.0"><channel><item><title>cut', "breaks off before its first"),
        ('{"version":"https://jsonfeed.org/version/1","items":5}', "no list"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_reason(body: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        read_feed(body)


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY % p "x">',
        f'<!ENTITY a "{"x" * 500}">',
    ],
)
def test_entity_bombs_and_file_readers_are_refused(subset: str) -> None:
    with pytest.raises(ParseError, match="as attacks do"):
        read_feed(rss(item(title="&a;"), head=f"<!DOCTYPE rss [{subset}]>"))


def test_an_article_about_entities_is_read() -> None:
    (post,) = read_feed(rss(item(title="a", description="<![CDATA[<!DOCTYPE x [<!ENTITY a SYSTEM 'b'>]>]]>")))
    assert isinstance(post, SeenPost)


def test_a_harmless_entity_is_read() -> None:
    (post,) = read_feed(rss(item(title="a&nbsp;b", link=LINK), head='<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>'))
    assert isinstance(post, SeenPost)
    assert post.text == "a b"


@pytest.mark.parametrize(
    "body",
    [
        rss(),
        '<rss version="2.0"><channel/></rss>',
        '<feed xmlns="http://www.w3.org/2005/Atom"/>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>',
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"></rdf:RDF>',
        '<CHANNEL HREF="https://a.example/"><TITLE>T</TITLE></CHANNEL>',
        '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}',
        '{"version": "http://jsonfeed.org/version/1", "title": "T", "items": []}',
    ],
)
def test_an_empty_feed_gives_nothing(body: str) -> None:
    assert read_feed(body) == []


QUOTE = f'<blockquote class="twitter-tweet"><p>Hello there.</p>{SIGNED}</blockquote>'


def test_posts_that_an_entry_embeds_come_behind_it_second_hand_and_once() -> None:
    text = f"<content:encoded><![CDATA[<p>They met.</p>{QUOTE}]]></content:encoded>"
    first, post, second = read_feed(rss(f"<item><title>a</title><link>{LINK}</link>{text}</item>",
                                        f"<item><title>b</title><link>{LINK}/b</link>{text}</item>"))  # fmt: skip
    assert isinstance(first, SeenPost) and isinstance(post, SeenPost) and isinstance(second, SeenPost)
    assert (first.url, second.url) == (LINK, f"{LINK}/b")
    assert (post.id, post.text, post.view, post.embedded_in) == (
        "x:2051200000000000000", "Hello there.", View.QUOTE, LINK
    )  # fmt: skip


def test_plain_text_and_json_feeds_embed_only_as_markup() -> None:
    items = [{"id": "1", "url": LINK, "content_html": QUOTE}, {"id": "2", "content_text": QUOTE}]
    found = read_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert [item.view for item in found if isinstance(item, SeenPost)] == [View.ENTRY, View.QUOTE, View.ENTRY]


@pytest.mark.parametrize(
    ("about", "span"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        (
            "<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            timedelta(hours=6),
        ),
        ("<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None),
        ("<item><description>&lt;ttl&gt;60&lt;/ttl&gt;</description><ttl>60</ttl></item>", None),
        ("", None),
    ],
)
def test_a_feed_hints_at_how_often_it_changes(about: str, span: timedelta | None) -> None:
    assert feed.hint(page(rss(about))) == span


def test_what_is_no_text_hints_at_nothing() -> None:
    assert feed.hint(page(b"\x89PNG\r\n")) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("R&D and Q & A", "R&D and Q & A"),
        ("<![CDATA[R&D]]>", "R&D"),
        ("a &rsquo;b&hellip;", "a ’b…"),
        ("a\x01b", "ab"),
    ],
)
def test_signs_that_xml_forbids_spoil_no_entry(written: str, read: str) -> None:
    assert one(title=written, link=LINK).text == read


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<!doctype html><html><head><title>Just a moment...</title></head><body>x</body></html>", "a person"),
        ('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url/></urlset>', "a sitemap, not a feed"),
        ('<opml version="2.0"><body><outline text="a"/></body></opml>', "a list of feeds"),
    ],
)
def test_what_is_taken_for_a_feed_is_named(body: str, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        read_feed(body)


def test_a_set_of_characters_named_in_the_dtd_is_no_attack() -> None:
    subset = '<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1 for XHTML//EN" "xhtml-lat1.ent"> %HTMLlat1;'
    (post,) = read_feed(rss(item(title="caf&eacute;", link=LINK), head=f"<!DOCTYPE rss [{subset}]>"))
    assert isinstance(post, SeenPost)
    assert post.text == "café"


def test_a_feed_that_breaks_off_gives_its_complete_entries_and_a_problem() -> None:
    whole = rss(item(title="a", link=LINK), item(title="b", link=LINK + "/b", description="the end"))
    post, problem = read_feed(whole[: whole.index("the end") + 3])
    assert isinstance(post, SeenPost)
    assert isinstance(problem, Problem)
    assert "breaks off" in problem.error


def test_what_follows_the_end_of_a_feed_is_not_a_break() -> None:
    assert len(read_feed(rss(item(title="a", link=LINK)) + "<!-- 0.2 s --><script></script>")) == 1


def test_rss_1_and_0_91_are_read() -> None:
    one_zero = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><link>https://a.example</link></channel>'
        "<item><title>a</title><link>https://a.example/1</link><dc:date>2026-05-04T10:00:00+03:00</dc:date></item>"
        "</rdf:RDF>"
    )
    (post,) = read_feed(one_zero)
    assert isinstance(post, SeenPost)
    assert post.created_at == datetime(2026, 5, 4, 7, tzinfo=UTC)
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "x.dtd">'
    old = '<rss version="0.91"><channel><item><title>a</title></item></channel></rss>'
    assert len(read_feed(doctype + old)) == 1


def test_a_release_is_one_by_its_category() -> None:
    assert one(title="a", link=LINK, category="Press Releases").kind == "release"


def test_the_account_is_the_site() -> None:
    account = one(title="a", link="https://elsewhere.example/1").account
    assert account
    assert (account.platform, account.handle, account.name) == ("feed", "office.example", "Office of Example")


def test_five_megabytes_are_read_in_seconds() -> None:
    body = "&lt;p&gt;" + "A sentence of an invented text. " * 40 + "&lt;/p&gt;"
    many = rss(*(item(title=f"Talks {i}", link=f"{LINK}/{i}", description=body) for i in range(3700)))
    assert len(many) > 4_900_000
    start = time.process_time()
    assert len(read_feed(many)) == 3700
    assert time.process_time() - start < 20


def test_a_redirect_changes_no_id() -> None:
    body = b"<rss version='2.0'><channel><item><guid>17</guid><title>Talks</title></item></channel></rss>"
    first = Page("https://old.example/feed", body, times.now(), asked="https://old.example/feed")
    moved = Page("https://new.example/feed", body, times.now(), asked="https://old.example/feed")
    assert [p.id for p in feed.parse(first)] == [p.id for p in feed.parse(moved)]


@pytest.mark.parametrize(
    "body",
    [rss("<item><guid>4</guid></item>"), '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "4"}]}'],
)
def test_an_entry_that_says_nothing_is_told_in_every_format(body: str) -> None:
    (found,) = read_feed(body)
    assert isinstance(found, Problem) and "without title, text, link" in found.error


def test_dates_that_stand_under_no_name_of_their_own_set_nothing_off() -> None:
    (post,) = entries(item(title="Talks", pubDate=" "))
    assert post.created_at is None


def test_what_media_rss_says_of_a_picture_is_its_alternative_text_alone() -> None:
    feed_of_pictures = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Office</title>
    <item><guid>https://office.example/1</guid><title>Talks</title><description>Synthetic: they met.</description>
    <media:content url="https://office.example/a.jpg" medium="image"><media:title>A</media:title>
    <media:description><![CDATA[Two "officers" & <b>a</b> map]]></media:description></media:content>
    <media:content url="https://office.example/b.jpg" medium="image">
    <media:description>R&amp;amp;D</media:description>
    </media:content><media:content url="https://office.example/c.jpg" medium="image"/></item></channel></rss>"""
    (post,) = feed.parse(page(feed_of_pictures))
    assert isinstance(post, SeenPost) and post.text == "Talks\n\nSynthetic: they met."
    assert [item.alt for item in post.media] == ['Two "officers" & a map', "R&D", None]
