"""The answers in which posts of X come: lookups, timelines, searches, streams, and what archives made of them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collector.platforms import _answers as answers
from collector.platforms import _x_api as api
from collector.platforms import _x_client as client
from collector.platforms import _x_post as posts
from collector.platforms import _x_v1 as v1
from collector.platforms._x_api import Includes
from core.errors import ParseError
from core.page import Page
from core.post import Problem, SeenPost

ACCOUNT = "x-account"  # header: the user of whom an answer without users is, as JSON
_NOT_FOUND = "resource-not-found"
_REFERENCE = re.compile(
    r"referenced_(?:tweets|posts)\b|edit_history_|in_reply_to_|entities\.mentions"
)  # a parameter
_DIGITS = 13  # of a time in milliseconds, from 2001 to 2286
_SILENT = (
    "meta",
    "limit",
    "disconnect",
    "warning",
    "scrub_geo",
    "status_withheld",
    "user_withheld",
    "drop",
    "undrop",
)
_HOLDERS = ("data", "statuses", "globalObjects", "delete")
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One object of an answer with what came beside it; `form` names its reader."""

    form: str
    raw: Any
    includes: Includes = field(default=api.NOTHING, repr=False)


def read(page: Page) -> Iterator[SeenPost | Problem]:
    """Every post once a state, those of one post oldest first; then what X says of posts that it does not show.

    Raises ParseError where no form fits.
    """
    document = answers.document(page)
    shown: set[str] = set()
    items = _in_order(list(_items(document, _known(page))))
    for found in answers.every(items, _one, lambda item: answers.shown(item.raw)):
        if isinstance(found, SeenPost):
            shown |= {found.platform_id, *found.other_ids}
        yield found
    yield from _missing(_errors(document), page, shown)


def reads(page: Page) -> dict[str, tuple[str, ...]]:
    """What the server charges for: each object that its answer holds, once. Raises ParseError."""
    found: dict[str, dict[str, None]] = {"post": {}, "user": {}, "media": {}}
    for answer in _answers_of(answers.document(page)):
        includes = answers.table(answer, "includes")
        for row in [*_data(answer), *answers.tables(includes, "tweets"), *answers.tables(includes, "posts")]:
            found["user" if "username" in row and "text" not in row else "post"][answers.number(row, "id")] = None
        found["user"] |= dict.fromkeys(answers.number(row, "id") for row in answers.tables(includes, "users"))
        found["media"] |= dict.fromkeys(answers.text(row, "media_key") for row in answers.tables(includes, "media"))
    return {word: tuple(filter(None, numbers)) for word, numbers in found.items()}


def _known(page: Page) -> list[_Json]:
    try:
        user = json.loads(page.headers.get(ACCOUNT, "null"))
    except ValueError:
        return []
    return [user] if isinstance(user, dict) else []


def _answers_of(document: Any) -> list[_Json]:
    listed = document if isinstance(document, list) else [document]
    return [answer for answer in listed if isinstance(answer, dict)]


def _data(answer: _Json) -> list[_Json]:
    data = answer.get("data")
    return [data] if isinstance(data, dict) else answers.tables(answer, "data")


def _errors(document: Any) -> list[_Json]:
    return [error for answer in _answers_of(document) for error in answers.tables(answer, "errors")]


# -- which objects there are --------------------------------------------------------------------------------


def _items(document: Any, known: list[_Json]) -> Iterator[Item]:
    if isinstance(document, list):
        for item in document:
            yield from _inside(item, known) if isinstance(item, dict) else [Item("v2", item)]
        return
    if not isinstance(document, dict):
        raise ParseError("this JSON is no answer of X")
    if not is_answer(document):
        raise ParseError(_refusal(document))
    yield from _inside(document, known)


def _inside(document: _Json, known: list[_Json]) -> Iterator[Item]:
    """The objects of one answer, one line of a stream, or one object by itself."""
    if "data" in document:
        yield from _of_data(document, known)
    elif isinstance(document.get("statuses"), list):
        yield from (Item("v1", status) for status in document["statuses"])
    elif isinstance(document.get("globalObjects"), dict):
        yield from _of_old_client(document["globalObjects"])
    elif client.is_result(document) or client.is_result(answers.table(document, "tweet")):
        yield Item("client", document)
    elif isinstance(document.get("delete"), dict):
        yield Item("delete", document["delete"])
    elif _is_post(document) or not (isinstance(document.get("errors"), list) or _is_notice(document)):
        yield Item(_form(document), document, Includes.of(None, *known))


def _of_data(answer: _Json, known: list[_Json]) -> Iterator[Item]:
    data = answer["data"]
    if isinstance(data, dict) and not {"id", "id_str", "text", "rest_id"} & data.keys():
        yield from _of_client(data)
        return
    includes = Includes.of(answer.get("includes"), *known)
    for row in data if isinstance(data, list) else [data] if isinstance(data, dict) else []:
        if client.is_result(row):
            yield Item("client", row)
        elif not isinstance(row, dict) or "username" not in row or "text" in row:
            yield Item(_form(row), row, includes)
            yield from (Item("v2", state, includes) for state in _states(row, includes))


def _of_client(data: _Json) -> Iterator[Item]:
    if isinstance(data.get("delete"), dict):
        yield Item("delete", data["delete"])
        return
    yield from (Item("client", result) for result in client.results(data))


def _of_old_client(everything: _Json) -> Iterator[Item]:
    """The web client's form of some years: posts and users apart, by id."""
    users = answers.table(everything, "users")
    for tweet in answers.table(everything, "tweets").values():
        user = users.get(answers.number(tweet, "user_id_str"))
        yield Item("v1", {**tweet, "user": user} if isinstance(tweet, dict) else tweet)


def _states(tweet: _Json, includes: Includes) -> Iterator[_Json]:
    """Its earlier states, as far as the answer includes them; they name their pictures alone as it does."""
    history = api.history(tweet)
    for number in history[:6]:
        state = includes.posts.get(str(number))
        if state and str(number) != answers.number(tweet, "id"):
            yield {**state, "edit_history_tweet_ids": history}


def _form(item: Any) -> str:
    older = isinstance(item, dict) and ("id_str" in item or "full_text" in item or "user" in item)
    return "v1" if older else "v2"


def is_answer(document: _Json) -> bool:
    """One that holds posts, or has none to show: nothing new, only partial errors, a notice."""
    if any(isinstance(document.get(name), list | dict) for name in _HOLDERS) or _is_post(document):
        return True
    partial = any("resource_type" in e or "resource_id" in e for e in answers.tables(document, "errors"))
    return partial or _is_notice(document)


def _is_notice(document: _Json) -> bool:
    return any(name in document for name in _SILENT)


def _is_post(document: _Json) -> bool:
    return (
        any(isinstance(document.get(name), str) for name in ("text", "full_text"))
        or client.is_result(document)
        or client.is_result(answers.table(document, "tweet"))
    )


def _refusal(document: _Json) -> str:
    said = answers.text(document, "detail") or answers.text(document, "title") or answers.text(document, "error")
    first = next(iter(answers.tables(document, "errors")), {})
    said = said or answers.text(first, "message") or answers.text(first, "detail") or answers.text(first, "title")
    return f"X answered: {said[:300]}" if said else "this JSON holds no posts of X"


# -- reading them -------------------------------------------------------------------------------------------


def _in_order(items: list[Item]) -> list[Item]:
    """The states of one post together, oldest first, where the first of them stands."""
    numbers = [_number(item.raw) for item in items]
    first: dict[str, str] = {}
    for item in items:
        chain = [str(n) for n in _history(item.raw)]
        first |= {number: min(chain, key=_value) for number in chain if len(chain) > 1}
    if not first:
        return items
    groups: dict[str, list[int]] = {}
    for place, number in enumerate(numbers):
        groups.setdefault(first.get(number, number) or f"#{place}", []).append(place)
    ordered = (sorted(places, key=lambda p: _value(numbers[p])) for places in groups.values())
    return [items[place] for places in ordered for place in places]


def _value(number: str) -> tuple[int, str]:
    """Ids sort as numbers do, whatever they hold."""
    return len(number), number


def _number(raw: Any) -> str:
    return answers.number(raw, "id_str") or answers.number(raw, "id") or answers.number(raw, "rest_id")


def _history(raw: Any) -> list[Any]:
    return [n for n in [*api.history(raw), *v1.history(raw), *client.edits(raw)] if isinstance(n, str | int)]


def _one(item: Item) -> SeenPost | Problem | None:
    return answers.sound(item, lambda i: _READERS[i.form](i))


def _deleted(item: Item) -> SeenPost:
    """A notice of a stream, in either form: v1.1 tells the time in milliseconds, v2 as RFC 3339."""
    named = answers.table(item.raw, "status") or answers.table(item.raw, "tweet") or answers.table(item.raw, "post")
    when = _milliseconds(answers.number(item.raw, "timestamp_ms")) or posts.moment(item.raw, "event_at")
    return gone(posts.number_of(named, "id_str", "id"), when)


def _milliseconds(value: str) -> datetime | None:
    plain = value.isascii() and value.isdecimal() and len(value) == _DIGITS
    return datetime.fromtimestamp(int(value) / 1000, UTC) if plain else None


def gone(number: str, when: datetime | None = None) -> SeenPost:
    """`when` it was deleted, as far as that is told: what is seen of it from before that brings it not back."""
    return SeenPost(posts.PLATFORM, number, "post", None, "", deleted=True, revised_at=when)


def _missing(errors: list[_Json], page: Page, shown: set[str]) -> Iterator[SeenPost | Problem]:
    """A post that was asked for and that X does not find is deleted; what X hides for another reason is told.

    Errors about what posts refer to are left out: nobody asked for that, and no post is missing.
    """
    about, told = page.about, set()
    for error in errors:
        number = answers.number(error, "resource_id") or answers.number(error, "value")
        told.add(number)
        if number in about and number not in shown and _is_not_found(error):
            yield gone(number)
        elif number in about or not _REFERENCE.match(answers.text(error, "parameter")):
            yield Problem(_reason(error), answers.shown(error))
    for number in _asked(page):
        if number not in shown and number not in told:
            yield Problem("X neither shows this post nor says why", number)


def _asked(page: Page) -> list[str]:
    """The ids by which the posts of `about` were asked for, as the address has them; all of them if it has none."""
    named = ",".join(parse_qs(urlsplit(page.url).query).get("ids", [])).split(",")
    return [number for number in page.about if number in named or named == [""]]


def _is_not_found(error: _Json) -> bool:
    return _NOT_FOUND in answers.text(error, "type") or answers.text(error, "title") == "Not Found Error"


def _reason(error: _Json) -> str:
    said = [answers.text(error, name) for name in ("title", "detail", "message")]
    return "X does not show it: " + (": ".join(part for part in said if part)[:300] or "no reason given")


_READERS = {
    "v2": lambda item: api.read(item.raw, item.includes),
    "v1": lambda item: api.read_v1(item.raw),
    "client": lambda item: api.read_v1(client.as_v1(item.raw)),
    "delete": _deleted,
}
