"""DVIDS, the imagery and news service of the U.S. Department of Defense: a search, then each asset's whole text.

[[source]] kind = "dvids": `query` or `unit` (its name), `types` of ("news", "image", "video", "audio"); the key
that https://api.dvidshub.net gives for free in the environment as DVIDS_API_KEY, or as `key`; it is kept out of
captures and messages. A search shows 1,000 assets at most, so older ones are asked for by date; of more than that
in one second the rest cannot be had, which is told. `max_texts` bounds the assets that one round reads by
themselves. `base_url` asks another server.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import Field, model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _asked, _dvids
from collector.platforms._account import AccountOptions, remembered, saved
from collector.platforms._walk import Answer, walk
from collector.reading import dates
from core import times
from core.errors import FetchError, ParseError, Refused
from core.page import Page
from core.post import Asked, Problem, SeenPost

_SITE = "https://api.dvidshub.net"
_LIMIT = 50
_LAST_PAGE = 1000 // _LIMIT  # of one search
_REMEMBERED = 1000  # assets whose text was read
MOST_RECHECKS = 100  # known assets, asked for in one go
_KEY = re.compile(r"([?&])api_key=[^&#\s]*&?")
_ASSET = re.compile(r"([a-z_]+)/(\d+)")
_SECOND = timedelta(seconds=1)


class Target(AccountOptions):
    query: str = ""
    unit: str = ""
    types: tuple[Literal["news", "image", "video", "audio"], ...] = ("news", "image", "video")
    key: str = Field(default="", repr=False)
    max_texts: int = Field(default=50, ge=0, le=1000)

    @model_validator(mode="after")
    def _asked(self) -> Self:
        if not (self.path or self.query or self.unit):
            raise ValueError('needs query = "words" or unit = "a unit\'s name"')
        if not self.types:
            raise ValueError('types is empty; there are "news", "image", "video" and "audio"')
        return self

    @property
    def search(self) -> list[tuple[str, str]]:
        asked = [("q", self.query), ("unit_name", self.unit), *(("type[]", name) for name in self.types)]
        order = [("sort", "publishdate"), ("sortdir", "desc"), ("max_results", str(_LIMIT))]
        return [(name, value) for name, value in asked if value] + order


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
        return
    look = _Look(target, fetcher, state)
    yield from walk(look.found, look.state, "search", target.max_pages)
    yield from look.texts()


def recheck(target: Target, fetcher: Fetcher, state: dict[str, Any], posts: Sequence[Asked]) -> Iterator[Page]:
    """Known assets, each asked for by itself."""
    if target.path:
        return
    server = _Server(target, fetcher)
    for post in posts[:MOST_RECHECKS]:
        if _ASSET.fullmatch(post.platform_id):
            yield from server.asset(post.platform_id)


class _Server:
    """Answers without the key; neither they nor their errors show it."""

    def __init__(self, target: Target, fetcher: Fetcher) -> None:
        self._address = target.server(_SITE)
        self._fetcher = fetcher
        self._key = target.key or os.environ.get("DVIDS_API_KEY", "")
        if not self._key:
            raise Refused(
                "DVIDS needs a key, which https://api.dvidshub.net gives for free: set DVIDS_API_KEY in the "
                "environment, or key in this source"
            )

    def search(self, options: list[tuple[str, str]]) -> Page:
        page = self._get("search", options)
        if page is None:
            raise FetchError("DVIDS says that the search has not changed, though nothing was known")
        return page

    def asset(self, platform_id: str) -> Iterator[Page]:
        if page := self._get("asset", [("id", platform_id.replace("/", ":"))], also=_asked.GONE):
            yield replace(page, about=(platform_id,))

    def _get(self, what: str, options: list[tuple[str, str]], also: Collection[int] = ()) -> Page | None:
        url = f"{self._address}/{what}?{urlencode([('api_key', self._key), *options])}"
        try:
            page = self._fetcher.get(url, headers=_asked.JSON, also=also)
        except FetchError as error:
            raise _without_key(error, self._key) from None
        return page and _kept(page, self._key)


class _Look:
    """One round: what the search shows, and which assets' texts are still to be read."""

    def __init__(self, target: Target, fetcher: Fetcher, state: dict[str, Any]) -> None:
        self._target = target
        self._server = _Server(target, fetcher)
        of = f"{target.server(_SITE)} {urlencode(target.search)}"
        self.state = remembered(state, of, "todo", "done", "search")
        self._todo: list[str] = list(self.state.get("todo") or [])
        self._done: list[str] = list(self.state.get("done") or [])

    def found(self, cursor: str | None) -> Answer | None:
        to, _, number = (cursor or "|1").partition("|")
        options = [*self._target.search, *([("to_publishdate", to)] if to else []), ("page", number)]
        page = self._server.search(options)
        try:
            document = answers.document(page)
            items = [item for item in _results(document) if isinstance(item, dict)]
        except ParseError:
            return Answer(page, sound=False)
        published = [moment for item in items if (moment := _published(item))]
        keys = tuple(moment.isoformat(timespec="microseconds") for moment in published)
        more = bool(items) and (len(items) >= _LIMIT or _total(document) > int(number) * _LIMIT)
        return Answer(page, keys, _next(to, int(number), published) if more else None, state=self._noted(items))

    def _noted(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Each asset is read by itself once, and again when its time of change is another."""
        for item in items:
            post = answers.sound(item, _dvids.read)
            name = f"{':'.join(_dvids.parts(item))}@{answers.number(item, 'timestamp')}" if _ok(post) else ""
            if name and name not in self._done and name not in self._todo:
                self._todo.append(name)
        todo = list(self._todo) if self._target.max_texts else []
        return {"of": self.state["of"], "todo": todo, "done": list(self._done)}

    def texts(self) -> Iterator[Page]:
        for name in self._todo[: self._target.max_texts]:
            for page in self._server.asset(name.partition("@")[0].replace(":", "/")):
                if _asked.sound(page, _results):
                    self._todo, self._done = self._todo[1:], [*self._done, name][-_REMEMBERED:]
                else:
                    self._todo = [*self._todo[1:], name]
                yield replace(page, state={"todo": self._todo, "done": self._done})


def _published(item: dict[str, Any]) -> datetime | None:
    found = dates.iso(answers.text(item, "date_published") or answers.text(item, "publishdate"))
    return found.moment if found else None


def _total(document: Any) -> int:
    total = answers.table(document, "page_info").get("total_results")
    return total if type(total) is int else 0


def _next(to: str, number: int, published: list[datetime]) -> str | None:
    """Where older assets begin: at the date where this page ends, so that none is ever behind the thousandth.

    A second that fills whole pages is turned by pages; where it fills them all, the second before it is next.
    """
    last = number >= _LAST_PAGE
    if not published:
        return None if last else f"{to}|{number + 1}"
    second = min(published).replace(microsecond=0)
    older = times.text(second + _SECOND)
    if not to or older < to:
        return f"{older}|1"
    return f"{times.text(second - _SECOND)}|1" if last else f"{to}|{number + 1}"


def _kept(page: Page, key: str) -> Page:
    body = page.body.replace(key.encode(), b"***")  # a server that repeats the question
    return replace(page, url=_public(page.url), asked=_public(page.asked), body=body, state={})


def _public(address: str) -> str:
    return _KEY.sub(r"\1", address)


def _without_key(error: FetchError, key: str) -> FetchError:
    message = _public(error.message).replace(key, "***").replace(quote(key, safe=""), "***")
    advice = ": is the key right, and not bound to a web site?" if error.answered in (401, 403) else ""
    body = error.body.replace(key.encode(), b"***")
    told = type(error)(message + advice, retry_after=error.retry_after, answered=error.answered, body=body)
    told.transient = error.transient
    return told


def _ok(post: SeenPost | Problem) -> bool:
    return isinstance(post, SeenPost)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The assets of a search in its order, or one asset; one that is gone is its deletion."""
    if page.status in _asked.GONE:
        kind = _dvids.KINDS.get("".join(page.about).partition("/")[0], "release")
        yield _asked.gone_from_api(page, _dvids.PLATFORM, kind)
        return
    items = _results(answers.document(page))
    yield from answers.every(items, _dvids.read)
    if second := _overfull(page, items):
        yield Problem(f"DVIDS shows 1,000 assets of a search: more than these published at {second} are not shown")


def _overfull(page: Page, items: list[Any]) -> str | None:
    """The second that fills every page that a search has, as its last page's own address and assets tell."""
    try:
        asked = parse_qs(urlsplit(page.url).query)
    except ValueError:
        return None
    published = {_published(item) for item in items if isinstance(item, dict)}
    if asked.get("page") != [str(_LAST_PAGE)] or len(items) < _LIMIT or len(published) != 1:
        return None
    (second,) = published
    return times.text(second) if second else None


def _results(document: Any) -> list[Any]:
    if isinstance(document, list):
        return [asset for item in document for asset in (_results(item) if isinstance(item, dict) else [item])]
    if not isinstance(document, dict):
        raise ParseError("this JSON is no answer of DVIDS")
    found = document.get("results")
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [found]
    if said := [*answers.rows(document, "errors"), *answers.rows(document, "messages")]:
        raise ParseError(f"DVIDS answered: {'; '.join(str(s)[:200] for s in said[:3])}")
    if "id" in document:
        return [document]
    raise ParseError("this JSON holds no results of DVIDS")
