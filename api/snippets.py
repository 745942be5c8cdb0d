"""What a search shows of each post that it found: the part of its text where the query's words stand.

It is made of the texts that leave, after `api.outgoing`: what is withheld or erased has none.
"""

from collections.abc import Sequence
from typing import Any

from core.snippets import Wanted, snippet
from db import language
from db.language import Prefix
from db.query import PostQuery


def wanted(query: PostQuery) -> list[Wanted]:
    """The words of a query that speak for a post."""
    return [Wanted(found.words, isinstance(found, Prefix)) for found in language.wanted(query.tree)]


def told(items: Sequence[dict[str, Any]], query: PostQuery) -> list[dict[str, Any]]:
    """The posts, each with its `snippet`."""
    words = wanted(query)
    return [{**post, "snippet": _form(post["text"], words)} for post in items]


def _form(text: str | None, words: Sequence[Wanted]) -> dict[str, Any] | None:
    if text is None or not words:
        return None
    found = snippet(text, words)
    return {"text": found.text, "start": found.start, "hits": found.hits}
