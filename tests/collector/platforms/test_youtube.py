"""YouTube's channel feeds: which address is asked, what changes nothing, and what is refused."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from collector.fetch import Fetcher
from collector.platforms import youtube
from core import times
from core.errors import Gone, ParseError, SettingsError
from core.page import Page
from core.post import Asked, Problem, SeenPost, View
from tests.collector.platforms.api import Api
from tests.collector.platforms.rounds import Source

CHANNEL = "UCofficeofexample222222A"
FEED = (Path(__file__).parents[2] / "contracts/payloads/youtube/channel.xml").read_bytes()
ASKED = f"/feeds/videos.xml?channel_id={CHANNEL}"


def read(body: bytes) -> list[SeenPost | Problem]:
    return list(youtube.parse(Page("", body, times.EARLIEST)))


@pytest.mark.parametrize(
    "channel",
    [CHANNEL, f"https://www.youtube.com/channel/{CHANNEL}", f"https://www.youtube.com/channel/{CHANNEL}/videos",
     f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"],
)  # fmt: skip
def test_a_channel_is_asked_for_by_its_id_however_it_is_written(channel: str, api: Api, fetcher: Fetcher) -> None:
    api.say(ASKED, FEED)
    assert len(Source("youtube", fetcher, channel=channel, base_url=api.url).look()) == 4
    assert api.asked == [ASKED]


def test_an_unchanged_feed_gives_nothing_and_costs_one_request(api: Api, fetcher: Fetcher) -> None:
    api.say("/feeds/videos.xml?playlist_id=PLexample", FEED)
    source = Source("youtube", fetcher, playlist="PLexample", base_url=api.url)
    source.look()
    assert source.everything() == []
    assert len(api.asked) == 2


def test_a_channel_that_is_gone_is_told(api: Api, fetcher: Fetcher) -> None:
    with pytest.raises(Gone):
        Source("youtube", fetcher, channel=CHANNEL, base_url=api.url).look()


@pytest.mark.parametrize(
    ("channel", "reason"),
    [("@office", "not its @name"), ("https://www.youtube.com/@office", "not its @name"), ("", "needs channel"),
     ("UCshort", "24 characters")],
)  # fmt: skip
def test_a_channel_without_id_stops_the_start(fetcher: Fetcher, channel: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Source("youtube", fetcher, channel=channel)


def test_another_picture_server_is_no_change() -> None:
    assert read(FEED) == read(FEED.replace(b"i3.ytimg.com", b"i1.ytimg.com"))


def test_a_feed_that_breaks_off_gives_its_whole_videos_and_a_problem() -> None:
    first, problem = read(FEED[: FEED.index(b"yt:video:bbbb") + 40])
    assert isinstance(first, SeenPost)
    assert isinstance(problem, Problem)
    with pytest.raises(ParseError, match="before its first video"):
        read(FEED[: FEED.index(b"</entry>")])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<!doctype html><html></html>", "web page"),
        (b"<rss version='2.0'><channel></channel></rss>", "no Atom feed"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id></entry></feed>", "no video"),
        (b"{}", "no answer of oEmbed"),
        (b"[]", "no Atom feed"),
    ],
)
def test_what_is_no_channels_feed_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        read(body)


def test_entities_of_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    bomb = f'<!DOCTYPE feed [<!ENTITY x SYSTEM "file://{secret}">]>'.encode()
    body = FEED.replace(b"<feed", bomb + b"<feed", 1).replace(b"Advisors &amp;", b"&x;")
    assert not any("hidden words" in str(item) for item in read(body))


def test_a_channel_without_videos_is_empty() -> None:
    start, end = FEED.index(b"<entry>"), FEED.index(b"</feed>")
    assert read(FEED[:start] + FEED[end:]) == []


# -- asking again --------------------------------------------------------------------------------------------

VIDEO = "aaaaaaaaaaa"


def question(video: str = VIDEO) -> str:
    return "/oembed?" + urlencode({"url": f"https://www.youtube.com/watch?v={video}", "format": "json"})


def told(video: str = VIDEO) -> dict[str, str]:
    player = f'<iframe width="200" src="https://www.youtube.com/embed/{video}?feature=oembed"></iframe>'
    return {"title": "Advisors & staff", "author_name": "Office", "html": player, "type": "video"}


@pytest.fixture
def source(api: Api, fetcher: Fetcher) -> Source:
    return Source("youtube", fetcher, channel=CHANNEL, base_url=api.url)


def test_a_video_that_stands_shows_its_title_as_a_lesser_view(api: Api, source: Source) -> None:
    api.say(question(), told())
    (post,) = source.recheck(Asked(VIDEO, "video"), Asked("no", "video"))
    assert isinstance(post, SeenPost)
    assert (post.id, post.text, post.view, post.deleted) == (
        f"youtube:{VIDEO}",
        "Advisors & staff",
        View.ENTRY,
        False,
    )
    assert api.asked == [question()]


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"Not Found"), (410, b""), (403, b"Forbidden"), (200, b"Forbidden")]
)
def test_a_video_that_is_removed_or_private_is_gone(api: Api, source: Source, status: int, body: bytes) -> None:
    api.say(question(), body, status=status)
    (post,) = source.recheck(Asked(VIDEO, "video"))
    assert isinstance(post, SeenPost)
    assert (post.platform_id, post.deleted) == (VIDEO, True)


def test_a_video_that_may_not_be_embedded_is_not_gone(api: Api, source: Source) -> None:
    api.say(question(), b"Unauthorized", status=401)
    assert source.recheck(Asked(VIDEO, "video")) == []


@pytest.mark.parametrize(("status", "body"), [(403, b"<html>unusual traffic</html>"), (400, b"Bad Request")])
def test_a_refusal_of_the_question_is_no_deletion(api: Api, source: Source, status: int, body: bytes) -> None:
    api.say(question(), body, status=status)
    (problem,) = source.recheck(Asked(VIDEO, "video"))
    assert isinstance(problem, Problem)
    assert f"answered {status} instead of telling" in problem.error


def test_the_title_of_another_video_is_not_taken_for_this_one(api: Api, source: Source) -> None:
    api.say(question(), told("bbbbbbbbbbb"))
    (problem,) = source.recheck(Asked(VIDEO, "video"))
    assert isinstance(problem, Problem)
    assert "not of the video" in problem.error


def test_a_saved_answer_of_oembed_is_read() -> None:
    (post,) = read(json.dumps(told()).encode())
    assert isinstance(post, SeenPost)
    assert (post.platform_id, post.view) == (VIDEO, View.ENTRY)
