"""The project's own form of a post: what the API answers, `kle parse` prints and a release's posts.jsonl holds.

JSON Lines or an array of posts, an answer of the API ({"items": [...]}), lines of `kle parse` ({"file", "post"}).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from collector.formats._reading import About, problem
from collector.formats._release_tables import refuse_others
from collector.formats._start import Start
from core import post as posts
from core.errors import ParseError
from core.post import Problem, SeenPost


def looks_like(start: Start) -> bool:
    """Raises ParseError for the other tables of a release."""
    for record in start.records if start.shape == "lines" else ():
        refuse_others(record)
    return start.shape != "table" and any(_ours(record) for record in start.records)


def _ours(record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    if "platform" in record or "platform_id" in record:
        return True
    items = record.get("items")
    if isinstance(items, list):
        return not items or any(_ours(item) for item in items[:25])
    return "file" in record and ("posts" in record or "error" in record or _ours(record.get("post")))


def read(record: Any, about: About) -> SeenPost | Iterable[SeenPost | Problem] | None:
    if not isinstance(record, dict):
        raise ParseError("is no object with platform, platform_id, text ...")
    if "platform" in record:
        return posts.from_json(record)
    if isinstance(record.get("items"), list):
        return _answer(record["items"], about)
    if isinstance(record.get("post"), dict) and "file" in record:
        return posts.from_json(record["post"])
    if "file" in record and "posts" in record:
        return None  # what `kle parse` says of a file
    return posts.from_json(record)


def _answer(items: list[Any], about: About) -> Iterator[SeenPost | Problem]:
    for number, item in enumerate(items, 1):
        try:
            yield posts.from_json(item)
        except ParseError as error:
            yield problem(f"item {number}", error.message, item)
        except (TypeError, AttributeError, ValueError) as error:
            yield problem(f"item {number}", f"is not of the API's form ({error})", item)
