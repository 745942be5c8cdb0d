"""Ids are the same in every archive: one page, one entry, one status has one id however it is spelled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids


@pytest.mark.parametrize(
    "spelling",
    [
        "https://news.example/a/b?id=2&page=1",
        "http://news.example/a/b?id=2&page=1",
        "HTTPS://WWW.News.Example/a/b?page=1&id=2",
        "https://news.example:443/a/b/?id=2&page=1#comments",
        "http://news.example:80/a/b?id=2&page=1&utm_source=x&fbclid=9",
        "  https://user:secret@news.example/a/b?id=2&page=1&ref_src=twsrc ",
    ],
)
def test_one_page_has_one_canonical_address(spelling):
    assert ids.canonical_url(spelling) == "https://news.example/a/b?id=2&page=1"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://news.example", "https://news.example/"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://news.example/A", "https://news.example/A"),  # paths know case
        ("https://news.example/a?empty=", "https://news.example/a?empty="),
        ("https://news.example/کوردی", "https://news.example/%DA%A9%D9%88%D8%B1%D8%AF%DB%8C"),
        (
            "https://news.example/%da%a9%d9%88%d8%b1%d8%af%db%8c",
            "https://news.example/%DA%A9%D9%88%D8%B1%D8%AF%DB%8C",
        ),
        ("http://[2001:DB8::1]:80/a", "https://[2001:db8::1]/a"),
        ("urn:uuid:7", "urn:uuid:7"),
        ("http://[broken", "http://[broken"),
        ("http://news.example:port/", "http://news.example:port/"),
        ("", ""),
    ],
)
def test_canonical_addresses(url, canonical):
    assert ids.canonical_url(url) == canonical


@given(st.text(max_size=40) | st.text(max_size=40).map("https://News.example/".__add__))
def test_a_canonical_address_stays_itself_and_nothing_breaks_it(url):
    once = ids.canonical_url(url)
    assert ids.canonical_url(once) == once
    assert len(ids.article_id(url)) == 16


@given(st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,5}){1,2}(/[A-Za-z0-9._~-]{1,8}){1,3}", fullmatch=True))
def test_an_address_that_is_canonical_is_known_without_taking_it_apart(rest):
    """The scheme in capitals goes the long way, the other one the short way."""
    rest = rest.removeprefix("www.")
    assert ids.canonical_url(f"https://{rest}") == ids.canonical_url(f"HTTPS://{rest}")


def test_article_ids_are_the_digest_that_the_design_names():
    assert ids.article_id("http://www.news.example/a/") == ids.short_hash("https://news.example/a")
    assert ids.short_hash("abc") == "ba7816bf8f01cfea"


def test_a_feed_entry_is_named_by_its_absolute_guid_in_every_feed():
    one = ids.feed_id("https://a.example/feed", "tag:a.example,2025:1", "https://a.example/1", "t", "d", "x")
    other = ids.feed_id("https://b.example/feed", "tag:a.example,2025:1", None, "", "", "")
    assert one == other == ids.short_hash("tag:a.example,2025:1")


@pytest.mark.parametrize("guid", ["17", "Post: seventeen", "http:", ":17", "http://[ broken"])
def test_a_bare_guid_is_named_within_its_feed_alone(guid):
    made = [ids.feed_id(f"https://{host}.example/feed", guid, None, "", "", "") for host in "ab"]
    assert made[0] != made[1]
    assert made[0] == ids.short_hash(f"https://a.example/feed{guid}")


def test_without_guid_the_link_and_without_link_the_content_names_an_entry():
    assert ids.feed_id("f", None, "https://a.example/1", "t", "d", "x") == ids.short_hash("https://a.example/1")
    assert ids.feed_id("f", "", "", "t", "d", "Some  TEXT!") == ids.feed_id("f", None, None, "t", "d", "some text")
    assert ids.feed_id("f", None, None, "t", "d", "x") != ids.feed_id("f", None, None, "t", "d", "y")


@pytest.mark.parametrize("guid", ["http://[::bad", "x" * 10_000, "a b", "\ud800"])
def test_no_guid_breaks_the_id_of_an_entry(guid):
    assert len(ids.feed_id("f", guid, None, "", "", "")) == 16


EPOCH_MS = 1_288_834_974_657


@pytest.mark.parametrize("moment", ["2010-11-05T00:00:00", "2019-02-28T23:59:59.999", "2025-08-18T14:30:00.125"])
@pytest.mark.parametrize("rest", [0, 1, (1 << 22) - 1])
def test_an_x_id_holds_its_time_to_the_millisecond(moment, rest):
    exact = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    milliseconds = (exact - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert ids.x_time(str((milliseconds - EPOCH_MS) << 22 | rest)) == exact


def test_the_worked_example_of_a_snowflake():
    # 1541815603606036480 is the example that describes the format on Wikipedia: 2022-06-28T16:07:40.105Z
    assert ids.x_time("1541815603606036480") == datetime(2022, 6, 28, 16, 7, 40, 105000, UTC)


@pytest.mark.parametrize(
    "status",
    ["", "20", "29700000000", "~0123456789abcdef", "-1541815603606036480", str(1 << 63), "9" * 5000],
)
def test_what_is_no_snowflake_holds_no_time(status):
    assert ids.x_time(status) is None


def test_a_recovered_id_depends_on_handle_day_and_words_alone():
    day = datetime(2025, 8, 18, tzinfo=UTC)
    one = ids.recovered_id("@CJTFOIR", day, "Security & Stability.")
    assert one == ids.recovered_id("cjtfoir", day + timedelta(hours=9), "security   stability")
    assert one[0] == "~" and len(one) == 17
    assert one != ids.recovered_id("@CJTFOIR", day + timedelta(days=1), "Security & Stability.")
    assert one != ids.recovered_id("@other", day, "Security & Stability.")
    assert one != ids.recovered_id("@CJTFOIR", None, "Security & Stability.")
