"""Single posts of X by the platform's own oEmbed: no key, no account; text, author, language, time from the id.

[[source]] kind = "x_oembed": `urls`, a list of post addresses; `base_url` asks another server. Each round asks for
at most `max_pages` of them, those that were asked for longest ago first. A post that was seen and answers 404 is
deleted; one that answers 403 is protected or withheld, which is told and changes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, model_validator

from collector.fetch import Fetcher, tool
from collector.platforms import _answers as answers
from collector.platforms import _embeds, _x
from collector.platforms._account import AccountOptions, saved
from collector.reading import language, markup
from core import ids, times
from core.errors import FetchError, Gone, ParseError, RateLimited
from core.page import Page
from core.post import Account, Problem, SeenPost, View

_SITE = "https://publish.twitter.com"
_POST = "x-post"  # which post was seen before and is gone now
_HANDLE = re.compile(r"/([A-Za-z0-9_]{1,20})/?$")
_HIDDEN = re.compile(r" answered (401|403)\b")
_GONE, _CLOSED = (404, 410), (401, 403)


class Target(AccountOptions):
    urls: tuple[str, ...] = ()
    max_pages: int = Field(default=50, ge=1, le=500)

    @model_validator(mode="after")
    def _posts(self) -> Self:
        for url in self.urls:
            if not _x.status(url):
                raise ValueError(f"urls: {url!r} is no post: https://x.com/name/status/ and its number")
        if not self.urls and not self.path:
            raise ValueError('needs urls = ["https://x.com/.../status/..."]')
        return self

    @property
    def posts(self) -> dict[str, str]:
        """Status id -> address, each once."""
        return {named[1]: url for url in self.urls if (named := _x.status(url))}


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
        return
    asked: dict[str, str] = state.get("asked", {})
    seen: dict[str, bool] = state.get("seen", {})
    waiting = sorted(target.posts.items(), key=lambda post: asked.get(post[0], ""))
    for number, url in waiting[: target.max_pages]:
        page = _ask(f"{target.server(_SITE)}/oembed", url, fetcher)
        if page.status in _GONE and seen.get(number):
            page = replace(page, headers={_POST: number})
        shown = {"seen": {number: True}} if page.status == 200 else {}
        yield replace(page, state={"asked": {number: times.text(times.now())}, **shown})


def _ask(server: str, url: str, fetcher: Fetcher) -> Page:
    """The answer; also where it is that the post is gone or closed: a page without a body."""
    options = {"url": url, "omit_script": "1", "dnt": "1", "lang": "en"}
    address = f"{server}?{urlencode(options)}"
    try:
        page = fetcher.get(address)
    except Gone as gone:
        return Page(address, b"", times.now(), 410 if " 410" in gone.message else 404, tool=tool())
    except RateLimited:
        raise
    except FetchError as error:
        closed = _HIDDEN.search(error.message)
        if not closed:
            raise
        return Page(address, b"", times.now(), int(closed[1]), tool=tool())
    if page is None:
        raise FetchError(f"{address} says that nothing has changed, though nothing was known")
    return page


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """One post an answer; several answers come as JSON Lines or a list."""
    if page.status in _GONE:
        yield _deleted(page)
    elif page.status in _CLOSED:
        yield Problem(f"the post is protected or withheld: X answered {page.status}", _asked_for(page))
    else:
        document = answers.document(page)
        found = document if isinstance(document, list) else [document]
        if not any(isinstance(item, dict) and {"html", "url", "author_url"} & item.keys() for item in found):
            raise ParseError(_refusal(document))
        yield from answers.every(found, lambda item: _read(item, page))


def _deleted(page: Page) -> SeenPost | Problem:
    if number := page.headers.get(_POST):
        return SeenPost("x", number, "post", None, "", deleted=True)
    return Problem("there is no such post, or there is none any more; it was never seen here", _asked_for(page))


def _asked_for(page: Page) -> str:
    try:
        return next(iter(parse_qs(urlsplit(page.url).query).get("url", [])), page.url)
    except ValueError:
        return page.url


def _refusal(document: Any) -> str:
    said = answers.text(document, "error") or next(
        (answers.text(error, "message") for error in answers.tables(document, "errors")), ""
    )
    return f"X answered: {said[:300]}" if said else "this JSON is no oEmbed answer: it has no html"


def _read(item: Any, page: Page) -> SeenPost | Problem:
    """What the article reader finds in the blockquote; first hand, with its author by the answer's own fields."""
    named = _x.status(answers.text(item, "url")) or _x.status(_asked_for(page))
    root = markup.tree(f"<div>{answers.needed(item, 'html')}</div>")
    found = [e.post for e in _embeds.once(_embeds.find(root, page.url))] if root is not None else []
    shown = [post for post in found if isinstance(post, Problem) or not named or post.platform_id == named[1]]
    if not shown:
        raise ValueError("there is no post in this answer's html; only single posts are read")
    post = shown[0]
    if isinstance(post, Problem) or not post.platform_id.isdecimal():
        return post if isinstance(post, Problem) else Problem("nobody can tell which post this is", post.text[:500])
    account = _author(item, post)
    created = ids.x_time(post.platform_id) or post.created_at
    handle = account.handle.lstrip("@") if account else "i/web"
    return replace(
        post,
        account=account,
        url=f"https://x.com/{handle}/status/{post.platform_id}",
        created_at=created,
        lang=language.resolve(post.lang, post.text) if post.lang else None,
        view=View.FULL,
        embedded_in=None,
    )


def _author(item: Any, post: SeenPost) -> Account | None:
    named = _HANDLE.search(urlsplit(answers.text(item, "author_url")).path)
    name = answers.text(item, "author_name") or (post.account.name if post.account else None)
    handle = f"@{named[1]}" if named else post.account.handle if post.account else None
    return Account("x", handle, name) if handle else None
