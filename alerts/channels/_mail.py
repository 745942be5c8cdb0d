"""One message as the bytes of a mail: the same at each try but for its Date, with headers that nothing breaks."""

import ipaddress
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

import idna

from alerts import render
from alerts.channel import Letter, Office
from core import times

_LINE = 76  # characters of a header's line


class _Whole(UnstructuredHeader, BaseHeader):
    """A header that is one long word: folding would encode it, and a link in it would be none any more."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """The newer way to fold loses spaces between words that it encodes one by one."""

    def fold(self, *, policy: Policy) -> str:
        said = str(self)
        encoded = Header(said, "us-ascii" if said.isascii() else "utf-8", header_name=self.name, maxlinelen=_LINE)
        return f"{self.name}: {encoded.encode(linesep=policy.linesep)}{policy.linesep}"


def _policy(utf8: bool) -> "EmailPolicy[EmailMessage]":
    headers = HeaderRegistry()
    for name in ("list-unsubscribe", "list-id", "message-id"):
        headers.map_to_type(name, _Whole)
    headers.map_to_type("subject", _Subject)
    return SMTP.clone(header_factory=headers, utf8=utf8, cte_type="7bit")  # 7bit: no server may have to recode it


def compose(letter: Letter, office: Office) -> bytes:
    shown = render.mail(letter, office.links)
    message = EmailMessage(_policy(utf8=not (letter.address + sender(office)[1]).isascii()))
    for name, value in _headers(letter, office, shown.subject).items():
        message[name] = value
    message.set_content(shown.text)
    message.add_alternative(shown.html, subtype="html")
    message["Content-Language"] = letter.lang  # those of this name set before go into the first part
    message.set_boundary(f"=_{letter.key}")  # the same bytes at each try
    return message.as_bytes()


def _headers(letter: Letter, office: Office, subject: str) -> dict[str, object]:
    host = domain(office)
    name, from_ = sender(office)
    headers: dict[str, object] = {
        "From": _address(from_, name),
        "To": _address(letter.address),
        "Subject": one_line(subject),
        "Date": format_datetime(times.utc(letter.sent_at)),
        "Message-ID": f"<{letter.key}@{host}>",
        "List-ID": f"<alert-{letter.body['data']['alert']['id']}.{host}>",
        "Auto-Submitted": "auto-generated",
    }
    if letter.unsubscribe:
        headers["List-Unsubscribe"] = f"<{one_line(letter.unsubscribe)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _address(said: str, name: str = "") -> Address:
    local, _, host = said.rpartition("@")
    return Address(name, local, host)


def sender(office: Office) -> tuple[str, str]:
    """Name and address of KLE_MAIL_FROM, the host in ASCII."""
    name, address = parseaddr(office.settings.mail_from)
    local, at, host = address.rpartition("@")
    return name, local + at + _in_ascii(host)


def domain(office: Office) -> str:
    """Where this archive lives: the host of KLE_BASE_URL where it is a name of the net, else the sender's."""
    host = urlsplit(office.settings.base_url).hostname or ""
    if "." not in host or _is_number(host):
        return sender(office)[1].rpartition("@")[2]
    return _in_ascii(host)


def _in_ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:  # names of a machine's own net may break the rules
        return host if host.isascii() else "localhost.localdomain"


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def one_line(said: str) -> str:
    """No header ends where a post or an alert's name says so."""
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())
