"""The one way to the web: who we are, how long, how much, how often, and where never.

Redirects are followed by hand so that the guard sees every hop. Only what may pass by itself (a broken
connection, a 5xx) is tried again here, briefly; everything longer is the schedule's.
"""

import copy
import dataclasses
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from collector import body, connection, local, stream, windows
from collector.manners import Manners
from collector.pace import Pace
from collector.purse import NoPurse, Purse
from collector.target import WebOrFile
from collector.watch import Watch
from core import times
from core.errors import FetchError, Gone, RateLimited, Refused
from core.guard import Guard, GuardedTransport
from core.page import HOPS, KEPT_HEADERS, Page
from core.settings import X_PRICES, Settings
from core.waits import retry_after

_ATTEMPTS = 3
_HOPS = 8
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_ERROR, _ERROR_SECONDS = 65_536, 5.0
_ACCEPT = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/feed+json,*/*;q=0.8"


Heard = Callable[[str, int], None]  # an address that was asked, and the status of its answer


def tool() -> str:
    """Name and version, as captures and sites see them."""
    try:
        return f"kle-monitor/{version('kle-monitor')}"
    except PackageNotFoundError:  # run from a checkout that nobody installed
        return "kle-monitor/0"


def user_agent(contact: str) -> str:
    return f"{tool()} (+{contact})" if contact else tool()


class Fetcher:
    """Hands out pages; safe to share between threads. `transport` replaces the network in tests.

    `prices` are for kinds that cost money; such a kind gets a fetcher with a purse by `paying`.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        base_dir: Path,
        contact: str = "",
        timeout: float = 30.0,
        max_bytes: int = 20_000_000,
        pace: Pace | None = None,
        transport: httpx.BaseTransport | None = None,
        prices: Mapping[str, float] = X_PRICES,
        heard: Heard | None = None,
    ) -> None:
        self._heard = heard
        self.base_dir = base_dir
        self.prices = prices
        self.purse: Purse = NoPurse()
        self._tries_again = True
        self.max_bytes = max_bytes
        self._guard = guard
        self._agent = user_agent(contact)
        self._timeout = timeout
        self._manners = Manners(pace or Pace(0), self.get)
        # No connection is kept: one made for one name must not serve another at the same address.
        inner = transport or httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._client = httpx.Client(
            transport=GuardedTransport(guard, inner),
            headers={"user-agent": self._agent, "accept-encoding": body.ACCEPTED, "accept": _ACCEPT},
            timeout=timeout,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    @classmethod
    def from_settings(cls, settings: Settings, heard: Heard | None = None) -> Self:
        return cls(
            Guard(settings.networks),
            base_dir=settings.config_dir,
            contact=settings.contact,
            timeout=settings.fetch_timeout,
            max_bytes=settings.fetch_max_bytes,
            pace=Pace(settings.pace),
            prices=settings.x_prices,
            heard=heard,
        )

    def paying(self, purse: Purse) -> Self:
        """The same fetcher for one source that costs money: each try may be charged, so there is one."""
        made = copy.copy(self)
        made.purse, made._tries_again = purse, False
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def pages(self, target: WebOrFile, state: dict[str, Any], *, as_robot: bool = False) -> Iterator[Page]:
        """What a target that is one address or some files holds now, as far as it changed."""
        if target.path:
            yield from self.files(target.path, target.url, state)
        elif page := self.get(target.address, state, as_robot=as_robot):
            yield page

    def files(self, pattern: str, url: str, state: dict[str, Any]) -> Iterator[Page]:
        """One page a changed file. One that cannot be read is told after the others."""
        problem: Refused | None = None
        for path, new_state in local.changed(local.find(self.base_dir, pattern), self.base_dir, state):
            try:
                page = local.read(path, url, self.max_bytes)
            except Refused as error:
                problem = problem or error
                continue
            yield dataclasses.replace(page, state=new_state, tool=tool())
        if problem:
            raise problem

    def get(
        self,
        url: str,
        state: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        *,
        also: Collection[int] = (),
        as_robot: bool = False,
        limit: body.Limit | None = None,
    ) -> Page | None:
        """The page at `url`, or None where the server says that it is as `state` knows it.

        An answer whose status is in `also` is a page too: that a post is gone is worth a capture. `headers` go to
        the server of `url` alone, never to another that it redirects to: they may hold a key. `as_robot`: only
        what each site's robots.txt leaves to programs. `limit` takes the place of the usual size of a response.
        Raises RateLimited, Gone, Refused or FetchError.
        """
        known = _validators(url, state or {})
        question = _Question(
            url, known, headers or {}, frozenset(also), as_robot, limit or body.Limit(self.max_bytes)
        )
        if not self._tries_again:
            return self._once(question)
        for attempt in stamina.retry_context(
            on=_worth_a_retry, attempts=_ATTEMPTS, timeout=2 * self._timeout, wait_initial=0.3, wait_max=3.0
        ):
            with attempt:
                return self._once(question)
        raise AssertionError("unreachable: stamina raises the last error")

    def messages(self, url: str, seconds: float, quiet: float, protocol: str = "") -> Generator[str, None, None]:
        """What a web socket says within `seconds`, until it says nothing for `quiet` seconds.

        Raises RateLimited, Refused or FetchError, after the messages that came before.
        """
        how = stream.Listening(seconds, quiet, self._timeout, self._agent, protocol)
        with self._manners.asking(_parsed(url), as_robot=False):
            opened = stream.opened(self._guard, url, how)
        yield from stream.heard(opened, url, how)

    def _once(self, question: "_Question") -> Page | None:
        address, hops = _parsed(question.url), list[str]()
        for hop in range(_HOPS):
            try:
                with self._manners.asking(address, as_robot=question.as_robot):
                    page = self._hop(question, address, hops)
            except Refused as error:
                if not hop:
                    raise
                raise _refused_there(question.url, address, error) from error
            if not isinstance(page, httpx.URL):
                return page
            address = page
        raise Refused(f"{question.url} redirects more than {_HOPS} times")

    def _hop(self, question: "_Question", address: httpx.URL, hops: list[str]) -> Page | httpx.URL | None:
        """The page; or where it redirects to, which `hops` then tells: "302 https://the.address/that/said/so"."""
        headers = question.headers_for(address)
        deadline = time.monotonic() + self._timeout
        with Watch(deadline) as watch:
            noted = {"trace": watch.note}
            try:
                with self._client.stream(
                    "GET", address, headers=headers, follow_redirects=False, extensions=noted
                ) as response:
                    self.purse.went_out()
                    self._manners.note(address, response.headers)
                    if self._heard:
                        self._heard(str(address), response.status_code)
                    answer = self._answer(question, address, hops, response, deadline)
            except httpx.HTTPError as error:
                self._tell_purse(error)
                raise self._failed(address, error, late=watch.late) from error
            if watch.late:  # a body without a length seems to end where the connection does
                raise self._too_slow(address)
            return answer

    def _failed(self, address: httpx.URL, error: httpx.HTTPError, *, late: bool) -> FetchError:
        if late:
            return self._too_slow(address)
        if isinstance(error, httpx.TimeoutException):
            return FetchError(f"{address} did not answer within {self._timeout:g} s")
        return FetchError(f"{address} cannot be read: {_reason(error)}")

    def _too_slow(self, address: httpx.URL) -> FetchError:
        return FetchError(
            f"{address} answers too slowly: not in full within {self._timeout:g} s; raise KLE_FETCH_TIMEOUT if the "
            "site is just slow"
        )

    def _tell_purse(self, error: httpx.HTTPError) -> None:
        if not isinstance(error, _NOT_SENT):
            self.purse.went_out()

    def _answer(
        self,
        question: "_Question",
        address: httpx.URL,
        hops: list[str],
        response: httpx.Response,
        deadline: float,
    ) -> Page | httpx.URL | None:
        if response.status_code == 304:
            return None
        if response.status_code in _REDIRECTS:
            hops.append(f"{response.status_code} {address}")
            return _next_address(address, response)
        if response.status_code not in question.also:
            _refuse_status(address, response)
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) > question.limit.bytes:
            raise Refused(f"{address} is larger than {question.limit}")
        seen = connection.told(response)  # before the body: with its end the connection is closed
        content = body.read(*_stream(response), question.limit, deadline)
        kept = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
        state = {"url": question.url, "etag": kept.get("etag"), "last_modified": kept.get("last-modified")}
        told = kept | ({HOPS: " ".join(hops)} if hops else {}) | seen
        return Page(str(address), content, times.now(), response.status_code, told, tool(), state, question.url)


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    url: str
    validators: dict[str, str]
    headers: dict[str, str]
    also: frozenset[int]
    as_robot: bool
    limit: body.Limit

    def headers_for(self, address: httpx.URL) -> dict[str, str]:
        own = httpx.URL(self.url)
        same = (address.scheme, address.host, address.port) == (own.scheme, own.host, own.port)
        return {**self.validators, **(self.headers if same else {})}


def _stream(response: httpx.Response) -> tuple[Iterable[bytes], str]:
    """The body as it is sent, and how it is packed; a transport that stands in may hand it over whole."""
    if response.is_stream_consumed:
        return [response.content], ""
    return response.iter_raw(), response.headers.get("content-encoding", "")


def _validators(url: str, state: dict[str, Any]) -> dict[str, str]:
    if state.get("url") != url:  # the source was pointed elsewhere since
        return {}
    named = {"if-none-match": state.get("etag"), "if-modified-since": state.get("last_modified")}
    return {name: value for name, value in named.items() if value}


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"{url!r} is no web address: {error}") from None


def _next_address(address: httpx.URL, response: httpx.Response) -> httpx.URL:
    location = response.headers.get("location", "").strip()
    if not location:
        raise FetchError(f"{address} redirects to nowhere")
    try:
        return address.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"{address} redirects to {location!r}, which is no web address: {error}") from None


def _refused_there(asked: str, address: httpx.URL, error: Refused) -> Refused:
    """The same refusal with the address that was asked for: nobody wrote the other one into kle.toml."""
    said = f"{asked} redirects to {address}: {error.message}"
    return Refused(said, retry_after=error.retry_after, answered=error.answered, body=error.body)


def _refuse_status(address: httpx.URL, response: httpx.Response) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    said: dict[str, Any] = {"answered": status, "body": _start(response)}
    wait = retry_after(response.headers.get("retry-after", ""), times.now())
    if status == 429 or (status == 503 and wait is not None):
        wait = _until_reset(response.headers, times.now()) if wait is None else wait
        named = f"; it asks to wait {wait:.0f} s" if wait is not None else ""
        why = "too many requests" if status == 429 else "it is busy"
        raise RateLimited(f"{address} answered {status}: {why}{named}", retry_after=wait, **said)
    if status in (404, 410):
        raise Gone(f"{address} answered {status}: the page is gone; has it moved?", **said)
    if status < 400:
        raise FetchError(f"{address} answered {status}, which is no page", **said)
    error = FetchError(f"{address} answered {status} {response.reason_phrase}".rstrip() + _advice(status), **said)
    error.transient = status >= 500 or status in (408, 425)
    raise error


def _until_reset(headers: httpx.Headers, now: datetime) -> float | None:
    """Seconds until the server's window of requests begins anew, where it says so."""
    moment = windows.reset(headers, now)
    return max(0.0, (moment - now).total_seconds()) if moment else None


def _start(response: httpx.Response) -> bytes:
    """What an error says, as far as it is short; the error stands without it too."""
    try:
        return body.read(*_stream(response), body.Limit(_LONGEST_ERROR), time.monotonic() + _ERROR_SECONDS)
    except (FetchError, httpx.HTTPError):
        return b""


def _advice(status: int) -> str:
    return "; the site does not let this program in" if status in (401, 403, 406, 451) else ""


def _worth_a_retry(error: Exception) -> bool:
    """A limit, or a time to come again, is left to the schedule."""
    limited = isinstance(error, RateLimited)
    return isinstance(error, FetchError) and error.transient and error.retry_after is None and not limited


def _reason(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__
