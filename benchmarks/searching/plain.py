"""What most tools do with SQLite: a table of posts, an FTS5 index over its text, joined and ordered by date.

Filled from an archive in the order in which posts came in. Times, accounts and the rest have indexes; topics stand
in a table of their own.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.searching.contender import FACETS, days
from benchmarks.searching.shapes import LIMIT, Question
from core import times
from db.database import PRAGMAS

COLUMNS = (
    "number", "id", "platform", "kind", "account", "actor", "text", "lang", "created_at", "url", "links", "media",
    "likes", "reposts", "replies", "quotes", "views",
)  # fmt: skip
_SCHEMA = (
    f"CREATE TABLE post (number INTEGER PRIMARY KEY, id TEXT UNIQUE, {', '.join(COLUMNS[2:])})",
    "CREATE TABLE topic (slug TEXT PRIMARY KEY)",
    "CREATE TABLE post_topic (post INTEGER REFERENCES post(number), topic TEXT REFERENCES topic(slug),"
    " PRIMARY KEY (topic, post)) WITHOUT ROWID",
)
_INDEXES = (  # the name of the content in the form by which Datasette knows it
    *(f"CREATE INDEX post_{name} ON post ({name})" for name in ("created_at", "account", "actor", "platform")),
    "CREATE INDEX post_topic_post ON post_topic (post)",
    'CREATE VIRTUAL TABLE post_text USING fts5(text, content="post", content_rowid="number")',
    "INSERT INTO post_text (post_text) VALUES ('rebuild')",
    "ANALYZE",
)
_ROWS = """
    SELECT version.id, post.platform || ':' || post.platform_id, post.platform, post.kind, account.handle,
        actor.slug, version.text, post.lang,
        substr(post.created_at, 1, 10) || 'T' || substr(post.created_at, 12, 8) || 'Z',
        post.url, version.links, version.media,
        post.likes, post.reposts, post.replies, post.quotes, post.views
    FROM version JOIN post ON post.id = version.post_id AND post.current = version.number
    LEFT JOIN account ON account.id = post.account_id LEFT JOIN actor ON actor.id = account.actor_id
    ORDER BY version.id"""
_TAGS = """
    SELECT tag.version_id, topic.slug FROM tag JOIN topic ON topic.id = tag.topic_id
    WHERE tag.valid_to IS NULL AND tag.decision = 'tagged'"""


def rows(archive: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """What stands in the archive now, in the columns of `COLUMNS`, in the order in which it came in."""
    yield from archive.execute(_ROWS)


def topics(archive: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """(number, slug)"""
    yield from archive.execute(_TAGS)


def fill(archive: Path, file: Path) -> Path:
    """Made where it is not there yet."""
    if file.exists():
        return file
    made = file.with_suffix(".making")
    made.unlink(missing_ok=True)
    with closing(sqlite3.connect(archive)) as source, closing(sqlite3.connect(made)) as target, target:
        for statement in _SCHEMA:
            target.execute(statement)
        marks = ", ".join("?" * len(COLUMNS))
        target.executemany(f"INSERT INTO post VALUES ({marks})", rows(source))
        target.executemany("INSERT INTO topic VALUES (?)", source.execute("SELECT slug FROM topic"))
        target.executemany("INSERT INTO post_topic VALUES (?, ?)", topics(source))
        for statement in _INDEXES:
            target.execute(statement)
    made.rename(file)
    return file


class Plain:
    name = "plain FTS5 join"

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file)
        for pragma in PRAGMAS:
            self.connection.execute(pragma)
        self.connection.row_factory = sqlite3.Row

    def ask(self, task: str, question: Question) -> Any:
        source, values = self._source(question)
        match task:
            case "page":
                order = "" if question.oldest else "DESC"
                found = self._all(
                    f"SELECT post.* FROM {source} ORDER BY post.created_at {order} LIMIT {LIMIT}", values
                )
                return [dict(row) for row in found]
            case "total":
                return self._all(f"SELECT count(*) FROM {source}", values)
            case "histogram":
                day = "substr(post.created_at, 1, 10)"
                return self._all(f"SELECT {day}, count(*) FROM {source} GROUP BY 1", values)
        facets = {name: self._facet(name, source, values) for name in FACETS if name != "topic"}
        matched = f"SELECT post.number FROM {source}"
        by_topic = f"SELECT topic, count(*) FROM post_topic WHERE post IN ({matched}) GROUP BY 1"
        return {**facets, "topic": self._all(by_topic, values)}

    def _facet(self, name: str, source: str, values: list[Any]) -> list[Any]:
        return self._all(f"SELECT post.{name}, count(*) FROM {source} GROUP BY 1 ORDER BY 2 DESC", values)

    def _all(self, statement: str, values: list[Any]) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()

    def _source(self, question: Question) -> tuple[str, list[Any]]:
        """From where, and under which conditions."""
        tables, conditions, values = "post", [], []
        if question.has_words:
            tables = "post_text JOIN post ON post.number = post_text.rowid"
            conditions, values = ["post_text MATCH ?"], [match(question)]
        if question.topic and not question.has_words:
            tables = "post_topic JOIN post ON post.number = post_topic.post"
            conditions, values = ["post_topic.topic = ?"], [question.topic]
        elif question.topic:
            conditions.append("post.number IN (SELECT post FROM post_topic WHERE topic = ?)")
            values.append(question.topic)
        since, until = question.bounds()
        bounds = ("account = ?", question.account), ("created_at >= ?", since), ("created_at < ?", until)
        for condition, value in bounds:
            if value:
                conditions.append(f"post.{condition}")
                values.append(value if isinstance(value, str) else times.text(value))
        return f"{tables} WHERE {' AND '.join(conditions)}", values

    def told(self, task: str, answer: Any) -> Any:
        match task:
            case "page":
                return [row["id"] for row in answer]
            case "total":
                return answer[0][0]
            case "histogram":
                return days(map(tuple, answer))
        return {name: dict(map(tuple, found)) for name, found in answer.items()}

    def can(self, task: str) -> bool:
        return True

    def close(self) -> None:
        self.connection.close()


def match(question: Question) -> str:
    """In FTS5's syntax."""
    parts = [f'"{word}"' for word in question.words]
    parts += [f'"{question.phrase}"'] if question.phrase else []
    parts += [f'"{question.prefix}" *'] if question.prefix else []
    return " AND ".join(parts) + (f' NOT "{question.without}"' if question.without else "")
