"""Servers that cut, stall, flood, lie about lengths, send bombs and point inwards: each is refused in a sentence,
in bounded time and memory.
"""

import time
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.fetch import Fetcher
from core.errors import FetchError, Refused
from core.guard import Guard
from tests.collector.conftest import LOOPBACK
from tests.collector.server import Site

TIMEOUT = 0.5
MOST = 100_000


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Fetcher]:
    with Fetcher(Guard(LOOPBACK), base_dir=tmp_path, timeout=TIMEOUT, max_bytes=MOST) as made:
        yield made


def refusal(fetcher: Fetcher, url: str) -> FetchError:
    """The error, which came in time and without filling the memory."""
    tracemalloc.start()
    begun = time.monotonic()
    with pytest.raises(FetchError) as told:
        fetcher.get(url)
    took, (_, peak) = time.monotonic() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 3 * TIMEOUT + 2, "three tries at most, each in its time"
    assert peak < 8_000_000
    assert len(told.value.message) > 20
    return told.value


@pytest.mark.parametrize("path", ["/late/3", "/dripping", "/continue", "/crumbs", "/slow"])
def test_what_takes_too_long_runs_out_of_time(hurried: Fetcher, site: Site, path: str) -> None:
    assert refusal(hurried, site.url + path).transient


@pytest.mark.parametrize("path", ["/headers", "/header", "/extension", "/trailers"])
def test_a_flood_outside_of_the_body_is_refused(hurried: Fetcher, site: Site, path: str) -> None:
    assert "cannot be read" in refusal(hurried, site.url + path).message


@pytest.mark.parametrize("path", ["/chunks", "/endless", "/deflated", "/members", "/gzipped"])
def test_a_flood_or_a_bomb_is_refused_at_the_limit(hurried: Fetcher, site: Site, path: str) -> None:
    error = refusal(hurried, site.url + path)
    assert isinstance(error, Refused)
    assert "KLE_FETCH_MAX_BYTES" in error.message
    assert len(site.asked) == 1, "what is refused is not tried again"


def test_a_bomb_in_a_bomb_is_refused_unopened(hurried: Fetcher, site: Site) -> None:
    assert "'gzip, gzip', which was not asked for" in refusal(hurried, f"{site.url}/nested").message


def test_packed_nothings_without_end_run_out_of_time(hurried: Fetcher, site: Site) -> None:
    assert "too slowly" in refusal(hurried, f"{site.url}/nothings").message


def test_what_follows_a_packed_body_is_not_waited_for(hurried: Fetcher, site: Site) -> None:
    page = hurried.get(f"{site.url}/tail")
    assert page
    assert page.body == b"hello"


def test_a_body_packed_in_two_parts_is_read_whole(hurried: Fetcher, site: Site) -> None:
    page = hurried.get(f"{site.url}/two")
    assert page
    assert page.body == b"hello there"


@pytest.mark.parametrize("path", ["/broken", "/short", "/lengths/7"])
def test_a_body_that_is_cut_off_is_an_error(hurried: Fetcher, site: Site, path: str) -> None:
    assert "cannot be read" in refusal(hurried, site.url + path).message


@pytest.mark.parametrize("path", ["/lengths/-5", "/lengths/five", "/lengths/5,6", "/size_of_chunk", "/ssh"])
def test_what_is_no_http_is_an_error(hurried: Fetcher, site: Site, path: str) -> None:
    assert "cannot be read" in refusal(hurried, site.url + path).message


@pytest.mark.parametrize(("path", "body"), [("/longer", b"hello"), ("/smuggled", b"hi")])
def test_of_two_lengths_the_one_that_http_means_counts(
    hurried: Fetcher, site: Site, path: str, body: bytes
) -> None:
    page = hurried.get(site.url + path)
    assert page
    assert page.body == body


def test_an_error_without_end_is_still_that_error(hurried: Fetcher, site: Site) -> None:
    error = refusal(hurried, f"{site.url}/error")
    assert error.answered == 500
    assert len(error.body) <= 65_536


def test_a_port_without_tls_is_an_error(hurried: Fetcher, site: Site) -> None:
    assert "cannot be read" in refusal(hurried, site.url.replace("http:", "https:") + "/size/1").message


# -- where redirects and names lead --------------------------------------------------------------------------


class Names:
    """A resolver whose answers are a table; a list of several is used up, one a question, the last one stays."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self._answers = {name: list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        given = self._answers[host.partition(".")[0]]
        return [given.pop(0) if len(given) > 1 else given[0]]


def named(names: Names, folder: Path) -> Fetcher:
    return Fetcher(Guard(LOOPBACK, names), base_dir=folder, timeout=TIMEOUT, max_bytes=MOST)


def at(site: Site, name: str, path: str) -> str:
    return f"http://{name}.example:{site.server_port}{path}"


@pytest.mark.parametrize(
    "inside", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_a_redirect_to_a_name_inside_is_refused(site: Site, tmp_path: Path, inside: str) -> None:
    site.moved["/a"] = at(site, "intranet", "/secret")
    with named(Names(office=["127.0.0.1"], intranet=[inside]), tmp_path) as fetcher:
        error = refusal(fetcher, at(site, "office", "/a"))
    assert f"intranet.example is at {inside}, which is not on the public net" in error.message
    assert site.asked == ["/a"]


def test_a_chain_over_several_hosts_is_followed_and_each_is_checked(site: Site, tmp_path: Path) -> None:
    site.moved = {"/a": at(site, "second", "/b"), "/b": at(site, "third", "/c"), "/c": at(site, "inside", "/d")}
    site.pages["/c2"] = ("text/plain", b"the end")
    names = Names(office=["127.0.0.1"], second=["127.0.0.1"], third=["127.0.0.1"], inside=["10.0.0.1"])
    with named(names, tmp_path) as fetcher:
        said = refusal(fetcher, at(site, "office", "/a")).message
        last = f"redirects to {at(site, 'inside', '/d')}: inside.example is at 10.0.0.1"
        assert said.startswith(f"{at(site, 'office', '/a')} {last}"), "the first of the chain and the last"
        site.moved["/b"] = at(site, "third", "/c2")
        page = fetcher.get(at(site, "office", "/a"))
    assert page
    assert (page.url, page.asked, page.body) == (at(site, "third", "/c2"), at(site, "office", "/a"), b"the end")


def test_a_chain_over_many_hosts_has_a_bound(site: Site, tmp_path: Path) -> None:
    hosts = [f"host{n}" for n in range(12)]
    site.moved = {f"/{n}": at(site, hosts[n + 1], f"/{n + 1}") for n in range(11)}
    with named(Names(**{host: ["127.0.0.1"] for host in hosts}), tmp_path) as fetcher:
        assert "more than 8 times" in refusal(fetcher, at(site, hosts[0], "/0")).message
    assert len(site.asked) == 8


def test_a_name_that_answers_differently_the_second_time_gains_nothing(site: Site, tmp_path: Path) -> None:
    """Each connection goes to the very address that was checked, and the name is asked once a hop."""
    site.pages["/a"] = ("text/plain", b"here")
    names = Names(office=["127.0.0.1", "10.0.0.1"])
    with named(names, tmp_path) as fetcher:
        page = fetcher.get(at(site, "office", "/a"))
        assert page
        assert page.body == b"here"
        assert names.asked == ["office.example"]
        said = refusal(fetcher, at(site, "office", "/a")).message
        assert said.startswith("office.example is at 10.0.0.1, which is not on the public net"), "nobody redirected"


def test_a_name_that_changes_during_a_chain_is_refused_at_its_second_turn(site: Site, tmp_path: Path) -> None:
    site.moved["/a"] = at(site, "office", "/b")
    with named(Names(office=["127.0.0.1", "169.254.169.254"]), tmp_path) as fetcher:
        error = refusal(fetcher, at(site, "office", "/a"))
    assert "169.254.169.254, which is not on the public net" in error.message
    assert site.asked == ["/a"]
