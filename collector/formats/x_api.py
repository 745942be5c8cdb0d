"""Posts of X from its API: answers of v2 as twarc2 or a program keeps them, flattened posts, and the older v1.1."""

from collections.abc import Iterable, Iterator
from typing import Any

from collector.formats._reading import About, problem
from collector.formats._start import Start
from core.post import Problem, SeenPost

_Json = dict[str, Any]
_STATES = ("edit_history_tweet_ids", "edit_history_post_ids", "author_id", "public_metrics")
_ASKED = frozenset({"id", "ids", "tweet_id", "post_id"})  # parameters by which a post itself was asked for


def looks_like(start: Start) -> bool:
    return start.shape != "table" and not start.variable and any(_ours(record) for record in start.records)


def _ours(record: Any) -> bool:
    if not isinstance(record, dict) or "source_platform" in record:
        return False
    return _older(record) or _post(record) or _answer(record) or "status" in _inner(record, "delete")


def _older(record: _Json) -> bool:
    return (
        "id_str" in record and ("full_text" in record or "text" in record) and isinstance(record.get("user"), dict)
    )


def _post(record: _Json) -> bool:
    known = any(name in record for name in _STATES) or "username" in _inner(record, "author")
    return "id" in record and "text" in record and known


def _answer(record: _Json) -> bool:
    if "__twarc" in record:
        return True
    inside = record.get("data")
    first = inside[0] if isinstance(inside, list) and inside else inside
    if isinstance(first, dict):
        return "id" in first and ("text" in first or "username" in first) and "uri" not in first
    failed = record.get("errors")
    meta = _inner(record, "meta")
    return "result_count" in meta or (isinstance(failed, list) and any("title" in e for e in failed if e))


def _inner(record: _Json, name: str) -> _Json:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def read(record: Any, about: About) -> SeenPost | Iterable[SeenPost | Problem] | None:
    from collector.platforms._x_api import read_v1

    if not isinstance(record, dict):
        raise ValueError("is no object of X's API")
    if "status" in _inner(record, "delete"):
        return _deleted(record["delete"]["status"])
    if _older(record):
        return read_v1(record)
    if "text" in record and "id" in record:
        return _one(record, {}, about)
    if "data" in record or "errors" in record:
        return _all(record, about)
    if "result_count" in _inner(record, "meta"):
        return None  # an answer without posts
    raise ValueError("holds no post of X: neither data nor id and text")


def _deleted(status: _Json) -> SeenPost:
    """A stream's word that a post is gone."""
    from collector.platforms import _x_post

    return SeenPost(_x_post.PLATFORM, _x_post.number_of(status, "id_str", "id"), "post", None, "", deleted=True)


def _all(answer: _Json, about: About) -> Iterator[SeenPost | Problem]:
    from collector.platforms import _answers as answers

    inside = answer.get("data")
    items = inside if isinstance(inside, list) else [] if inside is None else [inside]
    for number, item in enumerate(items, 1):
        found = answers.sound(item, lambda tweet: _one(tweet, _inner(answer, "includes"), about))
        yield problem(f"post {number}", found.error, item) if isinstance(found, Problem) else found
    for failure in answers.tables(answer, "errors"):
        if not items or answers.text(failure, "parameter") in _ASKED:
            said = answers.text(failure, "detail") or answers.text(failure, "title") or "an error without words"
            yield problem("errors", f"X answered: {said[:300]}", failure)


def _one(tweet: Any, includes: _Json, about: About) -> SeenPost:
    from collector.platforms import _answers as answers
    from collector.platforms._x_api import Includes, read

    if isinstance(tweet, dict) and "username" in tweet and "text" not in tweet:
        raise ValueError("is an account, not a post")
    owner = answers.number(tweet, "author_id")
    known = [{"id": owner, "username": about.handle}] if owner and about.handle else []
    return read(_of_four_cat(tweet), Includes.of(includes, *known))


def _of_four_cat(tweet: Any) -> Any:
    """4CAT keeps what an answer included inside the post, under names of its own."""
    if not isinstance(tweet, dict) or not isinstance(tweet.get("author_user"), dict):
        return tweet
    attached = _inner(tweet, "attachments")
    media = [item for item in attached.get("media_keys") or [] if isinstance(item, dict)]
    inside = {**attached, "media": media, "media_keys": []} if media else attached
    named = [_of_four_cat(row) for row in tweet.get("referenced_tweets") or []]
    return {**tweet, "author": tweet["author_user"], "attachments": inside, "referenced_tweets": named}
