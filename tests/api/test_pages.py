"""The pages as HTML: what is on them, that hostile texts stay texts, and that they work without scripts."""

import re

import pytest
from lxml import html

from core import times
from tests.api.site import ARTICLE, HOSTILE, POSTS, QUOTED
from tests.conftest import NOW

ALL = len(POSTS) + 2
PAGES = ["/", "/?q=advisors", "/posts/file:office.example/1", "/sources", "/signin", "/docs", "/?q=(", "/nothing"]


def tree(answer, status=200):
    assert answer.status_code == status, answer.text
    return html.fromstring(answer.text)


def words(element):
    return " ".join(element.text_content().split())


def card(page, number):
    (found,) = page.xpath(f'//article[contains(@class, "card")][.//a[@href="/posts/file:office.example/{number}"]]')
    return found


@pytest.fixture(scope="session")
def timeline(inside):
    return tree(inside.get("/"))


# -- what the policy of every page promises -------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_or_loads_anything_but_our_own(inside, path):
    answer = inside.get(path, headers={"Accept": "text/html"})
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = html.fromstring(answer.text)
    loaded = page.xpath("//script/@src | //link[@rel!='alternate']/@href | //img/@src")
    assert loaded and all(address.startswith("/static/") for address in loaded)
    assert all(inside.get(address).status_code == 200 for address in loaded)
    assert not page.xpath("//*[@style] | //style | //script[not(@src)] | //*[@onclick]")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_used_by_keyboard_and_by_ear(inside, path):
    page = html.fromstring(inside.get(path, headers={"Accept": "text/html"}).text)
    assert page.get("lang") == "en"
    assert len(page.xpath("//h1")) == 1
    assert page.xpath('//a[@class="skip"]/@href') == ["#main"] and page.xpath('//main[@id="main"]')
    for field in page.xpath('//input[not(@type="hidden")]'):
        assert field.xpath("ancestor::label") or page.xpath(f'//label[@for="{field.get("id")}"]')
    assert not page.xpath("//button[not(normalize-space())] | //a[not(normalize-space()) and not(@aria-label)]")


def test_links_of_others_are_marked_and_only_web_addresses(inside):
    for path in ("/", "/posts/file:office.example/5", "/posts/file:office.example/1", "/sources"):
        page = tree(inside.get(path))
        for link in page.xpath("//main//a[@href]"):
            address = link.get("href")
            assert address.startswith(("/", "#", "http://", "https://")), address
            if address.startswith("http"):
                assert set(link.get("rel").split()) >= {"noopener", "nofollow", "ugc"}


def test_a_hostile_text_stays_a_text(inside):
    for path in ("/", "/posts/file:office.example/5"):
        answer = inside.get(path)
        assert "<script>alert" not in answer.text and "javascript:" not in answer.text
        assert HOSTILE in tree(answer).text_content()


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "'-alert(1)-'", "{{ 7 * 7 }}"])
def test_a_hostile_search_stays_a_text(inside, hostile):
    for name in ("q", "account", "lang", "since", "nonsense"):
        answer = inside.get("/", params={name: hostile}, headers={"Accept": "text/html"})
        assert answer.status_code in (200, 422)
        assert "<script>alert" not in answer.text and "49" not in re.sub(r"\?v=\w+", "", answer.text)


# -- the timeline -----------------------------------------------------------------------------------------------


def test_the_timeline_shows_every_post_with_its_account_and_time(timeline):
    assert words(timeline.xpath("//h1")[0]) == f"{ALL} posts"
    first = card(timeline, "1")
    assert "Example Office" in words(first) and "@office.example" in words(first)
    assert first.xpath(".//time/@datetime") == ["2025-08-18T12:00:00Z"]
    assert "18 Aug 2025, 12:00 UTC" in words(first)


def test_a_time_is_shown_as_exactly_as_it_is_known(timeline):
    day = card(timeline, "6")
    assert day.xpath(".//time/@datetime") == ["2025-06-20"]
    assert "20 Jun 2025" in words(day) and "00:00" not in words(day)


def test_synthetic_posts_are_marked_visibly(timeline):
    assert "Synthetic sample" in words(card(timeline, "1"))
    assert len(timeline.xpath('//article//*[contains(@class, "badge synthetic")]')) == ALL


def test_evidence_is_marked_in_its_text(timeline):
    (mark,) = card(timeline, "2").xpath(".//mark")
    assert mark.text_content() == "Graduation day: 141 soldiers finished the course."
    assert "Training" in mark.get("title")
    first = card(timeline, "1").xpath(".//mark")
    assert [m.text_content() for m in first] == [
        "Our advisors met the leaders of the brigade.",
        "Payroll comes next. "[:19],
    ]


def test_doubtful_tags_look_and_read_otherwise(timeline):
    sure, unsure = card(timeline, "1").xpath('.//a[contains(@class, "tag")]')
    assert words(sure) == "Key leader engagement 94 %" and "unsure" not in sure.get("class")
    assert words(unsure) == "Security reform 41 %, unsure" and "unsure" in unsure.get("class")
    assert "not tagged yet" in words(card(timeline, "7"))


def test_a_recovered_post_is_second_hand_by_its_article(inside):
    page = tree(inside.get("/", params={"q": "is:second_hand"}))
    assert "Second hand" in words(page.xpath("//article")[0])
    assert page.xpath(f'//article//a[@href="{ARTICLE}"]')[0].text == "press.example"


def test_right_to_left_texts_say_so(timeline):
    for number, lang in (("3", "ckb"), ("4", "ar")):
        (text,) = card(timeline, number).xpath('.//div[@class="text"]')
        assert (text.get("dir"), text.get("lang")) == ("rtl", lang)
        assert text.xpath('.//bdi[@dir="ltr"]')[0].text == "@office.example"


def test_an_edited_post_says_so_and_links_to_its_versions(timeline):
    assert "2 versions" in words(card(timeline, "2"))
    assert card(timeline, "2").xpath('.//a[@href="/posts/file:office.example/2#versions"]')


def test_the_page_says_how_often_somebody_looked_and_where_posts_may_be_missing(inside):
    looked = tree(inside.get("/?since=2025-01-01")).xpath('//div[contains(@class, "looked")]')[0]
    assert "Looked 4 times through 2 sources, last at" in words(looked)
    assert "partial" in looked.get("class") and "gaps in which posts may be missing" in words(looked)


def test_posts_of_a_time_when_nobody_looked_say_that_others_may_be_missing(inside):
    looked = tree(inside.get("/?until=2025-09-01")).xpath('//div[contains(@class, "looked")]')[0]
    assert "These posts were found later; others may be missing" in words(looked)


def test_filters_show_counts_and_are_links_that_set_and_clear(inside, timeline):
    (chip,) = timeline.xpath('//nav[@class="topics"]/a[starts-with(normalize-space(), "Training")]')
    count = int(chip.xpath('./span[@class="count"]')[0].text)
    chosen = tree(inside.get(chip.get("href")))
    assert words(chosen.xpath("//h1")[0]).startswith(f"{count} ")
    (active,) = chosen.xpath('//p[@class="active"]/a[contains(@class, "chip")]')
    assert words(active) == "Topic: Training ×"
    assert words(tree(inside.get(active.get("href"))).xpath("//h1")[0]) == f"{ALL} posts"


def test_a_search_keeps_the_filters_and_an_empty_field_is_none(inside):
    page = tree(inside.get("/?q=&since=&until=&topic=training&sort=oldest"))
    hidden = {i.get("name"): i.get("value") for i in page.xpath('//form[@id="search"]//input[@type="hidden"]')}
    assert hidden == {"topic": "training", "sort": "oldest"}
    assert len(page.xpath("//article")) == 3
    assert page.xpath('//input[@name="since"]/@value') == [""]


def test_bars_lead_to_their_range_and_have_a_table_beside_them(inside, timeline):
    bars = timeline.xpath("//figure//*[local-name()='svg']//*[local-name()='a']")
    rows = timeline.xpath('//details[@class="figures"]//tbody/tr')
    assert len(bars) == len(rows) > 1
    assert sum(int(row.xpath("./td")[0].text) for row in rows) == ALL
    assert timeline.xpath("//figure/*[local-name()='svg']/@role") == ["img"]
    count = int(rows[0].xpath("./td")[0].text)
    page = tree(inside.get(rows[0].xpath(".//a/@href")[0]))
    assert words(page.xpath("//h1")[0]).split()[0] == str(count)


def test_references_are_marked_in_range_and_listed_with_their_precision(timeline):
    listed = [words(item) for item in timeline.xpath('//ol[@class="events"]/li')]
    assert listed[0].startswith("1 2025 Memorandum of a year")
    assert listed[1].startswith("2 29 Jul 2025 Report of a summer")
    assert "undated" in listed[2] and "not known" in listed[2]
    assert len(timeline.xpath("//figure//*[local-name()='g'][@class='event']")) == 2


def test_a_query_that_does_not_parse_is_shown_with_its_place(inside):
    page = tree(inside.get("/", params={"q": "peshmerga ) reform"}, headers={"Accept": "text/html"}), 422)
    assert page.xpath('//section[@role="alert"]')
    assert page.xpath('//pre[@class="misread"]/mark')[0].text == ")"
    assert page.xpath('//input[@name="q"]/@value') == ["peshmerga ) reform"]


def test_nothing_found_is_told_apart_from_nobody_looked(inside):
    assert "No posts match" in inside.get("/?q=zzzz").text
    assert "Nobody looked" in inside.get("/?q=zzzz&until=2020-01-01").text


def test_nothing_found_without_a_gap_says_since_when_somebody_looked(inside, monkeypatch):
    monkeypatch.setattr(times, "now", lambda: NOW)  # some minutes after the last look
    (empty,) = tree(inside.get("/?q=zzzz source:sample")).xpath('//section[@class="empty"]')
    assert "No posts match" in words(empty)
    assert "The sources were looked at since 1 Sep 2026 without a gap." in words(empty)


def test_what_no_source_follows_is_said_to_be_so(inside):
    (empty,) = tree(inside.get("/?q=platform:bluesky")).xpath('//section[@class="empty"]')
    assert "Nobody looked" in words(empty) and "No source follows this" in words(empty)


def test_filters_that_find_nothing_lead_to_the_values_that_there_are(inside):
    (empty,) = tree(inside.get("/?q=advisors&platform=nosuch&lang=xx")).xpath('//section[@class="empty"]')
    assert "Platforms that are here: File, X." in words(empty).replace(" ,", ",")
    assert "Languages that are here: English," in words(empty)
    links = empty.xpath('.//a[text()="X" or bdi="X"]/@href')
    assert links == ["/?q=advisors&platform=x&lang=xx"] or links == ["/?q=advisors&lang=xx&platform=x"]
    (plain,) = tree(inside.get("/?q=zzzz")).xpath('//section[@class="empty"]')
    assert "that are here" not in words(plain)


def test_an_empty_archive_says_how_to_fill_it(database, tmp_path):
    from core import settings
    from tests.api.site import Site

    page = Site(database, settings.load(), {}).inside().get("/")
    assert page.status_code == 200
    assert "The archive is empty" in page.text and "kle init" in page.text


def test_paging_on_the_page_gives_each_post_once(inside, monkeypatch):
    monkeypatch.setattr("api.pages.timeline.PAGE_SIZE", 3)
    seen, address = [], "/"
    while address:
        page = tree(inside.get(address))
        seen += page.xpath('//article//footer//a[text()="Details"]/@href')
        address = next(iter(page.xpath('//a[@rel="next"]/@href')), None)
    assert len(seen) == len(set(seen)) == ALL


# -- one post, sources ------------------------------------------------------------------------------------------


def test_the_page_of_a_post_has_everything(inside):
    page = tree(inside.get("/posts/file:office.example/1"))
    text = words(page)
    for part in ("Probability", "0.940", "unsure", "model abababababab", "First hand", "12 likes, 0 replies",
                 "Two people at a table", "https://office.example/reform", "quotation"):  # fmt: skip
        assert part in text, part
    (cite,) = page.xpath('//*[@id="citation"]')
    digest = inside.get("/api/v1/posts/file:office.example/1/versions").json()["items"][0]["digest"]
    assert "file:office.example/1" in cite.text and digest in cite.text and "first seen" in cite.text


@pytest.mark.parametrize(
    ("post", "says"),
    [
        ("file:office.example/1", "Published at https://office.example/posts/1, archived as file:office.example/1"),
        ("file:office.example/5", "No public address is known; archived as file:office.example/5, first seen"),
    ],
)
def test_a_citation_reads_as_sentences(inside, post, says):
    (cite,) = tree(inside.get(f"/posts/{post}")).xpath('//*[@id="citation"]')
    assert cite.text.startswith("Example Office, ") and says in cite.text and cite.text.endswith(".")


def test_the_page_of_an_edited_post_shows_the_difference(inside):
    page = tree(inside.get("/posts/file:office.example/2"))
    assert [words(e) for e in page.xpath("//del")] == ["140"] and [words(e) for e in page.xpath("//ins")] == ["141"]


def test_the_page_of_a_recovered_post_leads_to_its_article(inside):
    assert ARTICLE in inside.get(f"/posts/{QUOTED.id}").text


def test_an_unknown_post_has_a_page_that_says_so(inside):
    answer = inside.get("/posts/x:1", headers={"Accept": "text/html"})
    assert "no post" in words(tree(answer, 404))


def test_the_sources_page_tells_health_in_words(inside):
    page = tree(inside.get("/sources"))
    rows = {row.xpath("./th/a")[0].text: words(row) for row in page.xpath("//tbody/tr")}
    assert "well" in rows["sample"] and "Synthetic sample" in rows["sample"]
    assert "failing" in rows["press"] and "did not answer" in rows["press"]
    assert "off" in rows["later"] and "Not verified" in rows["later"]


def test_static_addresses_change_with_their_content(inside):
    address = tree(inside.get("/")).xpath('//link[@rel="stylesheet"]/@href')[0]
    assert re.fullmatch(r"/static/base\.css\?v=[0-9a-f]{10}", address)
