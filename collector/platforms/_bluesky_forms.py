"""The answers in which posts of Bluesky come: feeds, lists, threads, records of a repository, live events."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms._bluesky_repository import HANDLE
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

_Item = tuple[str, Any]  # its form, and the item itself
_Json = dict[str, Any]


def read(page: Page) -> Iterator[SeenPost | Problem]:
    """Raises ParseError where no form fits."""
    document = answers.document(page)
    handle = page.headers.get(HANDLE, "")

    def one(item: _Item) -> SeenPost | Problem | None:
        return answers.sound(item[1], lambda inner: _READERS[item[0]](inner, handle, page))

    yield from answers.every(_items(document), one)
    if isinstance(document, dict) and isinstance(document.get("posts"), list):
        yield from _deleted(page, {answers.text(view, "uri") for view in document["posts"]})


def _items(document: Any) -> Iterator[_Item]:
    if isinstance(document, list):
        for item in document:
            yield from _items(item) if isinstance(item, dict) else [("feed", item)]
        return
    if not isinstance(document, dict):
        raise ParseError("this JSON is no answer of Bluesky")
    if isinstance(document.get("error"), str):
        said = answers.text(document, "message") or document["error"]
        raise ParseError(f"the server answered: {said[:300]}")
    for name, form in (("feed", "feed"), ("posts", "view"), ("records", "record")):
        if isinstance(document.get(name), list):
            yield from ((form, item) for item in document[name])
            return
    yield from _single(document)


def _single(document: _Json) -> Iterator[_Item]:
    if "thread" in document:
        yield from _thread(document["thread"])
    elif "uri" in document and "value" in document:
        yield "record", document
    elif "uri" in document and "record" in document:
        yield "view", document
    elif isinstance(document.get("post"), dict):
        yield "feed", document
    elif "did" in document and ("commit" in document or document.get("kind") in ("identity", "account")):
        yield "event", document
    else:
        raise ParseError("this JSON holds no posts of Bluesky")


def _thread(thread: Any) -> Iterator[_Item]:
    """Down from the first post: what it answers, itself, its replies; or the newer, flat form."""
    waiting = list(thread) if isinstance(thread, list) else [thread]
    while waiting:
        node = waiting.pop(0)
        value = answers.table(node, "value") or node
        if isinstance(value, dict) and isinstance(value.get("post"), dict):
            yield "view", value["post"]
        if isinstance(node, dict):
            waiting += [n for n in (node.get("parent"), *answers.rows(node, "replies")) if isinstance(n, dict)]


def _record(row: Any, handle: str, page: Page) -> SeenPost | None:
    return posts.from_record(answers.needed(row, "uri"), answers.table(row, "value"), handle, page.fetched_at)


def _event(event: Any, handle: str, page: Page) -> SeenPost | None:
    """One change of a repository, as Jetstream tells it live; likes, follows and other records are passed."""
    commit = answers.table(event, "commit")
    collection = answers.text(commit, "collection")
    if collection not in (posts.POST, posts.REPOST):
        return None
    uri = f"at://{answers.needed(event, 'did')}/{collection}/{answers.needed(commit, 'rkey')}"
    if answers.text(commit, "operation") == "delete":
        return _gone(uri)
    return posts.from_record(uri, answers.table(commit, "record"), handle, page.fetched_at)


def _deleted(page: Page, shown: set[str]) -> Iterator[SeenPost]:
    """The posts that getPosts was asked for and does not have."""
    try:
        address = urlsplit(page.url)
        asked = parse_qs(address.query).get("uris", []) if address.path.endswith("getPosts") else []
        yield from [_gone(uri) for uri in asked if uri not in shown]
    except ValueError:
        return


def _gone(uri: str) -> SeenPost:
    kind = "repost" if posts.parts(uri)[1] == posts.REPOST else "post"
    return SeenPost(posts.PLATFORM, posts.platform_id(uri), kind, None, "", deleted=True)


_READERS = {
    "feed": lambda item, handle, page: posts.from_feed(item, page.fetched_at),
    "view": lambda item, handle, page: posts.from_view(item, page.fetched_at),
    "record": _record,
    "event": _event,
}
