"""X by oEmbed: each post one request, the longest unasked first; what is gone, protected or no single post."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from collector.fetch import Fetcher
from collector.platforms import x_oembed
from core import times
from core.errors import FetchError, ParseError, RateLimited, SettingsError
from core.page import Page
from core.post import Asked, Problem, SeenPost, View
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source

FIRST, SECOND = "2051200000000000000", "2051215099494400000"


def address(number: str) -> str:
    return f"https://x.com/office_example/status/{number}"


def path(number: str) -> str:
    return "/oembed?" + urlencode({"url": address(number), "omit_script": "1", "dnt": "1", "lang": "en"})


def answer(number: str, text: str = "We met our partners.") -> dict[str, Any]:
    link = f'<a href="{address(number)}?ref_src=twsrc%5Etfw">May 4, 2026</a>'
    quote = f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">{text}</p>&mdash; O (@office_example) {link}'
    return {"url": address(number), "author_name": "Office", "author_url": "https://twitter.com/office_example",
            "html": f"{quote}</blockquote>", "type": "rich", "version": "1.0"}  # fmt: skip


@pytest.fixture
def source(api: Api, fetcher: Fetcher) -> Source:
    for number in (FIRST, SECOND):
        api.say(path(number), answer(number))
    return Source("x_oembed", fetcher, urls=[address(FIRST), address(SECOND)], base_url=api.url)


def test_a_post_is_first_hand_with_its_exact_time(source: Source) -> None:
    post, _ = source.look()
    assert (post.first_hand, post.view, post.embedded_in) == (True, View.PAGE, None)
    assert (post.id, post.text) == (f"x:{FIRST}", "We met our partners.")
    assert post.created_at
    assert times.text(post.created_at) == "2026-05-04T07:19:24.110000Z"
    assert post.account
    assert (post.account.handle, post.account.name) == ("@office_example", "Office")


def test_a_round_has_a_bound_and_the_next_one_asks_for_the_others(
    api: Api, fetcher: Fetcher, source: Source
) -> None:
    few = Source("x_oembed", fetcher, urls=[address(FIRST), address(SECOND)], base_url=api.url, max_pages=1)
    for _ in range(3):
        few.look()
    assert api.asked == [path(FIRST), path(SECOND), path(FIRST)]


def test_a_seen_post_that_answers_404_is_deleted_and_an_unseen_one_is_a_problem(api: Api, source: Source) -> None:
    api.say(path(SECOND), {"error": "Sorry, that page does not exist"}, status=404)
    _, problem = source.everything()
    assert isinstance(problem, Problem)
    assert (problem.error[:21], problem.item) == ("there is no such post", address(SECOND))
    api.say(path(FIRST), b"", status=410)
    gone = [item for item in source.look() if item.deleted]
    assert [item.id for item in gone] == [f"x:{FIRST}"]


def test_a_protected_post_is_told_and_changes_nothing(api: Api, source: Source) -> None:
    source.look()
    api.say(path(FIRST), {"error": "Not authorized"}, status=403)
    problem, post = source.everything()
    assert isinstance(problem, Problem)
    assert "protected or withheld" in problem.error
    assert isinstance(post, SeenPost)
    assert not post.deleted


def test_a_limit_or_a_broken_server_ends_the_round_and_is_no_deletion(api: Api, source: Source) -> None:
    source.look()
    api.say(path(FIRST), b"", status=429)
    with pytest.raises(RateLimited):
        source.look()
    api.say(path(FIRST), b"", status=400)
    with pytest.raises(FetchError):
        source.look()


def test_of_a_thread_only_the_post_that_was_asked_for_is_read() -> None:
    both = answer(FIRST)
    both["html"] = answer(SECOND, "The post before")["html"] + both["html"]
    (post,) = x_oembed.parse(Page("", json.dumps(both).encode(), times.now()))
    assert isinstance(post, SeenPost)
    assert (post.id, post.text) == (f"x:{FIRST}", "We met our partners.")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": "Sorry, that page does not exist"}, "X answered: Sorry"),
        ({"errors": [{"code": 34, "message": "no page"}]}, "X answered: no page"),
        ({"version": "1.0"}, "no oEmbed answer"),
        ([], "no oEmbed answer"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(body: Any, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        list(x_oembed.parse(Page("", json.dumps(body).encode(), times.now())))


@pytest.mark.parametrize(
    "urls", [[], ["https://x.com/office_example"], ["https://x.com/office_example/status/abc"]]
)
def test_addresses_that_name_no_post_stop_the_start(fetcher: Fetcher, urls: list[str]) -> None:
    with pytest.raises(SettingsError, match="urls"):
        Source("x_oembed", fetcher, urls=urls)


def test_what_the_server_says_of_a_post_that_is_gone_is_kept(api: Api, source: Source) -> None:
    source.look()
    api.say(path(FIRST), {"error": "Sorry, that page does not exist"}, status=404)
    page = next(source.kind.fetch(source.target, source.fetcher, source.state))
    assert (page.status, page.about, page.body[:9]) == (404, (FIRST,), b'{"error":')


def test_known_posts_are_asked_for_by_themselves(api: Api, source: Source) -> None:
    api.say(path(SECOND), b"", status=404)
    closed = "2051215099494400001"
    api.say(path(closed), {"error": "Not authorized"}, status=403)
    known = [Asked(n, "post", address(n)) for n in (FIRST, SECOND, closed)]
    stands, gone, told = source.recheck(*known, Asked("~0123456789abcdef", "post"))
    assert isinstance(stands, SeenPost)
    assert not stands.deleted
    assert isinstance(gone, SeenPost)
    assert (gone.id, gone.deleted) == (f"x:{SECOND}", True)
    assert isinstance(told, Problem)
    assert len(api.asked) == 3


def test_a_known_post_without_an_address_is_asked_for_by_its_number(api: Api, source: Source) -> None:
    source.recheck(Asked(FIRST, "post"))
    (asked,) = api.asked
    assert parse_qs(urlsplit(asked).query)["url"] == [f"https://x.com/i/status/{FIRST}"]


def test_the_new_server_is_asked_where_nobody_answers_at_the_old_one(
    api: Api, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x_oembed, "_SITES", ("http://127.0.0.1:9", api.url))
    api.say(path(FIRST), answer(FIRST))
    assert len(Source("x_oembed", fetcher, urls=[address(FIRST)]).look()) == 1
    api.say(path(FIRST), b"", status=500)
    with pytest.raises(FetchError, match="answered 500"):
        Source("x_oembed", fetcher, urls=[address(FIRST)]).look()


def test_the_answer_of_either_server_is_one_post() -> None:
    new = answer(FIRST)
    new["author_url"] = "https://x.com/office_example"
    new["html"] = new["html"].replace("https://twitter.com/", "https://x.com/")
    old, other = (
        list(x_oembed.parse(Page("", json.dumps(a).encode(), times.EARLIEST))) for a in (answer(FIRST), new)
    )
    assert old == other
