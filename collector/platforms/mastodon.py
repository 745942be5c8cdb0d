"""Mastodon and what speaks its API: an account's statuses, newest first by Link header, without login.

[[source]] kind = "mastodon": `account` as "@user@host" or its profile's address; `base_url` asks another server.
The newest page is read again in every round: edits and counts show there, and a status that has vanished from it
is asked for by itself; where the server answers 404 or 410, that is its deletion. Of a status that was edited the
versions before are read too. `recheck` asks for any known status whose number on that server its address tells.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _asked, _mastodon
from collector.platforms._account import AccountOptions, remembered, saved
from collector.platforms._walk import Answer, walk
from core.errors import FetchError, Gone, ParseError, Refused
from core.page import Page
from core.post import Asked, Problem, SeenPost

_HANDLE = re.compile(r"@?([\w.-]+)@([\w.-]+(?::\d+)?)")
_PROFILE = re.compile(r"https?://([\w.-]+(?::\d+)?)/(?:@|users/|web/@)([\w.-]+)/?")
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_NOTICE = re.compile(r"https?://([^/]+)/notice/([A-Za-z0-9]+)/?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.I)
_LOGIN = (401, 403, 422)
_LIMIT = 40
_CHECKS = 10  # statuses that have vanished, asked for in one round
_REMEMBERED = 500  # edited statuses
_STATUS, _SINCE = "x-status", "x-since"  # whose history this is, and up to which edit it is known
MOST_RECHECKS = 100  # known statuses, asked for in one go


class Target(AccountOptions):
    account: str = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.path and not self.user:
            raise ValueError('needs account = "@user@host" or "https://host/@user"')
        return self

    @property
    def _parts(self) -> tuple[str, str]:
        if found := _PROFILE.fullmatch(self.account.strip()):
            return found[2], found[1]
        found = _HANDLE.fullmatch(self.account.strip())
        return (found[1], found[2]) if found else ("", "")

    @property
    def user(self) -> str:
        return self._parts[0]

    @property
    def host(self) -> str:
        return self._parts[1].lower()

    @property
    def api(self) -> str:
        return self.server(f"https://{self._parts[1]}") + "/api/v1"


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
        return
    look = _Look(target, fetcher, state)
    yield from walk(look.statuses, look.state, "statuses", target.max_pages)
    yield from look.vanished()


class _Look:
    """One round: whose statuses, what the newest page showed the last time, and what has vanished from it."""

    def __init__(self, target: Target, fetcher: Fetcher, state: dict[str, Any]) -> None:
        self._fetcher = fetcher
        self._target = target
        self.state = remembered(state, f"{target.api} {target.user}", "window", "missing", "edited", "statuses")
        self._fresh = {name: None for name, value in self.state.items() if value is None}
        self._window: list[list[str]] = list(self.state.get("window") or [])
        self._missing: list[list[str]] = list(self.state.get("missing") or [])
        self._edited: dict[str, str] = dict(self.state.get("edited") or [])

    def statuses(self, cursor: str | None) -> Answer | None:
        address = f"{self._target.api}/accounts/{quote(self._id())}/statuses?limit={_LIMIT}"
        page = self._get(address + f"&max_id={quote(cursor)}") if cursor else self._get(address, self.state)
        if page is None:
            return None
        try:
            found = _listed(page)
        except ParseError:
            return Answer(page, sound=False)
        histories = tuple(self._histories(found))
        self._fresh = {}
        keys = tuple(_key(number) for status in found if (number := answers.number(status, "id")))
        following = _next(page, found)
        kept = {} if cursor else self._seen(found, keys, whole=following is None)
        return Answer(page, keys, following, state={**kept, **self._known_edits()}, before=histories)

    def _histories(self, found: list[dict[str, Any]]) -> Iterator[Page]:
        """The versions of statuses that were edited since the last look, for reading before the newest one."""
        for status in found:
            number, edited = answers.number(status, "id"), answers.text(status, "edited_at")
            since = self._edited.get(number, "")
            if not edited or edited == since or not _quietly(status):
                continue
            page = self._history(number)
            if page is None or _asked.sound(page, lambda document: document):
                self._edited[number] = edited
            if page:
                told = {_STATUS: json.dumps({**status, "edited_at": None}), _SINCE: since}
                yield replace(page, headers={**page.headers, **told}, state=self._known_edits())

    def _history(self, number: str) -> Page | None:
        """None where the server keeps no history or does not show it."""
        try:
            return self._get(f"{self._target.api}/statuses/{quote(number)}/history")
        except (Gone, Refused):
            return None

    def _get(self, url: str, state: dict[str, Any] | None = None) -> Page | None:
        return _get(self._fetcher, url, state)

    def _known_edits(self) -> dict[str, Any]:
        newest = list(self._edited.items())[-_REMEMBERED:]
        edited = [list(pair) for pair in newest]
        return {**self._fresh, "edited": edited, "of": self.state["of"], "id": self.state.get("id")}

    def _id(self) -> str:
        """The account's number on this server, asked for once."""
        if "id" not in self.state:
            page = self._get(f"{self._target.api}/accounts/lookup?acct={quote(self._target.user)}")
            about = answers.document(page) if page else {}
            self.state = {**self.state, "id": _needed_id(about, self._target)}
        return str(self.state["id"])

    def _seen(self, found: list[dict[str, Any]], keys: tuple[str, ...], *, whole: bool) -> dict[str, Any]:
        """What to keep of the newest page; what should be on it and is not has vanished."""
        shown = {answers.number(status, "id") for status in found}
        oldest = "" if whole else min(keys, default="~")
        lost = [pair for pair in self._window if pair[0] not in shown and _key(pair[0]) >= oldest]
        waiting = [pair for pair in self._missing if pair[0] not in shown and pair not in lost]
        self._missing = waiting + lost
        self._window = [[answers.number(s, "id"), post.platform_id] for s in found if (post := _quietly(s))]
        return {"window": self._window, "missing": self._missing}

    def vanished(self) -> Iterator[Page]:
        for number, platform_id in list(self._missing[:_CHECKS]):
            for page in _status(self._target, self._fetcher, number, platform_id):
                again = [] if _asked.sound(page, _statuses) else [[number, platform_id]]
                self._missing = self._missing[1:] + again
                yield replace(page, state={"missing": self._missing})


def recheck(target: Target, fetcher: Fetcher, state: dict[str, Any], posts: Sequence[Asked]) -> Iterator[Page]:
    """Known statuses, each asked for by itself, as far as somebody knows their numbers on this server."""
    if not target.user:
        return
    own = _numbers_are_own(target, state)
    known = {platform_id: number for number, platform_id in state.get("window") or []}
    found = ((p, known.get(p.platform_id) or _number(p, target.host, own)) for p in posts)
    for post, number in [(post, number) for post, number in found if number][:MOST_RECHECKS]:
        yield from _status(target, fetcher, number, post.platform_id)


def _numbers_are_own(target: Target, state: dict[str, Any]) -> bool:
    """Whether the server that is asked knows a status by the number in its address. Pleroma and Friendica do not,
    nor does a server that only passes on what another one wrote: its 404 would be no deletion.
    """
    shown = [(n, p.partition("/")[2]) for n, p in state.get("window") or [] if p.startswith(target.host + "/")]
    return all(number == tail for number, tail in shown) and bool(shown or not target.base_url)


def _number(post: Asked, host: str, own: bool) -> str | None:
    if found := _NOTICE.fullmatch(post.url or ""):  # Pleroma's own address of a status has its number
        return found[2] if found[1].lower() == host else None
    where, _, tail = post.platform_id.partition("/")
    return tail if own and where == host and tail and not _UUID.fullmatch(tail) else None


def _status(target: Target, fetcher: Fetcher, number: str, platform_id: str) -> Iterator[Page]:
    with _login_told():
        yield from _asked.one(fetcher, f"{target.api}/statuses/{quote(number)}", platform_id, headers=_asked.JSON)


def _get(fetcher: Fetcher, url: str, state: dict[str, Any] | None = None) -> Page | None:
    with _login_told():
        return fetcher.get(url, state, _asked.JSON)


@contextmanager
def _login_told() -> Iterator[None]:
    try:
        yield
    except (Gone, Refused):
        raise
    except FetchError as error:
        if error.answered not in _LOGIN:
            raise
        raise Refused(
            f"{error.message}. This server shows statuses only to people with an account there; the account "
            "can be read through another server that knows it (base_url)",
            answered=error.answered,
            body=error.body,
        ) from None


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The public statuses of a page in its order; a page that is gone is the deletion of its status."""
    if page.status in _asked.GONE:
        yield _asked.gone_from_api(page, _mastodon.PLATFORM, "post")
        return
    document = answers.document(page)
    if _STATUS in page.headers:
        status, since = json.loads(page.headers[_STATUS]), page.headers.get(_SINCE, "")
        yield from answers.every(
            _mastodon.versions(status, answers.rows({"edits": document}, "edits"), since), _mastodon.read
        )
    else:
        yield from answers.every(_statuses(document), _mastodon.read)


def _statuses(document: Any) -> list[Any]:
    """The statuses of every answer that holds some: a list, one status, a search, a thread, notifications."""
    if isinstance(document, list):
        return [s for item in document for s in (_inside(item) if isinstance(item, dict) else [item])]
    if not isinstance(document, dict):
        raise ParseError("this JSON is neither a list of statuses nor one status")
    if answers.text(document, "error"):
        raise ParseError(f"the server answered: {answers.text(document, 'error')[:300]}")
    lists = [n for n in ("ancestors", "statuses", "descendants") if isinstance(document.get(n), list)]
    if lists:
        return [status for name in lists for status in document[name]]
    found = _inside(document)
    if found == [document] and "content" not in document:
        raise ParseError("this JSON holds no status of Mastodon's API")
    return found


def _inside(item: dict[str, Any]) -> list[Any]:
    """A status itself, that of a notification, or none in an account."""
    if "content" not in item and isinstance(item.get("status"), dict):
        return [item["status"]]
    return [] if "content" not in item and {"acct", "username"} <= item.keys() else [item]


def _listed(page: Page) -> list[dict[str, Any]]:
    return [s for s in _statuses(answers.document(page)) if isinstance(s, dict)]


def _quietly(status: dict[str, Any]) -> SeenPost | None:
    found = answers.sound(status, _mastodon.read)
    return found if isinstance(found, SeenPost) else None


def _next(page: Page, found: list[dict[str, Any]]) -> str | None:
    """max_id of the next page, from the Link header; a server without that header has more where a page is full."""
    header = page.headers.get("link", "")
    if following := _NEXT.search(header):
        return next(iter(parse_qs(urlsplit(following[1]).query).get("max_id", [])), None)
    numbers = [n for s in found if (n := answers.number(s, "id"))]
    return min(numbers, key=_key) if not header and len(found) >= _LIMIT and numbers else None


def _key(number: str) -> str:
    """Ids sort by length, then by letters: numbers and the sortable ids of other servers alike."""
    return f"{len(number):04d}{number}"


def _needed_id(about: Any, target: Target) -> str:
    if found := answers.number(about, "id"):
        return found
    raise FetchError(f"{target.api} does not say who {target.user} is: its answer has no id")
