"""Who asks (DESIGN, "Access"): a key, a signed-in session, somebody at this machine, or the public.

Reading is for all but the public, and for the public too where `public_read` is set, under core.terms. Writing
needs a key or a session with the scope, also from the loopback: a web page can make a browser send requests
there. The loopback rule names the hosts it trusts, so a name that is re-bound to 127.0.0.1 gains nothing, and a
forwarding header shows that a proxy stands before the true sender.
"""

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from fastapi import Depends, Form, Header, Request
from starlette.concurrency import run_in_threadpool

from api.deps import Context, context
from core import times
from core.errors import Forbidden
from core.terms import Audience
from db import credentials
from db.corrections import Author
from db.models import Credential

COOKIE = "kle_session"
HOW = (
    "Open the one-time sign-in link that `kle up` prints, or send `Authorization: Bearer kle_...` with a key"
    " from `kle keys add`."
)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_NOTED_EVERY = timedelta(hours=1)
_FORWARDING = (
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "fastly-client-ip",
)
Token = Annotated[str, Header(description="A signed-in session's own token; keys need none.")]


class SignInNeeded(Forbidden):
    """Nobody we know asks."""

    status: ClassVar[int] = 401
    title: ClassVar[str] = "Sign-in needed"


@dataclass(frozen=True, slots=True)
class Caller:
    """`csrf` is the token that this session's forms carry; `credential_id` the row of the key or session."""

    kind: Literal["key", "session", "loopback", "public"]
    name: str = ""
    scopes: frozenset[str] = frozenset()
    csrf: str | None = None
    credential_id: int | None = None

    @property
    def internal(self) -> bool:
        return self.kind != "public"

    @property
    def audience(self) -> Audience:
        return "internal" if self.internal else "public"

    @property
    def sees_addresses(self) -> bool:
        """Of those who are told: not for a key or a session that may only read."""
        return self.kind == "loopback" or self.may("alerts")

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


LOOPBACK = Caller("loopback")
PUBLIC = Caller("public")


async def caller(request: Request) -> Caller:
    """Who asks; kept in the request's state, for the header of pages and for caches."""
    if not hasattr(request.state, "who"):
        request.state.who = await _caller(request)
    found: Caller = request.state.who
    return found


async def _caller(request: Request) -> Caller:
    """The first that fits: key, session, loopback, public. A key that is no longer good is refused outright."""
    site = context(request)
    secret = _bearer(request)
    if secret is not None:
        return await run_in_threadpool(_by_key, site, secret)
    cookie = request.cookies.get(COOKIE)
    found = await run_in_threadpool(_by_session, site, cookie) if cookie else None
    return found or (LOOPBACK if is_local(request) else PUBLIC)


async def reader(request: Request, who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Anybody who may read; raises SignInNeeded."""
    if who.internal or context(request).settings.public_read:
        return who
    raise SignInNeeded(f"This archive answers only those it knows. {HOW}")


async def still_may_read(request: Request) -> None:
    """For a request that stays open: its key or session may have ended since. Raises as `reader` does."""
    await reader(request, await _caller(request))


async def still_insider(request: Request) -> None:
    """As `still_may_read`, for what is not for the public."""
    await insider(await _caller(request))


async def subscriber(request: Request) -> Caller:
    """Anybody who may read, and feed readers, which can often send no header of their choice: they say a key as the
    password of an address, or in it (`?key=`). Addresses end up in logs, bookmarks and lists that are shared, so a
    key that may do more than read is not taken there."""
    password = _password(request)
    secret = request.query_params.get("key") if password is None else password
    if secret is None:
        return await reader(request, await caller(request))
    who = await run_in_threadpool(_by_key, context(request), secret)
    if who.scopes != {"read"}:
        raise Forbidden("a key in an address may read and nothing else: make one with `kle keys add --scope read`")
    request.state.who = who
    return who


async def insider(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Not the public, whatever `public_read` says."""
    if who.internal:
        return who
    raise SignInNeeded(f"This is not for outside readers. {HOW}")


def writer(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency: a key or session with `scope`; a session also shows its CSRF token in X-CSRF-Token."""

    async def check(who: Annotated[Caller, Depends(caller)], x_csrf_token: Token = "") -> Caller:
        check_writer(who, scope, x_csrf_token)
        return who

    return check


def check_writer(who: Caller, scope: str, token: str) -> None:
    """Raises SignInNeeded or Forbidden for who has not this scope, and for a session without its CSRF token."""
    require(who, scope)
    if who.kind == "session":
        check_csrf(who, token)


def require(who: Caller, scope: str) -> None:
    """Raises SignInNeeded or Forbidden for who has not this scope."""
    if who.kind not in ("key", "session"):
        raise SignInNeeded(f"This needs a key or a session with the scope {scope!r}. {HOW}")
    if not who.may(scope):
        raise Forbidden(f"this needs the scope {scope!r}; {who.name!r} has {sorted(who.scopes)}")


async def admin(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """A key or session with the scope admin."""
    require(who, "admin")
    return who


def author(who: Caller) -> Author:
    """Under whose name a key or session that may write says something."""
    if who.credential_id is None:
        raise SignInNeeded(f"Only a key or a session has a name to say something under. {HOW}")
    return Author(who.credential_id, who.name)


def presser(scope: str) -> Callable[..., Caller]:
    """A dependency: whoever pressed a button of ours, and may."""

    def check(who: Annotated[Caller, Depends(caller)], csrf: Annotated[str, Form()] = "") -> Caller:
        require(who, scope)
        check_csrf(who, csrf)
        return who

    return check


Reader = Annotated[Caller, Depends(reader)]
Insider = Annotated[Caller, Depends(insider)]
Admin = Annotated[Caller, Depends(admin)]
AnyCaller = Annotated[Caller, Depends(caller)]


def csrf_token(session_secret: str) -> str:
    """Bound to the session: whoever cannot read its cookie cannot make one."""
    return hmac.new(session_secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(who: Caller, token: str) -> None:
    if not hmac.compare_digest((who.csrf or "").encode(), token.encode()) or not who.csrf:
        raise Forbidden("the form is out of date or came from another site; open the page again and repeat")


def is_local(request: Request) -> bool:
    """From the loopback, by a name of the loopback, with nothing in between."""
    hosts = request.headers.getlist("host")
    return (
        len(hosts) == 1
        and _without_port(hosts[0]) in _LOCAL_HOSTS
        and request.client is not None
        and _is_loopback(request.client.host)
        and not any(n in _FORWARDING or n.startswith("x-forwarded-") for n in request.headers)
    )


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _is_loopback(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def _bearer(request: Request) -> str | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _password(request: Request) -> str | None:
    """That of Basic authentication; the name is anybody's."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(packed.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _by_key(site: Context, secret: str) -> Caller:
    with site.database.read() as session:
        found = credentials.find(session, "key", secret, times.now())
        if found is None:
            raise SignInNeeded("This key is unknown, expired or revoked; `kle keys list` shows which are good.")
    _note_use(site, found)
    return Caller("key", found.name, frozenset(found.scopes), credential_id=found.id)


def _by_session(site: Context, secret: str) -> Caller | None:
    with site.database.read() as session:
        found = credentials.find(session, "session", secret, times.now())
    if found is None:
        return None
    _note_use(site, found)
    return Caller("session", found.name, frozenset(found.scopes), csrf_token(secret), found.id)


def _note_use(site: Context, found: Credential) -> None:
    """By the hour, and once each day: a read must not wait for a writer every time."""
    now, last = times.now(), found.used_at
    if found.id is not None and (last is None or last.date() != now.date() or abs(now - last) > _NOTED_EVERY):
        with site.database.write() as session:
            credentials.touch(session, found.id, now)
