"""Which machines may be reached, and that the checked address is the one that is reached."""

import ipaddress
from collections.abc import Sequence

import httpx
import pytest

from core.errors import FetchError, Refused
from core.guard import Guard, GuardedTransport

PUBLIC = "93.184.215.14"


def guard(*addresses: str, networks: Sequence[str] = ()) -> Guard:
    return Guard([ipaddress.ip_network(n) for n in networks], lambda host, port: addresses)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "::127.0.0.1",
        "5f00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="not on the public net"):
        guard(address).addresses(httpx.URL("https://office.example/"))


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1111", "8.8.8.8"])
def test_what_is_public_passes(address: str) -> None:
    assert guard(address).addresses(httpx.URL("https://office.example/")) == [address]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Refused):
        guard(PUBLIC, "10.0.0.1").addresses(httpx.URL("https://office.example/"))


def test_named_networks_may_be_reached_and_no_others() -> None:
    allowing = guard("10.1.2.3", networks=["10.0.0.0/8", "fd00::/8"])
    assert allowing.addresses(httpx.URL("http://intra.example/")) == ["10.1.2.3"]
    with pytest.raises(Refused):
        guard("192.168.0.1", networks=["10.0.0.0/8"]).addresses(httpx.URL("http://intra.example/"))


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "//a.example/", "https:///x"])
def test_only_http_and_https(url: str) -> None:
    with pytest.raises(Refused):
        guard(PUBLIC).addresses(httpx.URL(url))


def test_a_name_that_nobody_knows_is_a_fetch_error() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(FetchError, match="cannot be resolved") as caught:
        Guard(resolve=unknown).addresses(httpx.URL("https://nowhere.example/"))
    assert caught.value.transient


@pytest.mark.parametrize(
    "spelling", ["http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://localhost/"]
)
def test_odd_spellings_of_the_loopback_are_refused(spelling: str) -> None:
    with pytest.raises((Refused, FetchError)):
        Guard().addresses(httpx.URL(spelling))


def test_the_connection_goes_to_the_checked_address_under_the_hosts_name() -> None:
    """A name that answers with another address the second time gains nothing: it is asked once."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    seen: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    transport = GuardedTransport(Guard(resolve=lambda h, p: next(answers)), httpx.MockTransport(note))
    with httpx.Client(transport=transport) as client:
        client.get("https://office.example:8443/a?b=c")
    (request,) = seen
    assert str(request.url) == f"https://{PUBLIC}:8443/a?b=c"
    assert request.headers["host"] == "office.example:8443"
    assert request.extensions["sni_hostname"] == "office.example"


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    def only_old(request: httpx.Request) -> httpx.Response:
        if ":" in request.url.host:
            raise httpx.ConnectError("no route")
        return httpx.Response(200)

    transport = GuardedTransport(guard("2606:4700::1111", PUBLIC), httpx.MockTransport(only_old))
    with httpx.Client(transport=transport) as client:
        assert client.get("https://office.example/").status_code == 200
