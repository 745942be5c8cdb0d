"""The bare statement: the same rows by the same index and nothing around it, which is the least it can take.

It fetches every column of post and version, and those of the tags in force and the sightings of the same posts, for
they are what a page shows. For counts it is the bare count of the matches.
"""

import sqlite3
from pathlib import Path
from typing import Any

from benchmarks.searching.shapes import LIMIT, Question, keys
from db.database import PRAGMAS
from db.entries import token

_BESIDE = (
    "SELECT tag.*, topic.slug FROM tag JOIN topic ON topic.id = tag.topic_id"
    " WHERE tag.post_id IN ({}) AND tag.valid_to IS NULL AND tag.decision != 'not'",
    "SELECT sighting.*, source.name FROM sighting JOIN source ON source.id = sighting.source_id"
    " WHERE sighting.post_id IN ({})",
)


class Bare:
    name = "bare FTS5"

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file)
        for pragma in PRAGMAS:
            self.connection.execute(pragma)
        self.connection.row_factory = sqlite3.Row
        found = self.connection.execute("SELECT handle, id FROM account")
        self._accounts = {row["handle"]: row["id"] for row in found}

    def ask(self, task: str, question: Question) -> Any:
        matches, values = self._matching(question)
        if task != "page":
            return self.connection.execute(f"SELECT count(*) FROM post_text {matches}", values).fetchone()
        order = "" if question.oldest else "DESC"
        statement = (
            f"SELECT post_text.rowid, * FROM post_text CROSS JOIN post ON post.id = post_text.rowid"
            f" CROSS JOIN version ON version.post_id = post.id AND version.number = post.current"
            f" {matches} ORDER BY post_text.rowid {order} LIMIT {LIMIT}"
        )
        found = self.connection.execute(statement, values).fetchall()
        keys = ", ".join(str(row["rowid"]) for row in found)
        for beside in _BESIDE:
            self.connection.execute(beside.format(keys)).fetchall()
        return found

    def _matching(self, question: Question) -> tuple[str, list[Any]]:
        found = "WHERE post_text MATCH ?"
        values: list[Any] = [self._match(question)]
        since, until = keys(question)
        for bound, operator in ((since, ">="), (until, "<")):
            if bound is not None:
                found += f" AND post_text.rowid {operator} ?"
                values.append(bound)
        return found, values

    def _match(self, question: Question) -> str:
        parts = [f'"{word}"' for word in question.words]
        parts += [f'"{question.phrase}"'] if question.phrase else []
        parts += [f'"{question.prefix}" *'] if question.prefix else []
        parts += [f'"{token("topic", question.topic)}"'] if question.topic else []
        parts += [f'"{token("account", self._accounts[question.account])}"'] if question.account else []
        return " AND ".join(parts)

    def told(self, task: str, answer: Any) -> Any:
        return [f"{row['platform']}:{row['platform_id']}" for row in answer] if task == "page" else answer[0]

    def can(self, task: str) -> bool:
        return task in ("page", "total")

    def close(self) -> None:
        self.connection.close()
