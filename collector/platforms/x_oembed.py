"""Single posts of X by the platform's own oEmbed: no key, no account; text, author, language, time from the id.

[[source]] kind = "x_oembed": `urls`, a list of post addresses; `base_url` asks another server than
publish.twitter.com and, where nobody answers there, publish.x.com. Each round asks for at most `max_pages` of them,
those that were asked for longest ago first. A post that was seen and answers 404 is deleted; one that answers 403
is protected or withheld, which is told and changes nothing. Its text is what a card shows, without the end of a
long post, so that it is a lesser view than the record that the API gives.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, model_validator

from collector.fetch import Fetcher
from collector.platforms import _answers as answers
from collector.platforms import _asked, _embeds, _x
from collector.platforms._account import AccountOptions, saved
from collector.reading import language, markup
from core import ids, times
from core.errors import FetchError, ParseError
from core.page import Page
from core.post import Account, Asked, Problem, SeenPost, View

_SITES = ("https://publish.twitter.com", "https://publish.x.com")
_HANDLE = re.compile(r"/([A-Za-z0-9_]{1,20})/?$")
_CLOSED = (401, 403)
MOST_RECHECKS = 100  # known posts, asked for in one go


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

    @property
    def servers(self) -> tuple[str, ...]:
        return (self.server(""),) if self.base_url else _SITES


def fetch(target: Target, fetcher: Fetcher, state: dict[str, Any]) -> Iterator[Page]:
    if target.path:
        yield from saved(target, fetcher, state)
        return
    asked: dict[str, str] = state.get("asked", {})
    seen: dict[str, bool] = state.get("seen", {})
    waiting = sorted(target.posts.items(), key=lambda post: asked.get(post[0], ""))
    for number, url in waiting[: target.max_pages]:
        page = _ask(target, number, url, fetcher)
        about = page.about if seen.get(number) else ()
        shown = {"seen": {number: True}} if page.status == 200 else {}
        yield replace(page, about=about, state={"asked": {number: times.text(times.now())}, **shown})


def recheck(target: Target, fetcher: Fetcher, state: dict[str, Any], posts: Sequence[Asked]) -> Iterator[Page]:
    """Known posts, each asked for by itself; one that is known by its words alone has no address."""
    for post in [post for post in posts if post.platform_id.isdecimal()][:MOST_RECHECKS]:
        url = post.url if _x.status(post.url or "") else None
        yield _ask(target, post.platform_id, url or f"https://x.com/i/status/{post.platform_id}", fetcher)


def _ask(target: Target, number: str, url: str, fetcher: Fetcher) -> Page:
    """The answer; also where it is that the post is gone or closed."""
    options = urlencode({"url": url, "omit_script": "1", "dnt": "1", "lang": "en"})
    *others, last = target.servers
    for server in others:
        try:
            return _answer(fetcher, f"{server}/oembed?{options}", number)
        except FetchError as error:
            if error.answered is not None or not error.transient:
                raise
    return _answer(fetcher, f"{last}/oembed?{options}", number)


def _answer(fetcher: Fetcher, address: str, number: str) -> Page:
    for page in _asked.one(fetcher, address, number, headers=_asked.JSON, also=(*_asked.GONE, *_CLOSED)):
        return page
    raise FetchError(f"{address} says that nothing has changed, though nothing was known")


def parse(page: Page) -> Iterator[SeenPost | Problem]:
    """One post an answer; several answers come as JSON Lines or a list."""
    if page.status in _asked.GONE:
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
    if page.about:
        return _asked.deleted(page, "x", "post")
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
        view=View.PAGE,
        embedded_in=None,
    )


def _author(item: Any, post: SeenPost) -> Account | None:
    named = _HANDLE.search(urlsplit(answers.text(item, "author_url")).path)
    name = answers.text(item, "author_name") or (post.account.name if post.account else None)
    handle = f"@{named[1]}" if named else post.account.handle if post.account else None
    return Account("x", handle, name) if handle else None
