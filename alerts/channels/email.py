"""Mail by SMTP, as text and HTML, that may be ended with one click (RFC 8058).

What the server says of the recipient decides: an unknown mailbox ends the address, a refused message that message.
Everything that the operator may have set up wrongly (no server, a wrong password, a sender or a recipient that the
server does not relay) is tried again for a day: a mistyped password must lose no mail.
"""

import ipaddress
import os
import re
import smtplib
import socket
import ssl
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from urllib.parse import unquote, urlsplit

import idna

from alerts.channel import TIMEOUT, Address, Answer, Letter, Office, heard
from alerts.channels._mail import compose, domain, sender
from alerts.deadline import Deadline
from core.errors import AddressGone, BadRequest, DeliveryError, Rejected

FIELD = "to"
CONFIRMS = True
SIGNS = False
_LOCAL = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*"
)  # RFC 5322's dot-atom, RFC 6531's letters
_SECTION = re.compile(r"(?:\d{3}[ -])?(\d)\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463
_PORTS = {"smtps": 465, "smtp": 587}
_UNKNOWN = frozenset({550, 551, 553})
_TOO_LARGE = 552
_SET = "set KLE_SMTP_URL"


def address(said: str) -> Address:
    """Compared in small letters, also before the @: no host of today tells two people apart by them."""
    given = said.strip()
    local, at, host = unicodedata.normalize("NFC", given).rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local.encode()) > 64:
        raise _no_address()
    return Address(f"{local.lower()}@{_host(host)}", given)


def _host(said: str) -> str:
    """In ASCII, as mail servers look it up."""
    try:
        host = idna.encode(said, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        raise _no_address() from None
    if "." not in host or host.rpartition(".")[2].isdecimal():  # a name of this machine's net, or a number
        raise _no_address()
    return host


def _no_address() -> BadRequest:
    return BadRequest("that is no mail address; write it alone, such as name@example.org", parameter="channels")


def send(letter: Letter, office: Office) -> Answer:
    if not office.settings.smtp_url or not office.settings.mail_from:
        raise DeliveryError("there is no mail server to send by; set KLE_SMTP_URL and KLE_MAIL_FROM")
    content = compose(letter, office)
    with Deadline(TIMEOUT) as deadline, _failures(deadline), _open(office, deadline) as server:
        return _hand_over(server, sender(office)[1], letter.address, content)


@contextmanager
def _failures(deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise DeliveryError(
            f"the mail server's certificate is not trusted ({error.verify_message}); "
            f"{_SET} to the name that it was made for, or add its maker to the system's certificates"
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _temporary("the mail server answered", error.smtp_code, error.smtp_error) from None
    except TimeoutError:
        raise DeliveryError(f"the mail server did not answer within {TIMEOUT:.0f} seconds") from None
    except (smtplib.SMTPException, OSError) as error:
        if deadline.over:
            raise DeliveryError(f"the mail server did not take it within {TIMEOUT:.0f} seconds") from None
        raise DeliveryError(f"the mail server cannot be reached or hung up: {heard(str(error))}") from None


@contextmanager
def _open(office: Office, deadline: Deadline) -> Iterator[smtplib.SMTP]:
    """A server that has said hello, over TLS unless it is on this machine, and knows who we are."""
    url = urlsplit(office.settings.smtp_url)
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    name = domain(office)
    if url.scheme == "smtps":
        context = _trusting(os.environ.get("SSL_CERT_FILE"))
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port, name, timeout=TIMEOUT)
    try:
        deadline.watch(_socket(server))
        server.ehlo_or_helo_if_needed()
        if url.scheme == "smtp":
            _start_tls(server, host)
        if url.username:
            _log_in(server, unquote(url.username), unquote(url.password or ""))
        yield server
        with suppress(smtplib.SMTPException, OSError):  # it was taken before
            server.quit()
    finally:
        server.close()


def _socket(server: smtplib.SMTP) -> socket.socket:
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("it closed the connection")
    return server.sock


def _start_tls(server: smtplib.SMTP, host: str) -> None:
    """What never leaves this machine needs no proof of who answers: the certificate of a mail server that serves
    its own machine is mostly one that it made itself."""
    near = _on_this_machine(server)
    if server.has_extn("starttls"):
        server.starttls(context=_any() if near else _trusting(os.environ.get("SSL_CERT_FILE")))
        server.ehlo()
    elif not near:
        raise DeliveryError(
            f"{host} offers no STARTTLS, and mails and passwords do not go over an open line; "
            f"{_SET} to smtps://... if it speaks TLS on another port"
        )


@cache
def _trusting(_: str | None) -> ssl.SSLContext:
    """By the certificates of the system, or of the file that stands in their place: reading them takes longer than
    a message does."""
    return ssl.create_default_context()


@cache
def _any() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _on_this_machine(server: smtplib.SMTP) -> bool:
    peer = _socket(server).getpeername()[0]
    return ipaddress.ip_address(str(peer).partition("%")[0]).is_loopback


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    try:
        server.login(user, password)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"the mail server does not let this user in: {error.smtp_code} {_text(error.smtp_error)}; "
            "is the password in KLE_SMTP_URL right, with special characters as %XX?",
            answered=error.smtp_code,
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryError(f"the mail server takes no passwords; {_SET} without one") from None


def _hand_over(server: smtplib.SMTP, by: str, to: str, content: bytes) -> Answer:
    code, said = server.mail(by, _options(server, by + to, content))
    if code != 250:
        raise _of_message(code, said) if code == _TOO_LARGE else _temporary(f"{by} may not send:", code, said)
    code, said = server.rcpt(to)
    if code not in (250, 251):
        raise _of_recipient(code, said)
    code, said = server.data(content)
    if code != 250:
        raise _of_message(code, said)
    return Answer(code, heard(_text(said)))


def _options(server: smtplib.SMTP, addresses: str, content: bytes) -> list[str]:
    options = [f"SIZE={len(content)}"] if server.has_extn("size") else []
    if not addresses.isascii():
        if not server.has_extn("smtputf8"):
            raise DeliveryError("the mail server takes no address with letters beyond ASCII (SMTPUTF8)")
        options.append("SMTPUTF8")
    return options


def _of_recipient(code: int, said: bytes) -> DeliveryError:
    text = _text(said)
    found = _SECTION.match(text)
    section = tuple(map(int, found.groups()[1:])) if found else None
    told = f"the mail server does not take this recipient: {code} {text}"
    if code < 500 or code == 530 or (section and section[0] == 7) or "relay" in text.lower():
        return DeliveryError(told, answered=_status(code))  # not of the address: what may send through this server
    if code in _UNKNOWN and (section is None or section[0] == 1 or section == (2, 1)):
        return AddressGone(told, answered=code)
    return Rejected(told, answered=code)


def _of_message(code: int, said: bytes) -> DeliveryError:
    kind = Rejected if code >= 500 else DeliveryError
    return kind(f"the mail server does not take this message: {code} {_text(said)}", answered=_status(code))


def _temporary(what: str, code: int, said: bytes | str) -> DeliveryError:
    return DeliveryError(f"{what} {code} {_text(said)}", answered=_status(code))


def _status(code: int) -> int | None:
    """smtplib has -1 for an answer that is none."""
    return code if code > 0 else None


def _text(said: bytes | str) -> str:
    return heard(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)
