"""The one way to the web, against a real server on the loopback."""

import hashlib
import time
from datetime import UTC
from pathlib import Path

import httpx
import pytest

from collector import fetch
from collector.body import Limit
from collector.fetch import Fetcher
from collector.pace import Pace
from collector.target import WebOrFile
from core.errors import FetchError, Gone, RateLimited, Refused
from core.guard import Guard
from core.page import HOPS, PEER, TLS
from core.settings import load
from tests.collector.conftest import LOOPBACK
from tests.collector.server import Site, running


def test_a_page_carries_address_body_headers_time_and_tool(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a"] = ("text/html; charset=utf-8", b"hello")
    page = fetcher.get(f"{site.url}/a")
    assert page
    assert (page.url, page.body, page.status) == (f"{site.url}/a", b"hello", 200)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.tool.startswith("kle-monitor/")
    assert page.fetched_at.tzinfo is UTC


def test_sites_learn_who_asks(fetcher: Fetcher, site: Site) -> None:
    fetcher.get(f"{site.url}/size/1")
    (seen,) = site.headers_seen
    assert seen["user-agent"].startswith("kle-monitor/")
    assert seen["user-agent"].endswith("(+a@b.example)")
    assert seen["host"] == site.url.removeprefix("http://")


@pytest.mark.parametrize("path", ["/tagged", "/dated"])
def test_what_has_not_changed_is_not_sent_again(fetcher: Fetcher, site: Site, path: str) -> None:
    site.pages["/tagged"] = ("text/plain", b"one")
    first = fetcher.get(site.url + path)
    assert first
    assert fetcher.get(site.url + path, first.state) is None
    site.pages["/tagged"] = ("text/plain", b"two")
    assert (fetcher.get(site.url + path, first.state) is not None) == (path == "/tagged")


def test_validators_of_another_address_are_not_sent(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a"] = site.pages["/b"] = ("text/plain", b"same")
    first = fetcher.get(f"{site.url}/a")
    assert first
    assert fetcher.get(f"{site.url}/b", first.state) is not None


def test_a_redirect_is_followed_and_the_answering_address_kept(fetcher: Fetcher, site: Site) -> None:
    site.pages["/a"] = ("text/plain", b"moved")
    page = fetcher.get(f"{site.url}/to/~a")
    assert page
    assert (page.url, page.state["url"]) == (f"{site.url}/a", f"{site.url}/to/~a")


@pytest.mark.parametrize(
    "target",
    [
        "http:~~169.254.169.254~latest~meta-data",
        "http:~~[::1]~",
        "http:~~192.168.0.1~",
        "http:~~0.0.0.0~",
        "http:~~[::ffff:10.0.0.1]~",
        "file:~~~etc~passwd",
        "ftp:~~a.example~",
        "gopher:~~a.example~",
    ],
)
def test_a_redirect_into_a_private_network_or_another_scheme_is_refused(
    fetcher: Fetcher, site: Site, target: str
) -> None:
    with pytest.raises(Refused, match=r"not on the public net|only http and https") as told:
        fetcher.get(f"{site.url}/to/{target}")
    where = target.replace("~", "/").replace("file:///", "file:/")  # as httpx writes it
    assert told.value.message.startswith(f"{site.url}/to/{target} redirects to {where}: "), "as kle.toml names it"
    assert len(site.asked) == 1, "what is refused is not tried again"


def test_a_redirect_without_end_is_refused(fetcher: Fetcher, site: Site) -> None:
    with pytest.raises(Refused, match="more than 8 times"):
        fetcher.get(f"{site.url}/loop")


def test_without_permission_the_loopback_is_refused(site: Site, tmp_path: Path) -> None:
    with Fetcher(Guard(), base_dir=tmp_path) as strict, pytest.raises(Refused, match="KLE_ALLOW_PRIVATE_NETWORKS"):
        strict.get(site.url)
    assert site.asked == []


@pytest.mark.parametrize("path", ["/size/100001", "/endless", "/bomb/30000000"])
def test_too_much_is_an_error_and_never_a_cut(fetcher: Fetcher, site: Site, path: str) -> None:
    with pytest.raises(Refused, match="KLE_FETCH_MAX_BYTES"):
        fetcher.get(site.url + path)
    assert len(site.asked) == 1


def test_exactly_the_limit_is_taken(fetcher: Fetcher, site: Site) -> None:
    page = fetcher.get(f"{site.url}/size/100000")
    assert page
    assert len(page.body) == 100_000


def test_a_body_that_drips_runs_out_of_time(site: Site, tmp_path: Path) -> None:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, timeout=0.3) as hurried:
        start = time.monotonic()
        with pytest.raises(FetchError, match="too slowly"):
            hurried.get(f"{site.url}/slow")
        assert time.monotonic() - start < 4


def test_a_packed_answer_is_unpacked_and_a_cut_one_an_error(fetcher: Fetcher, site: Site) -> None:
    page = fetcher.get(f"{site.url}/packed")
    assert page
    assert page.body == b"hello"
    with pytest.raises(FetchError, match="breaks off"):
        fetcher.get(f"{site.url}/packed/cut")
    with pytest.raises(Refused, match="not asked for"):
        fetcher.get(f"{site.url}/brotli")


def test_a_body_shorter_than_announced_is_an_error(fetcher: Fetcher, site: Site) -> None:
    with pytest.raises(FetchError, match="cannot be read"):
        fetcher.get(f"{site.url}/short")


def test_what_may_pass_is_tried_again_and_then_told(fetcher: Fetcher, site: Site) -> None:
    page = fetcher.get(f"{site.url}/flaky/2")
    assert page
    assert page.body == b"at last"
    with pytest.raises(FetchError, match="answered 500"):
        fetcher.get(f"{site.url}/status/500")
    assert site.asked.count("/status/500") == 3


@pytest.mark.parametrize(
    ("status", "kind"), [(404, Gone), (410, Gone), (403, FetchError), (401, FetchError), (400, FetchError)]
)
def test_what_will_not_pass_is_not_tried_again(
    fetcher: Fetcher, site: Site, status: int, kind: type[FetchError]
) -> None:
    with pytest.raises(kind, match=str(status)) as caught:
        fetcher.get(f"{site.url}/status/{status}")
    assert not caught.value.transient
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("path", "wait", "why"),
    [
        ("429/120", 120.0, "429: too many requests; it asks to wait 120 s"),
        ("503/7", 7.0, "503: it is busy; it asks to wait 7 s"),
        ("429", None, "429: too many requests"),
        ("429/9999999", 86400.0, "429: too many requests; it asks to wait 86400 s"),
    ],
)
def test_a_server_that_asks_to_wait_is_obeyed(
    fetcher: Fetcher, site: Site, path: str, wait: float | None, why: str
) -> None:
    with pytest.raises(RateLimited) as caught:
        fetcher.get(f"{site.url}/status/{path}")
    assert caught.value.message == f"{site.url}/status/{path} answered {why}"
    assert caught.value.retry_after == wait
    assert len(site.asked) == 1


def test_cookies_are_not_kept(fetcher: Fetcher, site: Site) -> None:
    fetcher.get(f"{site.url}/cookie")
    fetcher.get(f"{site.url}/cookie")
    assert all("cookie" not in seen for seen in site.headers_seen)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "/etc/passwd", "", "https://", "http://[", "javascript:1", "http://a b/"]
)
def test_only_web_addresses_are_fetched(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FetchError):
        fetcher.get(url)


def test_nobody_at_home_is_a_fetch_error(fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="cannot be read"):
        fetcher.get("http://127.0.0.1:9/")


def test_settings_become_a_fetcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLE_CONTACT", "https://monitor.example")
    with Fetcher.from_settings(load()) as made:
        assert made.max_bytes == 20_000_000
    assert fetch.user_agent("x") == f"{fetch.tool()} (+x)"


def test_a_transport_stands_in_for_the_network(tmp_path: Path) -> None:
    answers = httpx.MockTransport(lambda request: httpx.Response(200, text=request.headers["host"]))
    guard = Guard(resolve=lambda host, port: ["93.184.215.14"])
    with Fetcher(guard, base_dir=tmp_path, transport=answers) as fake:
        page = fake.get("https://office.example/a")
    assert page
    assert (page.url, page.body) == ("https://office.example/a", b"office.example")


def test_base_url_asks_another_server_for_the_same_path(fetcher: Fetcher, site: Site) -> None:
    site.pages["/rss?x=1"] = ("text/xml", b"<rss/>")
    (page,) = fetcher.pages(WebOrFile(url="https://office.example/rss?x=1", base_url=site.url), {})
    assert (site.asked, page.body) == (["/rss?x=1"], b"<rss/>")


def test_pace_keeps_seconds_between_requests_to_one_host() -> None:
    slept: list[float] = []
    pace = Pace(2.0, clock=lambda: 100.0, sleep=slept.append)
    for host in ("a", "a", "b", "a"):
        pace.wait(host)
    assert slept == [2.0, 4.0]


def test_an_error_tells_its_status_and_what_the_server_said(fetcher: Fetcher, site: Site) -> None:
    with pytest.raises(Gone) as gone:
        fetcher.get(f"{site.url}/nothing")
    assert (gone.value.answered, gone.value.body) == (404, b"not here")


def test_a_status_that_was_asked_for_is_a_page(fetcher: Fetcher, site: Site) -> None:
    page = fetcher.get(f"{site.url}/nothing", also=(404, 410))
    assert page
    assert (page.status, page.body) == (404, b"not here")


def test_a_key_goes_to_no_other_server(fetcher: Fetcher, site: Site) -> None:
    key = {"authorization": "Bearer secret"}
    with running() as other:
        other.pages["/end"] = ("text/plain", b"x")
        fetcher.get(f"{site.url}/to/{other.url.replace('/', '~')}~end", headers=key)
        assert "authorization" not in other.headers_seen[0]
    assert site.headers_seen[0]["authorization"] == "Bearer secret"


def test_redirects_the_machine_and_what_was_sent_are_told(site: Site, fetcher: Fetcher) -> None:
    site.moved["/old"] = "/older?token=secret"
    site.moved["/older?token=secret"] = "/packed/whole"
    page = fetcher.get(f"{site.url}/old")
    assert page and page.body == b"hello"
    assert page.headers[HOPS] == f"302 {site.url}/old 302 {site.url}/older?token=secret"
    assert page.headers[PEER] == "127.0.0.1" and TLS not in page.headers
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) != len(page.body)


def test_no_cookie_of_a_server_is_kept(site: Site, fetcher: Fetcher) -> None:
    page = fetcher.get(f"{site.url}/cookie")
    assert page and "you" not in str(page.headers) and "server" in page.headers


def test_a_page_may_have_a_limit_of_its_own(site: Site, fetcher: Fetcher) -> None:
    page = fetcher.get(f"{site.url}/size/150000", limit=Limit(200_000))
    assert page and len(page.body) == 150_000
    with pytest.raises(Refused, match="larger than 10 bytes; raise media_max_bytes"):
        fetcher.get(f"{site.url}/size/11", limit=Limit(10, "media_max_bytes"))


class _Secured:
    """A connection as httpx tells of it, with TLS."""

    def getpeercert(self, binary_form: bool) -> bytes:
        return b"certificate"

    def version(self) -> str:
        return "TLSv1.3"

    def get_extra_info(self, name: str) -> object:
        return {"server_addr": ("203.0.113.7", 443), "ssl_object": self}[name]


def test_the_certificate_of_the_server_is_told_by_its_digest(tmp_path: Path) -> None:
    told = {"network_stream": _Secured()}
    answers = httpx.MockTransport(lambda request: httpx.Response(200, text="hello", extensions=told))
    guard = Guard((), lambda host, port: ["93.184.216.34"])
    with Fetcher(guard, base_dir=tmp_path, transport=answers) as fetcher:
        page = fetcher.get("https://office.example/")
    assert page and page.headers[PEER] == "203.0.113.7"
    assert page.headers[TLS] == f"TLSv1.3 sha256={hashlib.sha256(b'certificate').hexdigest()}"
