"""Slack, Teams, Telegram, Matrix, ntfy and a hundred other services, each by the address that Apprise has for it.

Only what is asked over HTTP goes through here: nothing that shows windows on this machine, writes its log, or
speaks a protocol of its own. What Apprise connects to is checked where Python itself reports it, whichever library
asks, so that neither a name that answers differently later nor a redirect leads into a private network.
"""

import logging
import re
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from alerts import render
from alerts.channel import TIMEOUT, Address, Answer, Letter, Office, heard
from alerts.deadline import Deadline
from core.errors import BadRequest, DeliveryError, Refused
from core.guard import Guard
from core.secrecy import place

FIELD = "url"
CONFIRMS = False
SIGNS = False
_PAUSE = TIMEOUT / 2  # for a connection, and between two bytes of an answer
_STATUS = re.compile(r"error=(\d{3})\b")
_FILES = ("vapid",)  # its keys and recipients are files of this machine
_OURS = frozenset({"rto", "cto", "retry", "wait", "optional", "redirect", "overflow"})
_REACHED_BY_MAIL = ("mailto", "mailtos")


def address(said: str) -> Address:
    given = said.strip()
    schema = given.partition(":")[0].lower()
    if schema in _REACHED_BY_MAIL:
        raise _wrong('mails are sent by the kind "email", which has the link that ends them')
    service = _service(given) if given.isprintable() else None
    if service is None:
        raise _wrong(f"Apprise cannot use it{_why(schema)}; its services are at https://appriseit.com/services/")
    if schema in _FILES or _reads_files(service):
        raise _wrong(
            f"{schema}:// would read files of this machine; write what they say into the address, if it can"
        )
    if not _asks_by_http(service):
        raise _wrong(f"{schema}:// is not asked over HTTP; only such services can be used here")
    return Address(_usual(service), _shown(service))


def _usual(service: Any) -> str:
    """The address as Apprise writes it, less what is set for all of them here."""
    whole, _, asked = service.url().partition("?")
    kept = [pair for pair in asked.split("&") if pair.partition("=")[0] not in _OURS]
    return "?".join(filter(None, (whole, "&".join(kept))))


def _shown(service: Any) -> str:
    return place(service.url(privacy=True).partition("?")[0])


def _wrong(why: str) -> BadRequest:
    return BadRequest(f"that address cannot be told anything: {why}", parameter="channels")


def _why(schema: str) -> str:
    from apprise.asset import N_MGR as known  # noqa: N811 - it is one object

    if schema in known:
        return "" if known[schema].enabled else f", since {schema}:// is switched off on this system"
    return f", since it knows no {schema}://" if schema.isalnum() else ""


def _service(url: str) -> Any:
    """The one service of an address, None where there is none. Nothing that it says makes this machine read files,
    keep them, wait longer, or take a failure for a success."""
    from apprise import Apprise, AppriseAsset
    from apprise.common import OverflowMode, PersistentStoreMode

    _prepare()
    asset = AppriseAsset(
        storage_mode=PersistentStoreMode.MEMORY,
        allow_templates=False,
        secure_logging=True,
        service_timeout=0,  # it would be asked in another thread, which goes on after it
        async_mode=False,
        pgp_autogen=False,
        pem_autogen=False,
    )
    try:
        service: Any = Apprise.instantiate(url, asset=asset)
    except Exception:  # many of its services stumble over an address that lacks a part
        return None
    if service is not None:
        service.socket_connect_timeout = service.socket_read_timeout = _PAUSE
        service.redirects = service.optional = False
        service.retry = 0
        service.overflow_mode = OverflowMode.SPLIT
        if "host" in service.template_tokens and "." in (service.host or ""):  # else a token stands there
            service.host = service.host.lower()
    return service


def _reads_files(service: Any) -> bool:
    from apprise import AppriseAttachment
    from apprise.attachment.base import AttachBase

    held = vars(service).values()
    return any(isinstance(one, AttachBase) or (isinstance(one, AppriseAttachment) and len(one)) for one in held)


def _asks_by_http(service: Any) -> bool:
    """Those that do have the one library for it in the module of their class or of one that it is made from."""
    return any(hasattr(sys.modules.get(kind.__module__), "requests") for kind in type(service).__mro__)


def send(letter: Letter, office: Office) -> Answer:
    note = render.note(letter, office.links)
    with _watched(office.guard) as call:
        taken, shown = _notify(letter.address, note.title, note.text)
    if taken:
        return Answer()
    if call.refused:
        raise call.refused
    said = _without(heard("; ".join(dict.fromkeys(call.said))), letter.address, shown)
    status = _STATUS.search(said)
    raise DeliveryError(
        f"{shown} did not take it: {said or 'Apprise does not say why'}",
        answered=int(status[1]) if status else None,
    )


def _notify(url: str, title: str, text: str) -> tuple[bool, str]:
    """A function of its own: some services say goodbye when they are let go, and that too is to be watched."""
    from apprise import Apprise, NotifyFormat

    service = _service(url)
    if service is None:
        return False, place(url.partition("?")[0])
    speaker = Apprise(asset=service.asset)
    speaker.add(service)
    taken = bool(speaker.notify(body=text, title=title, body_format=NotifyFormat.TEXT))
    return taken, _shown(service)


def _without(said: str, url: str, shown: str) -> str:
    """What was logged, without any part of the address that is not shown."""
    for part in sorted(set(re.split(r"[/:@?&=#,]+", url)), key=len, reverse=True):
        if len(part) >= 4 and part not in shown:
            said = said.replace(part, "***")
    return said


class _Call:
    """One call of Apprise: what it may connect to, for how long, and what it said."""

    def __init__(self, guard: Guard, stack: ExitStack) -> None:
        self.refused: Refused | None = None
        self.said: list[str] = []
        self._guard = guard
        self._stack = stack

    def connect(self, connection: socket.socket, to: Any) -> None:
        """Raises OSError, which each library takes for a connection that failed. Each connection has its own time:
        a long message goes in many parts, with the pauses that its service asks for."""
        try:
            self._guard.check(to[0], to[0])
        except Refused as error:
            self.refused = error
            raise OSError(error.message) from None
        except (ValueError, TypeError, AttributeError):  # a name that nobody looked up, or a socket of this machine
            self.refused = Refused("Apprise may connect to addresses of the net alone")
            raise OSError(self.refused.message) from None
        self._stack.enter_context(Deadline(TIMEOUT)).watch(connection)


_CALL: ContextVar[_Call | None] = ContextVar("apprise_call", default=None)


@contextmanager
def _watched(guard: Guard) -> Iterator[_Call]:
    _prepare()
    with ExitStack() as stack:
        call = _Call(guard, stack)
        token = _CALL.set(call)
        try:
            yield call
        finally:
            _CALL.reset(token)


class _Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if call := _CALL.get():
            call.said.append(record.getMessage())


_PREPARING = threading.Lock()


def _prepare() -> None:
    with _PREPARING:
        _prepare_once()


@cache
def _prepare_once() -> None:
    """Hooks cannot be taken out again. What Apprise logs is a delivery's answer, nobody else's."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.addHandler(_Listener())
    sys.addaudithook(_audit)
    with warnings.catch_warnings():  # of what its services import, all at once
        warnings.simplefilter("ignore", DeprecationWarning)
        from apprise import Apprise

        Apprise.instantiate("json://localhost")


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (call := _CALL.get()):
        call.connect(*args)
