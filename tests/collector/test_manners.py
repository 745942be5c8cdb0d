"""How a guest behaves: robots.txt, limits that a server names, and a host that is ill."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from collector import windows
from collector.breakers import Breakers
from collector.fetch import Fetcher
from collector.robots import Robots
from core.errors import FetchError, Gone, RateLimited, Refused
from core.guard import Guard
from core.page import Page
from tests.collector.conftest import LOOPBACK
from tests.collector.server import Site, running

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
RULES = b"User-agent: *\nDisallow: /private\nCrawl-delay: 3\n\nUser-agent: kle-monitor\nDisallow: /*/members/\n"


def robots(site: Site, body: bytes = RULES) -> None:
    site.pages["/robots.txt"] = ("text/plain", body)


def test_a_page_that_programs_are_to_leave_alone_is_not_asked_for(fetcher: Fetcher, site: Site) -> None:
    robots(site)
    site.pages["/news/members/1"] = site.pages["/private"] = ("text/html", b"x")
    with pytest.raises(Refused, match=r"robots\.txt asks programs to leave this page alone"):
        fetcher.get(f"{site.url}/news/members/1", as_robot=True)
    assert fetcher.get(f"{site.url}/private", as_robot=True)  # the rules for everybody give way to ours
    assert fetcher.get(f"{site.url}/news/members/1")
    assert site.asked == ["/robots.txt", "/private", "/news/members/1"]


def test_a_redirect_is_held_against_the_rules_of_where_it_leads(fetcher: Fetcher, site: Site) -> None:
    with running() as other:
        robots(other, b"User-agent: *\nDisallow: /end")
        with pytest.raises(Refused, match="leave this page alone"):
            fetcher.get(f"{site.url}/to/{other.url.replace('/', '~')}~end", as_robot=True)
        assert other.asked == ["/robots.txt"]


@pytest.mark.parametrize("body", [b"", b"<html><body>Welcome</body></html>", b"\x89PNG\r\n\x1a\n" + bytes(300)])
def test_what_is_no_robots_txt_forbids_nothing(fetcher: Fetcher, site: Site, body: bytes) -> None:
    robots(site, body)
    site.pages["/a"] = ("text/html", b"x")
    assert fetcher.get(f"{site.url}/a", as_robot=True)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_rules_are_read_once_a_day_and_again_soon_where_the_site_was_in_trouble() -> None:
    clock, asked = Clock(), []
    trouble: list[FetchError] = [FetchError("down", answered=502), Gone("gone", answered=404)]

    def ask(url: str) -> Page:
        asked.append(url)
        raise trouble[min(len(asked), 2) - 1]

    rules = Robots(ask, clock)
    for _ in range(2):
        with pytest.raises(FetchError, match=r"robots\.txt cannot be: down"):
            rules.check("https://a.example/1", "https://a.example")
    assert len(asked) == 1
    clock.now += timedelta(minutes=11)
    assert rules.check("https://a.example/1", "https://a.example") == 0.0
    clock.now += timedelta(hours=23)
    assert rules.check("https://a.example/1", "https://a.example") == 0.0
    assert len(asked) == 2


def test_a_site_that_limits_its_rules_is_limited() -> None:
    def ask(url: str) -> Page:
        raise RateLimited("wait", retry_after=5, answered=429)

    with pytest.raises(RateLimited):
        Robots(ask).check("https://a.example/1", "https://a.example")


def test_the_delay_that_a_site_asks_for_is_kept_up_to_a_minute() -> None:
    def delay(seconds: str) -> float:
        body = f"User-agent: *\nCrawl-delay: {seconds}".encode()
        return Robots(lambda url: Page(url, body, NOW)).check("https://a.example/1", "https://a.example")

    assert [delay("3"), delay("1000"), delay("soon")] == [3.0, 60.0, 0.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, 900),
        ({"x-ratelimit-reset": "2026-09-01T12:05:00.123Z"}, 300.123),
        ({"ratelimit-reset": "30"}, 30),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 99 * 86400)}, 86400),
        ({"ratelimit-reset": "tomorrow"}, None),
        ({"ratelimit-reset": ""}, None),
        ({}, None),
    ],
)
def test_the_end_of_a_window_is_read_in_every_spelling(headers: dict[str, str], seconds: float | None) -> None:
    moment = windows.reset(headers, NOW)
    assert (moment and (moment - NOW).total_seconds()) == seconds


def test_after_the_last_request_of_a_window_nobody_asks_until_the_next(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        until = str(int(time.time()) + 600)
        used_up = {"ratelimit-remaining": "0", "ratelimit-reset": until} if "/users/" in request.url.path else {}
        return httpx.Response(200, text="x", headers=used_up)

    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, transport=httpx.MockTransport(answer)) as fake:
        fake.get("http://127.0.0.1/users/17/posts")
        with pytest.raises(RateLimited, match="no more such requests before") as limited:
            fake.get("http://127.0.0.1/users/18/posts")
        fake.get("http://127.0.0.1/search")
    assert asked == ["/users/17/posts", "/search"]
    assert limited.value.retry_after and 590 < limited.value.retry_after <= 600


@pytest.mark.parametrize(("status", "wait"), [(429, 600), (503, None)])
def test_a_limit_without_retry_after_ends_with_its_window(tmp_path: Path, status: int, wait: float | None) -> None:
    headers = {"x-rate-limit-reset": str(int(time.time()) + 600)}
    answers = httpx.MockTransport(lambda request: httpx.Response(status, headers=headers))
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, transport=answers) as fake, pytest.raises(FetchError) as told:
        fake.get("http://127.0.0.1/a")
    assert isinstance(told.value, RateLimited) == (wait is not None)
    assert told.value.retry_after == (pytest.approx(600, abs=2) if wait else None)


def test_a_host_that_keeps_failing_is_left_alone(fetcher: Fetcher, site: Site) -> None:
    for _ in range(2):  # each with its three tries
        with pytest.raises(FetchError, match="answered 500"):
            fetcher.get(f"{site.url}/status/500")
    with pytest.raises(FetchError, match="failed 6 times in a row and is left alone for 300 s") as alone:
        fetcher.get(f"{site.url}/size/1")
    assert alone.value.retry_after == 300
    assert len(site.asked) == 6


def test_a_host_that_says_no_is_well(fetcher: Fetcher, site: Site) -> None:
    for _ in range(10):
        with pytest.raises(FetchError):
            fetcher.get(f"{site.url}/status/404")
        with pytest.raises(RateLimited):
            fetcher.get(f"{site.url}/status/429")
    assert fetcher.get(f"{site.url}/size/1")


def test_a_host_that_is_back_is_asked_again() -> None:
    breakers = Breakers(failures=2, seconds=0.05)
    for _ in range(2):
        with pytest.raises(FetchError, match="down"), breakers.asking("a"):
            raise FetchError("down")
    with pytest.raises(FetchError, match="left alone"), breakers.asking("a"):
        raise AssertionError("asked")
    with breakers.asking("b"):
        pass
    time.sleep(0.06)
    for _ in range(3):
        with breakers.asking("a"):
            pass
