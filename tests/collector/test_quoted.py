"""Posts in plain text: what a text extractor leaves of an embed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core import ids
from core.post import SeenPost, View
from tests.collector.pages import PARAGRAPH, read_article

SIGNATURE = "— Office of Example (@office_example) May 4, 2026"
REST = "The rest of it goes on and… pic.twitter.com/abcdefghij"
MISSION = Path(__file__).parent / "quoted_posts.txt"


def quoted(text: str) -> list[SeenPost]:
    return read_article(text, url="", content_type="text/plain")[1:]


def texts(text: str) -> list[str]:
    return [post.text for post in quoted(text)]


def test_the_two_posts_of_the_mission_come_whole_and_in_reading_order() -> None:
    """The layout that the mission's article has; the posts as DESIGN quotes them, the article in our own words."""
    article, second, first = read_article(MISSION.read_bytes(), url="", content_type="text/plain")
    assert (article.kind, article.platform) == ("article", "article")
    assert second.text == (
        "We stand hand in hand with our partners.\nIn this Key Leader Engagement, a Coalition advisor discussed "
        "optimizing effectivity with a Peshmerga General. This was done to continue to enable partner force "
        "efficiency. The Coalition is dedicated to maintain stability and security in… pic.twitter.com/j3IDKiWjwV"
    )
    assert first.text == (
        "The most important key to being effective in a team environment is Communication.\nPartner forces and "
        "coalition advisors meet regularly in these Key Leader Engagements to continue to build partner capacities "
        "and capabilities, and ensure security and stability within the region.… pic.twitter.com/XUqQC53PwJ"
    )
    for post, day in ((second, 18), (first, 17)):
        assert post.account
        assert (post.account.handle, post.account.name) == ("@CJTFOIR", "Operation Inherent Resolve")
        assert (post.created_at, post.precision) == (datetime(2025, 8, day, tzinfo=UTC), "day")
        assert (post.view, post.embedded_in) == (View.QUOTE, article.id)
        assert post.platform_id == ids.recovered_id("@CJTFOIR", post.created_at, post.text)
    assert article.text.splitlines()[0].startswith("This article is invented")


@pytest.mark.parametrize(
    "text",
    [
        f"{PARAGRAPH}\nFirst.\n{SIGNATURE}\n{REST}\n{PARAGRAPH}",
        f"{PARAGRAPH}\n\nFirst.\n\n{SIGNATURE}\n\n{REST}\n\n{PARAGRAPH}",
        f"{PARAGRAPH}\r\nFirst.\r\n{SIGNATURE}\r\n{REST}",
        f"{PARAGRAPH}\nFirst.\n&mdash;{SIGNATURE[1:]}\n{REST}\n{PARAGRAPH}",
    ],
)
def test_a_signature_between_first_paragraph_and_rest(text: str) -> None:
    assert texts(text) == [f"First.\n{REST}"]


def test_a_rest_of_several_lines_ends_with_its_picture() -> None:
    assert texts(f"{PARAGRAPH}\nFirst.\n{SIGNATURE}\nSecond.\n{REST}\n{PARAGRAPH}") == [f"First.\nSecond.\n{REST}"]


def test_two_such_posts_in_a_row_keep_apart() -> None:
    text = (
        f"{PARAGRAPH}\nA one.\n{SIGNATURE}\nA two. pic.twitter.com/aa\nB one.\n{SIGNATURE}\nB two. https://t.co/bb"
    )
    assert texts(text) == ["A one.\nA two. pic.twitter.com/aa", "B one.\nB two. https://t.co/bb"]


def test_a_line_too_long_for_one_post_with_the_rest_is_the_articles() -> None:
    assert texts(f"{PARAGRAPH * 4}\n{SIGNATURE}\n{REST}\n{PARAGRAPH}") == [REST]


@pytest.mark.parametrize(
    ("text", "post"),
    [
        (f"{PARAGRAPH}\nAll of it. pic.twitter.com/aa\n{SIGNATURE}\n{PARAGRAPH}", "All of it. pic.twitter.com/aa"),
        (f"{PARAGRAPH}\nAll of it.\n{SIGNATURE}\n{PARAGRAPH}", "All of it."),
        (f"{PARAGRAPH}\nAll of it.\npic.twitter.com/aa\n{SIGNATURE}", "All of it.\npic.twitter.com/aa"),
        (f"{PARAGRAPH}\n\nOne.\nTwo.\n{SIGNATURE}\n\n{PARAGRAPH}", "One.\nTwo."),
        (f"{PARAGRAPH}\n{PARAGRAPH}\n\nOne.\nTwo.\n\n{SIGNATURE}\n\n{PARAGRAPH}", "One.\nTwo."),
        (f"{PARAGRAPH}\nOne.\nTwo.\n{SIGNATURE}\n{PARAGRAPH}", "Two."),
        (
            f"{PARAGRAPH}\nOn one line. pic.twitter.com/aa {SIGNATURE}\n{PARAGRAPH}",
            "On one line. pic.twitter.com/aa",
        ),
        (f"{PARAGRAPH}\nOn one line.{SIGNATURE}\n{PARAGRAPH}", "On one line."),
    ],
)
def test_a_signature_behind_its_post(text: str, post: str) -> None:
    assert texts(text) == [post]


def test_a_signature_does_not_take_the_next_posts_text() -> None:
    text = f"{PARAGRAPH}\nOne.\n{SIGNATURE}\nTwo. pic.twitter.com/aa\n{SIGNATURE.replace('4', '5')}\n{PARAGRAPH}"
    assert texts(text) == ["One.", "Two. pic.twitter.com/aa"]


@pytest.mark.parametrize(
    "date", ["4 mai 2026", "4. Mai 2026", "٤ مايو ٢٠٢٦", "4 Mayıs 2026", "4 de mayo de 2026", "4 ئایار 2026"]
)
def test_dates_of_other_languages(date: str) -> None:
    (post,) = quoted(f"{PARAGRAPH}\nAll of it.\n— Büro (@office_example) {date}\n{PARAGRAPH}")
    assert post.created_at == datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "The office (@office_example) said on May 4, 2026 that it would go on.",
        "Office of Example (@office_example) May 4, 2026",
        "— Office of Example (@office_example) said so",
        "— Office of Example (@office_example) May 4, 2026 was a Monday",
        "— Office of Example May 4, 2026",
        "He – the general (@office_example) – came on May 4, 2026.",
        "Contact — Press Office (@office_example) 2026 report, page 3",
        "(@office_example)",
    ],
)
def test_a_sentence_is_no_signature(line: str) -> None:
    assert texts(f"{PARAGRAPH}\n{line}\n{PARAGRAPH}") == []


def test_a_notice_in_place_of_a_post_is_none() -> None:
    assert texts(f"{PARAGRAPH}\nThis post is unavailable.\n{SIGNATURE}\n{PARAGRAPH}") == []


def test_the_articles_own_text_stays_whole() -> None:
    text = f"{PARAGRAPH}\nFirst.\n{SIGNATURE}\n{REST}\n{PARAGRAPH}"
    assert read_article(text, content_type="text/plain")[0].text == text
