"""DVIDS, the imagery and news service of the U.S. Department of Defense: a search, then each asset's whole text.

[[source]] kind = "dvids": `query` or `unit` (its name), `types` of ("news", "image", "video", "audio"); the key
that https://api.dvidshub.net gives for free in the environment as DVIDS_API_KEY, or as `key`; it is kept out of
captures and messages. A search shows 1,000 assets at most, so older ones are asked for by date. `max_texts` bounds
the assets that one round reads by themselves. `base_url` asks another server.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

from pydantic import Field, model_validator

from collector.fetch import Fetcher, tool
from collector.platforms import _answers as answers
from collector.platforms import _dvids
from collector.platforms._account import AccountOptions, saved
from collector.platforms._walk import Answer, walk
from collector.reading import dates
from core import times
from core.errors import FetchError, Gone, ParseError, Refused
from core.page import Page
from core.post import Problem, SeenPost

_SITE = "https://api.dvidshub.net"
_LIMIT = 50
_REMEMBERED = 1000  # assets whose text was read
_POST = "x-post"  # of which post a 404 is the answer
_KEY = re.compile(r"([?&])api_key=[^&#\s]*&?")
_GONE = (404, 410)


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


class _Look:
    """One round: what the search shows, and which assets' texts are still to be read."""

    def __init__(self, target: Target, fetcher: Fetcher, state: dict[str, Any]) -> None:
        self._target = target
        self._server = target.server(_SITE)
        self._fetcher = fetcher
        self._key = target.key or os.environ.get("DVIDS_API_KEY", "")
        if not self._key:
            raise Refused(
                "DVIDS needs a key, which https://api.dvidshub.net gives for free: set DVIDS_API_KEY in the "
                "environment, or key in this source"
            )
        of = f"{self._server} {urlencode(target.search)}"
        self.state: dict[str, Any] = state if state.get("of") == of else {"of": of}
        self._todo: list[str] = list(self.state.get("todo", []))
        self._done: list[str] = list(self.state.get("done", []))

    def found(self, cursor: str | None) -> Answer | None:
        to, _, number = (cursor or "|1").partition("|")
        options = [*self._target.search, *([("to_publishdate", to)] if to else []), ("page", number)]
        page = self._get("search", options)
        try:
            items = [item for item in _results(answers.document(page)) if isinstance(item, dict)]
        except ParseError:
            return Answer(page, sound=False)
        published = [when.moment for i in items if (when := dates.iso(answers.text(i, "date_published")))]
        keys = tuple(moment.isoformat(timespec="microseconds") for moment in published)
        following = None
        if len(items) >= _LIMIT and published:
            older = times.text(min(published).replace(microsecond=0) + timedelta(seconds=1))
            following = f"{older}|1" if not to or older < to else f"{to}|{int(number) + 1}"
        return Answer(page, keys, following, state=self._noted(items))

    def _noted(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Each asset is read by itself once, and again when its time of change is another."""
        for item in items:
            post = answers.sound(item, _dvids.read)
            name = f"{':'.join(_dvids.parts(item))}@{answers.number(item, 'timestamp')}" if _ok(post) else ""
            if name and name not in self._done and name not in self._todo:
                self._todo.append(name)
        return {"of": self.state["of"], "todo": list(self._todo) if self._target.max_texts else []}

    def texts(self) -> Iterator[Page]:
        for name in self._todo[: self._target.max_texts]:
            asset = name.partition("@")[0]
            try:
                page = self._get("asset", [("id", asset)])
            except Gone:
                address = f"{self._server}/asset?id={quote(asset)}"
                page = Page(address, b"", times.now(), 404, headers={_POST: asset.replace(":", "/")}, tool=tool())
            self._todo = self._todo[1:]
            self._done = [*self._done, name][-_REMEMBERED:]
            yield replace(page, state={"todo": self._todo, "done": self._done})

    def _get(self, what: str, options: list[tuple[str, str]]) -> Page:
        """The answer without the key; neither it nor its error shows that."""
        url = f"{self._server}/{what}?{urlencode([('api_key', self._key), *options])}"
        try:
            page = self._fetcher.get(url)
        except FetchError as error:
            raise _without_key(error, self._key) from None
        if page is None:
            raise FetchError(f"DVIDS says that the {what} has not changed, though nothing was known")
        return _kept(page)


def _kept(page: Page) -> Page:
    public = _KEY.sub(r"\1", page.url)
    return replace(page, url=public, asked=_KEY.sub(r"\1", page.asked), state={})


def _without_key(error: FetchError, key: str) -> FetchError:
    message = _KEY.sub(r"\1", error.message).replace(key, "***").replace(quote(key, safe=""), "***")
    advice = ": is the key right?" if re.search(r" answered 40[13]\b", message) else ""
    told = type(error)(message + advice, retry_after=error.retry_after)
    told.transient = error.transient
    return told


def _ok(post: SeenPost | Problem) -> bool:
    return isinstance(post, SeenPost)


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """The assets of a search in its order, or one asset; one that is gone is its deletion."""
    if page.status not in _GONE:
        yield from answers.every(_results(answers.document(page)), _dvids.read)
        return
    number = page.headers.get(_POST)
    if not number:
        raise ParseError(f"{page.url} is gone, and nobody knows which asset it was")
    kind = _dvids.KINDS.get(number.partition("/")[0], "release")
    yield SeenPost("dvids", number, kind, None, "", deleted=True)


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
