"""Asking servers of the AT Protocol, and what their refusals mean."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import orjson

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from core.errors import FetchError, Refused
from core.page import Page

PUBLIC = "https://public.api.bsky.app"
_DENIED = (400, 401, 403)
_ADVICE = {
    "AccountTakedown": "the platform has taken this account down",
    "RepoTakendown": "the platform has taken this account down",
    "RepoSuspended": "the platform has suspended this account",
    "AccountDeactivated": "its owner has switched this account off",
    "RepoDeactivated": "its owner has switched this account off, or it has moved to another server",
    "RepoNotFound": "this server holds no such account; has it moved?",
    "AuthMissing": "this server shows it to readers with an account only",
    "AuthRequired": "this server shows it to readers with an account only",
    "AuthenticationRequired": "this server shows it to readers with an account only",
}
_OTHERWISE = "There is no such account, or it is deactivated or suspended, or this server may not show it"


def ask(
    fetcher: Fetcher,
    server: str,
    method: str,
    options: Iterable[tuple[str, str]],
    *,
    state: dict[str, Any] | None = None,
) -> Page | None:
    """One query; None where nothing has changed. Raises Refused with the server's reason where it has one."""
    url = f"{server}/xrpc/{method}?{urlencode(list(options), safe=':')}"
    try:
        return fetcher.get(url, state)
    except FetchError as error:
        if error.answered not in _DENIED or error.transient:
            raise
        raise Refused(_reason(url, error), answered=error.answered, body=error.body) from None


def record(
    fetcher: Fetcher, server: str, repo: str, collection: str, rkey: str, *, lost: bool = False
) -> Page | None:
    """A record, or the server's answer that it has no such one; with `lost` also that it has no such account."""
    options = [("repo", repo), ("collection", collection), ("rkey", rkey)]
    url = f"{server}/xrpc/com.atproto.repo.getRecord?{urlencode(options, safe=':')}"
    page = fetcher.get(url, also=_DENIED)
    if page is None or page.status not in _DENIED:
        return page
    document = said(page.body)
    if lacks_record(document) or (lost and lacks_account(document)):
        return page
    refusal = FetchError(f"{url} answered {page.status}", answered=page.status, body=page.body)
    raise Refused(_reason(url, refusal), answered=page.status, body=page.body)


def why_not_shown(fetcher: Fetcher, server: str, actor: str) -> Refused | None:
    """The reason that a profile gives, if any: feeds say "Profile not found" of every account not shown."""
    try:
        ask(fetcher, server, "app.bsky.actor.getProfile", [("actor", actor)])
    except Refused as refused:
        return None if lacks_account(said(refused.body)) else refused
    except FetchError:
        return None
    return None


def lacks_record(document: Any) -> bool:
    """Whether an answer says that the record that was asked for is not there; servers say so in two ways."""
    missing = answers.text(document, "message").startswith("Could not locate record")
    return answers.text(document, "error") == "RecordNotFound" or missing


def lacks_account(document: Any) -> bool:
    return answers.text(document, "message").startswith(("Could not find repo", "Profile not found"))


def said(body: bytes) -> Any:
    """The JSON of an error, None where there is none."""
    try:
        return orjson.loads(body)
    except ValueError:
        return None


def _reason(url: str, error: FetchError) -> str:
    document = said(error.body)
    name, words = answers.text(document, "error"), answers.text(document, "message")
    told = ": ".join(filter(None, (f"{url} answered {error.answered}", name, words)))
    advice = _ADVICE.get(name, _OTHERWISE)
    return f"{told[:600]}. {advice[0].upper()}{advice[1:]}"
