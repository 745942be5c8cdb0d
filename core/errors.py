"""Every failure that a person or a program may see, named once.

    KleError
    ├── SettingsError          a setting or kle.toml entry is wrong: the start stops
    ├── NotFound               no such post, source, topic ...
    ├── Forbidden              no key, or a key without the scope
    ├── NotAcceptable          no form of the answer that its reader takes
    ├── BadRequest
    │   ├── QueryError         a query that does not parse (position, what was expected)
    │   └── CursorError        a cursor that this archive did not hand out
    ├── ModelError             the classifier's files cannot be used
    ├── NotReady               a part is missing for now (database not migrated, model absent)
    │   ├── NoRoom             the disk of the database is full
    │   ├── Busy               more is asked at once than can be answered
    │   └── TooSlow            a read took longer than a request may
    ├── DeliveryError          a message could not be handed over; transient unless said otherwise
    │   ├── Rejected           its receiver does not take this message, however often it is sent
    │   └── AddressGone        nothing more goes to that address until a person says so
    └── CollectError           one look at a source went wrong
        ├── FetchError         the network or the server; transient unless said otherwise
        │   ├── RateLimited    429 or 503 with a time to wait
        │   ├── Gone           404 or 410
        │   └── Refused        private network, robots.txt, too large, wrong scheme: never retried
        ├── OverBudget         the next request could cost more than the day's budget still holds
        └── ParseError         bytes that are not what the source's kind reads

Each carries its HTTP `status`, whether it is `transient` (worth another try without a change by a person)
and `retry_after` in seconds, where known. The message is for people: what is wrong and what to do.
"""

from typing import Any, ClassVar

from core.secrecy import masked


class KleError(Exception):
    """A failure with a message for people; `extra` goes into the problem+json answer."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    transient: bool = False

    def __init__(self, message: str, *, retry_after: float | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.extra = extra


HIDDEN = "***"  # a value that may be, or hold, a secret


class SettingsError(KleError):
    """`name` has the value `value`, unless that is HIDDEN; `allowed` says what to write instead."""

    title = "Wrong setting"

    def __init__(self, name: str, value: object, allowed: str) -> None:
        said = name if value is HIDDEN else f"{name} = {value!r}"
        super().__init__(f"{said}: {allowed}", name=name, value=repr(value), allowed=allowed)


class NotFound(KleError):
    status = 404
    title = "Not found"


class Forbidden(KleError):
    status = 403
    title = "Not allowed"


class NotAcceptable(KleError):
    status = 406
    title = "Not acceptable"


class BadRequest(KleError):
    status = 422
    title = "Invalid request"


class QueryError(BadRequest):
    """`position` counts code points from 0; `expected` lists what would parse there."""

    title = "Invalid query"

    def __init__(self, message: str, position: int, expected: list[str] | None = None) -> None:
        super().__init__(message, position=position, expected=expected or [])
        self.position = position
        self.expected = expected or []


class CursorError(BadRequest):
    title = "Invalid cursor"


class ModelError(KleError):
    title = "Model cannot be used"


class NotReady(KleError):
    status = 503
    title = "Not ready"
    transient = True


class NoRoom(NotReady):
    status = 507
    title = "No room"


class Busy(NotReady):
    title = "Too busy"


class TooSlow(NotReady):
    title = "Took too long"


class DeliveryError(KleError):
    """`answered` is the receiver's status of HTTP or SMTP, None where none came."""

    status = 502
    title = "Not delivered"
    transient = True

    def __init__(self, message: str, *, retry_after: float | None = None, answered: int | None = None) -> None:
        super().__init__(masked(message), retry_after=retry_after)
        self.answered = answered


class Rejected(DeliveryError):
    title = "Rejected"
    transient = False


class AddressGone(DeliveryError):
    title = "Address gone"
    transient = False


class CollectError(KleError):
    status = 502
    title = "Collection failed"


class FetchError(CollectError):
    """`answered` is the server's HTTP status and `body` the start of what it said; None and b"" where none came."""

    title = "Fetch failed"
    transient = True

    def __init__(
        self, message: str, *, retry_after: float | None = None, answered: int | None = None, body: bytes = b""
    ) -> None:
        super().__init__(masked(message), retry_after=retry_after)
        self.answered = answered
        self.body = body


class RateLimited(FetchError):
    title = "Rate limited"


class Gone(FetchError):
    title = "Gone"
    transient = False


class Refused(FetchError):
    title = "Refused"
    transient = False


class OverBudget(CollectError):
    """`retry_after` reaches to the start of the next day (UTC), when the budget is new."""

    title = "Over budget"
    transient = True


class ParseError(CollectError):
    title = "Unreadable payload"
