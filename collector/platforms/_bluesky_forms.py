"""The answers in which posts of Bluesky come: feeds, lists, threads, records of a repository, live events."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from collector.platforms import _answers as answers
from collector.platforms import _bluesky as posts
from collector.platforms import _bluesky_events as events
from collector.platforms._bluesky_server import lacks_account, lacks_record
from collector.platforms._bluesky_wishes import Owner
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

MISSED = "x-missed"  # since when the stream did not tell what happened
_Item = tuple[str | ParseError, Any]  # its form or why it has none, and the item itself
_Json = dict[str, Any]
_STREAMS = ("ws://", "wss://")


def read(page: Page) -> Iterator[SeenPost | Problem]:
    """Raises ParseError where no form fits."""
    owner = Owner.of(page)

    def one(item: _Item) -> SeenPost | Problem | None:
        form, inner = item
        if isinstance(form, ParseError):
            return answers.problem(form.message, inner)
        return answers.sound(inner, lambda inner: _READERS[form](inner, owner, page))

    if page.url.startswith(_STREAMS):
        yield from answers.every(_told_live(page), one)
        return
    document = answers.document(page)
    asked = _asked(page)
    gone = bool(asked) and (lacks_record(document) or (bool(page.about) and lacks_account(document)))
    if not gone:
        yield from answers.every(_items(document), one)
    yield from _gone(document, asked, everything=gone)


def _told_live(page: Page) -> Iterator[_Item]:
    """One message a line; a stream that said nothing is no error."""
    if since := page.headers.get(MISSED):
        yield "missed", since
    for line in filter(str.strip, page.body.decode("utf-8", "replace").split("\n")):
        try:
            yield "event", answers.loads(line)
        except ValueError:
            yield "event", line


def _items(document: Any) -> Iterator[_Item]:
    if isinstance(document, list):
        yield from _listed(document)
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


def _listed(documents: list[Any]) -> Iterator[_Item]:
    """Each as far as it has a form. Raises ParseError where none has one: then the whole is something else."""
    refused: list[_Item] = []
    known = False
    for document in documents:
        try:
            found = list(_items(document)) if isinstance(document, dict) else [("feed", document)]
        except ParseError as error:
            refused.append((error, document))
            continue
        known = True
        yield from [*refused, *found]
        refused = []
    if refused and not known and isinstance(refused[0][0], ParseError):
        raise refused[0][0]
    yield from refused


def _single(document: _Json) -> Iterator[_Item]:
    if "thread" in document:
        yield from _thread(document["thread"])
    elif "uri" in document and "value" in document:
        yield "record", document
    elif "uri" in document and "record" in document:
        yield "view", document
    elif isinstance(document.get("post"), dict):
        yield "feed", document
    elif events.event(document):
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


def _record(row: Any, owner: Owner, page: Page) -> SeenPost | None:
    return posts.from_record(answers.needed(row, "uri"), answers.table(row, "value"), owner, page.fetched_at)


def _event(row: Any, owner: Owner, page: Page) -> SeenPost | None:
    event = events.event(row)
    if event is None:
        raise ValueError("is no event of Jetstream")
    return events.post(event, owner, page.fetched_at)


def _missed(since: str, owner: Owner, page: Page) -> SeenPost | None:
    raise ValueError(
        f"the stream was not followed since {since}, longer than it is read again: what was edited or deleted then "
        "is found when the posts are asked for again"
    )


def _asked(page: Page) -> dict[str, str]:
    """The platform ids that a page was asked for by id, and the address of each record."""
    found = {number: _uri(number) for number in page.about}
    try:
        address = urlsplit(page.url)
        query = parse_qsl(address.query)
        if address.path.endswith("app.bsky.feed.getPosts"):
            named = [value for name, value in query if name == "uris"]
        elif address.path.endswith("com.atproto.repo.getRecord"):
            part = dict(query)
            named = [f"at://{part['repo']}/{part.get('collection')}/{part.get('rkey')}"] if _known(part) else []
        else:
            named = []
        return found | {posts.platform_id(uri): uri for uri in named}
    except ValueError:
        return found


def _known(part: dict[str, str]) -> bool:
    """Whether a question names the repository by its number, as ids do; a handle may pass to somebody else."""
    return part.get("repo", "").startswith("did:")


def _uri(number: str) -> str:
    did, _, rkey = number.partition("/")
    return f"at://{did}/{posts.POST}/{rkey}"


def _gone(document: Any, asked: dict[str, str], *, everything: bool) -> Iterator[SeenPost]:
    """Those asked for that the answer does not hold; what it holds and nobody can read is not gone."""
    if everything:
        shown = set()
    elif isinstance(document, dict) and isinstance(document.get("posts"), list):
        shown = {answers.text(view, "uri") for view in document["posts"]}
    else:
        return
    for uri in asked.values():
        if uri not in shown and posts.parts(uri)[1] in (posts.POST, posts.REPOST):
            yield events.gone(uri)


_READERS: dict[str, Callable[[Any, Owner, Page], SeenPost | None]] = {
    "feed": lambda item, owner, page: posts.from_feed(item, page.fetched_at),
    "view": lambda item, owner, page: posts.from_view(item, page.fetched_at),
    "record": _record,
    "event": _event,
    "missed": _missed,
}
