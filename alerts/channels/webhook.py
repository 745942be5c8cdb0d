"""POST to an address, signed by the rules of Standard Webhooks, so that a receiver can tell who sent what and when.

What a receiver answers decides: 2xx is taken, 410 ends it, 413 is this message's fault and no other's. Every other
answer is tried again for a day, those of 4xx too: a receiver that was set up wrongly gets mended, and its messages
must be there then.
"""

import base64
import secrets
import ssl
from functools import cache
from typing import Any
from urllib.parse import urljoin

import httpx
import orjson
from standardwebhooks import Webhook

from alerts.channel import AGENT, LONGEST_ANSWER, TIMEOUT, Address, Answer, Letter, Office, heard
from alerts.deadline import Deadline
from core import times
from core.errors import AddressGone, BadRequest, DeliveryError, FetchError, Refused, Rejected
from core.guard import Guard, GuardedTransport
from core.secrecy import place
from core.waits import retry_after

FIELD = "url"
CONFIRMS = False
SIGNS = True
_PREFIX = "whsec_"
_BYTES = 32  # of a secret; the standard takes 24 to 64


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode("ascii")


def address(said: str) -> Address:
    given = said.strip()
    try:
        url = httpx.URL(given if given.isprintable() else "")
    except httpx.InvalidURL as error:
        raise _no_address(str(error)) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _no_address("write it whole, such as https://example.org/hook")
    value = str(url.copy_with(host=url.host.lower().rstrip("."), raw_path=url.raw_path, fragment=None))
    return Address(value, place(value))


def _no_address(why: str) -> BadRequest:
    return BadRequest(f"that is no web address that a webhook can go to: {why}", parameter="channels")


def send(letter: Letter, office: Office) -> Answer:
    content = orjson.dumps(letter.body, option=orjson.OPT_SORT_KEYS)  # a database may give keys in another order
    url = httpx.URL(letter.address)
    with Deadline(TIMEOUT) as deadline:
        try:
            return _post(url, content, _headers(letter, content), office.guard, deadline)
        except Refused:
            raise
        except FetchError as error:  # the name cannot be resolved
            raise DeliveryError(error.message) from None
        except httpx.InvalidURL:
            raise Rejected(f"{url.host} is no host's name; register another address") from None
        except httpx.HTTPError as error:
            raise DeliveryError(_broken(error, url.host, deadline)) from None


def _post(url: httpx.URL, content: bytes, headers: dict[str, str], guard: Guard, deadline: Deadline) -> Answer:
    def watch(event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            deadline.watch(info["return_value"].get_extra_info("socket"))

    transport = GuardedTransport(guard, httpx.HTTPTransport(verify=_trusted(), limits=_ONE_CONNECTION))
    with (
        httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
        client.stream("POST", url, content=content, headers=headers, extensions={"trace": watch}) as response,
    ):
        answer = Answer(response.status_code, _said(response))
        if response.is_success:
            return answer
        raise _failure(answer, response, url.host)


_ONE_CONNECTION = httpx.Limits(max_connections=1, max_keepalive_connections=0)


@cache
def _trusted() -> ssl.SSLContext:
    """Reading all certificates that are trusted takes longer than a message does."""
    return httpx.create_ssl_context()


def _headers(letter: Letter, content: bytes) -> dict[str, str]:
    at = times.utc(letter.sent_at)
    text = content.decode()
    signed = [Webhook(secret).sign(letter.key, at, text) for secret in letter.secrets]
    return {
        "content-type": "application/json",
        "user-agent": AGENT,
        "accept-encoding": "identity",  # what it says is kept short, and must not swell while it is unpacked
        "webhook-id": letter.key,
        "webhook-timestamp": str(int(at.timestamp())),
        **({"webhook-signature": " ".join(signed)} if signed else {}),
    }


def _said(response: httpx.Response) -> str:
    """The beginning of the answer. One that breaks off or never ends changes nothing: its status was there."""
    read = b""
    try:
        for chunk in response.iter_raw():
            read += chunk
            if len(read) >= LONGEST_ANSWER * 4:  # bytes of one character, at most
                break
    except httpx.HTTPError:
        pass
    return heard(read.decode("utf-8", "replace"))


def _failure(answer: Answer, response: httpx.Response, host: str) -> DeliveryError:
    status = response.status_code
    said = f"{host} answered {status}" + (f": {answer.said}" if answer.said else "")
    if status == 410:
        return AddressGone(said, answered=status)
    if status == 413:
        return Rejected(f"{said} (the message is too long for it)", answered=status)
    if response.is_redirect or status // 100 == 3:
        to = _pointed(str(response.request.url), response.headers.get("location", ""))
        said = f"{host} answered {status} and points to {to}; redirects are not followed: register the new address"
    wait = retry_after(response.headers.get("retry-after", ""), times.now())
    return DeliveryError(said, retry_after=wait, answered=status)


def _pointed(url: str, location: str) -> str:
    try:
        return heard(place(urljoin(url, location))) if location else "another address"
    except ValueError:
        return "what is no address"


def _broken(error: httpx.HTTPError, host: str, deadline: Deadline) -> str:
    if deadline.over or isinstance(error, httpx.TimeoutException):
        return f"{host} did not answer within {TIMEOUT:.0f} seconds"
    if isinstance(error, httpx.ConnectError):
        return f"{host} cannot be reached: {error}"
    return f"{host} hung up before it answered: {error}"
