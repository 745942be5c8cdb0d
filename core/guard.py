"""Which machines a fetch may reach: public ones, and those that `allow_private_networks` names.

The names are resolved here and the connection goes to the very address that was checked, so that a name that
answers differently the second time (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence

import httpx

from core.errors import FetchError, Refused
from core.settings import Network

Resolve = Callable[[str, int], Sequence[str]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GIVEN_OUT = ipaddress.ip_network("2000::/3")  # the public net of IPv6; outside lie fec0::/10 and ::127.0.0.1, too


def resolve(host: str, port: int) -> list[str]:
    """Every address that the system knows for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Guard:
    """Turns a URL into addresses that may be reached, or refuses."""

    def __init__(self, networks: Sequence[Network] = (), resolve: Resolve = resolve) -> None:
        self._networks = networks
        self._resolve = resolve

    def addresses(self, url: httpx.URL) -> list[str]:
        """All of them must be fit: a name with one public and one private address is refused."""
        if url.scheme not in ("http", "https") or not url.host:
            raise Refused(f"{url} is no web address; only http and https are fetched")
        found = self._look_up(url.host, url.port or (443 if url.scheme == "https" else 80))
        for text in found:
            self.check(text, url.host)
        return found

    def check(self, address: str, host: str) -> None:
        """Raises Refused unless a connection to this address, looked up for `host`, may be made."""
        if not self._fit(ipaddress.ip_address(address.partition("%")[0])):
            raise Refused(
                f"{host} is at {address}, which is not on the public net; "
                "if that is meant, name its network in KLE_ALLOW_PRIVATE_NETWORKS"
            )

    def _look_up(self, host: str, port: int) -> list[str]:
        try:
            found = list(self._resolve(host.strip("[]"), port))
        except (OSError, UnicodeError) as error:
            raise FetchError(
                f"{host} cannot be resolved ({error}); is the name right and the network up?"
            ) from None
        if not found:
            raise FetchError(f"{host} has no address")
        return found

    def _fit(self, address: _Address) -> bool:
        if any(address in network for network in self._networks if network.version == address.version):
            return True
        inner = _inside(address)
        if inner:
            return self._fit(inner)
        given = address in _GIVEN_OUT if isinstance(address, ipaddress.IPv6Address) else True
        return given and address.is_global and not address.is_multicast


def _inside(address: _Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one carries (mapped, 6to4, NAT64)."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class GuardedTransport(httpx.BaseTransport):
    """Sends each request to an address that the guard let pass; Host header and TLS name stay the host's."""

    def __init__(self, guard: Guard, inner: httpx.BaseTransport) -> None:
        self._guard = guard
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        addresses = self._guard.addresses(request.url)
        for address in addresses[:-1]:
            try:
                return self._inner.handle_request(_towards(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # a host often has an IPv6 address that this network cannot reach
        return self._inner.handle_request(_towards(request, addresses[-1]))

    def close(self) -> None:
        self._inner.close()


def _towards(request: httpx.Request, address: str) -> httpx.Request:
    url = request.url.copy_with(host=address)
    extensions = {**request.extensions, "sni_hostname": request.url.host}
    return httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)
