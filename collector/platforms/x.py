"""X by its API v2: an account's timeline, paid for, and so off until its owner has said three things.

[[source]] kind = "x": `account` as "@name" or the profile's address; `token`, the app's Bearer token, or better
X_BEARER_TOKEN in the environment; `accept_terms = true`, once somebody has read the terms of X; and
`daily_budget_usd`, which no UTC day exceeds: the worst case of every request is held back before it is sent
(prices in the setting x_prices), a quarter of the day at most. Where that is short, pages come smaller and barer;
what was read barely is read whole once there is money. `max_pages` bounds a round, in hundreds of posts; `base_url`
asks another server; `path` reads saved answers.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Self

from pydantic import Field, StrictBool, model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _x_cost
from collector.platforms import _x_forms as forms
from collector.platforms._account import AccountOptions, saved
from collector.platforms._walk import Answer, walk
from collector.platforms._x_ask import BARE, MOST, SITE, USER_FIELDS, WHOLE, Api, Level, richest
from core.errors import FetchError, Gone, ParseError, Refused
from core.page import Page
from core.post import Asked, Problem, SeenPost, View

PRICED = True
MOST_RECHECKS = 1000  # a round: X wants every post followed within a day
estimate = _x_cost.estimate
_HANDLE = re.compile(r"@?(\w{1,20})", re.A)
_PROFILE = re.compile(r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/@?(\w{1,20})/?(?:[?#].*)?", re.A | re.I)
_VARIABLE = "X_BEARER_TOKEN"
_BEARER = re.compile(r"[!-~]+")
_THIN = 2000  # posts that wait to be read whole
_BAD_REQUEST = 400


class Target(AccountOptions):
    account: str = ""
    token: str = Field(default="", repr=False)
    accept_terms: StrictBool = False
    daily_budget_usd: float = Field(default=0.0, ge=0, le=10_000, allow_inf_nan=False)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.path and not self.handle:
            raise ValueError('needs account = "@name" or "https://x.com/name"')
        return self

    @property
    def handle(self) -> str:
        """Without @."""
        named = self.account.strip()
        found = _PROFILE.fullmatch(named) or _HANDLE.fullmatch(named)
        return found[1] if found else ""

    @property
    def bearer(self) -> str:
        return (self.token or os.environ.get(_VARIABLE, "")).strip()

    @property
    def missing(self) -> list[str]:
        """What is still to be written before this source may be asked; saved answers need nothing."""
        if self.path:
            return []
        first = f"the app's Bearer token as {_VARIABLE} in the environment, or token in this source"
        if self.bearer:
            first = "a token of X: the one that is there holds characters that no token has; was it copied whole?"
        wanted = [
            (bool(_BEARER.fullmatch(self.bearer)), first),
            (self.accept_terms, "accept_terms = true, once you have read X's developer agreement and policy"),
            (self.daily_budget_usd > 0, "daily_budget_usd, such as 1.00: the US dollars that no day may exceed"),
        ]
        return [what for there, what in wanted if not there]


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
        return
    look = _Look(target, fetcher, state)
    yield from look.account()
    yield from walk(look.timeline, look.state, "timeline", look.pages(target.max_pages))
    yield from look.completed()


def recheck(target: Target, fetcher: Fetcher, state: dict[str, Any], posts: Sequence[Asked]) -> Iterator[Page]:
    """Known posts by id, a hundred at a time, for their counts and whether they are still there.

    A post is asked for by the newest id that is known of it; each page says in `about` for which posts it asked.
    Nothing is asked for a source that reads files.
    """
    if not target.path:
        yield from _Look(target, fetcher, state).asked_again(posts)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The posts of any answer of X's APIs, and of archives of them, in its order; edits oldest first."""
    yield from forms.read(page)


class _Look:
    """One round: who is asked about, which of its posts are known, and which were read barely."""

    def __init__(self, target: Target, fetcher: Fetcher, state: dict[str, Any]) -> None:
        if target.missing:
            raise Refused(f"X is asked only where a source says so; this one lacks {'; '.join(target.missing)}")
        server = target.server(SITE)
        self._handle = target.handle
        self._api = Api(server, target.bearer, fetcher)
        of = f"x {server} {target.handle.lower()}"
        self.state: dict[str, Any] = state if state.get("of") == of else {"of": of}
        self._user: dict[str, Any] = self.state.get("user") or {}
        self._thin: list[str] = list(self.state.get("thin", []))

    def account(self) -> Iterator[Page]:
        """Its number, asked for once."""
        if self._user:
            return
        path = f"users/by/username/{self._handle}"
        page = self._api.get(path, {"user.fields": USER_FIELDS}, {"user": 1})
        try:
            document = answers.document(page)
        except ParseError as error:
            self._api.purse.keep()
            raise FetchError(f"X does not say who @{self._handle} is: {error.message}") from None
        if not answers.table(document, "data"):
            self._api.purse.release()
        self._user = _user(document, self._handle)
        self.state = {**self.state, "user": self._user}
        new: dict[str, Any] = {"timeline": None, "thin": []}  # of another account there may be some
        yield replace(page, state={**new, **self.state}, reads={"user": (self._user["id"],)})

    def pages(self, full: int) -> int:
        """How many pages hold as many posts as so many full ones, where the day's money makes pages smaller."""
        return -(-full * MOST // richest(self._api.purse)[1])

    def timeline(self, cursor: str | None) -> Answer | None:
        """`cursor` is "since|oldest|token": what lies between an id that is known and one that was read last."""
        since, oldest, token = cursor.split("|") if cursor else (self._newest(), "", "")
        level, count = richest(self._api.purse)
        page = self._page_of(level, count, since, oldest, token)
        try:
            reads, document = forms.reads(page), answers.document(page)
        except ParseError:
            self._api.purse.keep()
            return Answer(page, sound=False)
        numbers = [n for row in answers.tables(document, "data") if (n := answers.number(row, "id")).isdecimal()]
        following = answers.text(answers.table(document, "meta"), "next_token")
        low = min(numbers, key=_key, default=oldest)
        page = replace(page, reads=reads)
        kept = self._noted(page, level)
        sound = isinstance(document, dict) and forms.is_answer(document)
        return Answer(
            page, tuple(map(_key, numbers)), f"{since}|{low}|{following}" if following else None, sound, kept
        )

    def _newest(self) -> str:
        known = answers.text(self.state.get("timeline"), "newest")
        return known[2:]

    def _page_of(self, level: Level, count: int, since: str, oldest: str, token: str) -> Page:
        """By token; by id where X does not know the token any more."""
        options = {"max_results": str(count), **level.options}
        options |= {"since_id": since} if since else {}
        path, worst = f"users/{self._user['id']}/tweets", level.worst(count)
        try:
            return self._named(self._api.get(path, options | ({"pagination_token": token} if token else {}), worst))
        except FetchError as error:
            if not (token and error.answered == _BAD_REQUEST):
                raise
        older = {"until_id": oldest} if oldest else {}
        return self._named(self._api.get(path, options | older, worst))

    def _named(self, page: Page) -> Page:
        """With the account, which a bare answer does not name."""
        return (
            replace(page, headers={**page.headers, forms.ACCOUNT: json.dumps(self._user)}) if self._user else page
        )

    def _noted(self, page: Page, level: Level) -> dict[str, Any]:
        """Remember which posts were not shown whole because that was not paid for."""
        if level is not WHOLE:
            seen = (item for item in forms.read(page) if isinstance(item, SeenPost) and item.view is not View.FULL)
            numbers = [(post.other_ids or (post.platform_id,))[-1] for post in seen]
            self._thin = list(dict.fromkeys([*self._thin, *numbers]))[-_THIN:]
        return {"of": self.state["of"], "thin": list(self._thin)}

    def completed(self) -> Iterator[Page]:
        """Those that were read barely, whole, as far as there is money now."""
        while self._thin:
            count = WHOLE.affordable(self._api.purse, min(MOST, len(self._thin)), least=1)
            if not count:
                return
            batch, self._thin = self._thin[:count], self._thin[count:]
            yield replace(self._by_id(WHOLE, batch), state={"thin": list(self._thin)})

    def asked_again(self, posts: Sequence[Asked]) -> Iterator[Page]:
        waiting = iter([(post.platform_id, newest) for post in posts if (newest := _newest_id(post))])
        while batch := list(islice(waiting, MOST)):
            while batch:
                count = max(1, BARE.affordable(self._api.purse, len(batch)))
                asked, batch = batch[:count], batch[count:]
                page = self._by_id(BARE, [newest for _, newest in asked])
                yield replace(page, about=tuple(dict.fromkeys(chain.from_iterable(asked))))

    def _by_id(self, level: Level, numbers: Sequence[str]) -> Page:
        page = self._api.get("tweets", {"ids": ",".join(numbers), **level.options}, level.worst(len(numbers)))
        try:
            return replace(self._named(page), reads=forms.reads(page))
        except ParseError:
            self._api.purse.keep()
            return page


def _user(document: Any, handle: str) -> dict[str, Any]:
    """Raises Gone or Refused with what X says of an account that it does not show."""
    user = answers.table(document, "data")
    number = answers.number(user, "id")
    if not number.isdecimal():
        error = next(iter(answers.tables(document, "errors")), {})
        said = answers.text(error, "detail") or answers.text(error, "title") or "its answer has no id"
        kind = Gone if answers.text(error, "title") == "Not Found Error" else Refused
        raise kind(f"X shows no account @{handle}: {said[:300]}")
    if user.get("protected") is True:
        raise Refused(f"@{handle} shows its posts only to those whom it lets in (protected)")
    return {"id": number, "username": answers.text(user, "username") or handle, "name": answers.text(user, "name")}


def _newest_id(post: Asked) -> str:
    """Of its last state that is known: a former state may be gone while the post stands."""
    return max((n for n in (post.platform_id, *post.other_ids) if n.isdecimal()), key=_key, default="")


def _key(number: str) -> str:
    """Ids sort as numbers do."""
    return f"{len(number):02d}{number}"
