"""The seam between an alert and the world: what a channel is given, and what it must be.

A channel is one file in alerts/channels, found by its name, with

    FIELD = "url"                   # what [[alert]] and the API call its address: to or url
    CONFIRMS = False                # whether an address must say yes before it is told anything
    SIGNS = False                   # whether it gets a secret to sign with
    def address(said: str) -> Address: ...                       # raises BadRequest
    def send(letter: Letter, office: Office) -> Answer: ...      # raises DeliveryError, Refused

`send` is called in a thread without a transaction, may take `TIMEOUT` seconds, and may be called again for the same
letter: the letter's key goes along so that a receiver can tell.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any

from alerts.links import Links
from core import plugins
from core.errors import BadRequest
from core.guard import Guard
from core.settings import Settings
from core.version import SOFTWARE, version

PACKAGE = "alerts.channels"
TIMEOUT = 20.0  # seconds for one message
AGENT = f"{SOFTWARE}/{version()}"
LONGEST_ANSWER = 1000  # characters of what a receiver said that are kept


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go: in its usual form, by which a subscriber is known, and as it may be shown."""

    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one address; the same at each try, save for `sent_at`.

    `body` is the JSON of a webhook ({"type", "timestamp", "data"}), `kind` that of the delivery. `secrets` sign,
    the newest first. `unsubscribe` and `confirm` are absolute links of this subscriber, None where there are none.
    """

    key: str
    kind: str
    lang: str
    address: str = field(repr=False)
    body: dict[str, Any] = field(repr=False)
    sent_at: datetime
    secrets: tuple[str, ...] = field(default=(), repr=False)
    unsubscribe: str | None = field(default=None, repr=False)
    confirm: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """That a receiver took it, with its status and the beginning of what it said."""

    status: int | None = None
    said: str = ""


@dataclass(frozen=True)
class Office:
    """What channels share."""

    settings: Settings
    links: Links
    guard: Guard

    @classmethod
    def of(cls, settings: Settings, resolve: Callable[..., Any] | None = None) -> "Office":
        guard = Guard(settings.networks, resolve) if resolve else Guard(settings.networks)
        return cls(settings, Links.of(settings), guard)


def heard(said: str) -> str:
    """The beginning of what a receiver said, as one line of visible characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in said[: LONGEST_ANSWER * 4]).split())[
        :LONGEST_ANSWER
    ]


def kinds() -> list[str]:
    return plugins.names(PACKAGE)


def module(kind: str) -> ModuleType:
    """Raises BadRequest for a kind that is none."""
    found = plugins.one(PACKAGE, kind)
    if found is None:
        raise BadRequest(f"there is no channel {kind!r}; there are {', '.join(kinds())}", parameter="channels")
    return found
