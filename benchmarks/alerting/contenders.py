"""Who matches a batch of new posts against all queries.

Each gets the queries as trees with their names resolved, as it likes them, before anything is timed; then batch
after batch. What is timed begins with the posts as the archive has them and ends with (query, post) pairs.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from alerts.standing import Book
from db import query
from db.coming import Coming
from db.database import Database
from db.language import Tree
from db.query import PostQuery

Pairs = set[tuple[int, int]]  # of query and post
Trees = Mapping[int, Tree | None]


class Contender(Protocol):
    name: str

    def match(self, posts: Sequence[Coming]) -> Pairs: ...


class Ours:
    name = "kle"

    def __init__(self, book: Book) -> None:
        self._book = book

    def match(self, posts: Sequence[Coming]) -> Pairs:
        return {(alert.id, post.id) for post in posts for alert in self._book.matching(post)}


class EachQuery:
    """What an alert is where nobody thought about it: its search, run again for what is new."""

    name = "each query over the archive"

    def __init__(self, database: Database, queries: Mapping[int, PostQuery]) -> None:
        self._database, self._queries = database, queries

    def match(self, posts: Sequence[Coming]) -> Pairs:
        keys = [post.id for post in posts]
        with self._database.read() as session:
            return {
                (number, key)
                for number, asked in self._queries.items()
                for key in query.selection(session, asked).among(session, keys)
            }


def scores(post: Coming) -> Iterator[tuple[str, float]]:
    return ((topic, score) for topic, scores in post.scores.items() for score in scores)


def is_there(needs: str) -> bool:
    return importlib.util.find_spec(needs) is not None
