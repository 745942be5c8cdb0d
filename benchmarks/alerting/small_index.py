"""The batch alone in an FTS5 table in memory, and each query on it."""

import operator
import sqlite3
from collections.abc import Sequence
from typing import Any

from benchmarks.alerting.contenders import Pairs, Trees, scores
from db.awaited import Scored
from db.coming import Coming
from db.language import And, Condition, Not, Or, Phrase, Prefix, Token, Tree


class SmallIndex:
    name = "FTS5 of the batch"
    _MADE = (
        "CREATE VIRTUAL TABLE batch USING fts5(body, content='', tokenize=\"ascii tokenchars '_.:@/-'\")",
        "CREATE TABLE score (post INTEGER, topic TEXT, probability REAL)",
    )

    def __init__(self, trees: Trees) -> None:
        self._asked = {number: _fts(tree) for number, tree in trees.items()}

    def match(self, posts: Sequence[Coming]) -> Pairs:
        memory = sqlite3.connect(":memory:")
        for statement in self._MADE:
            memory.execute(statement)
        bodies = ((post.id, " ".join((*post.words, *post.tokens))) for post in posts)
        memory.executemany("INSERT INTO batch (rowid, body) VALUES (?, ?)", bodies)
        rows = ((post.id, *one) for post in posts for one in scores(post))
        memory.executemany("INSERT INTO score VALUES (?, ?, ?)", rows)
        found = {
            (number, key) for number, (sql, given) in self._asked.items() for (key,) in memory.execute(sql, given)
        }
        memory.close()
        return found


def _fts(tree: Tree | None) -> tuple[str, list[Any]]:
    """Words and tokens as one match, probabilities beside it."""
    parts = tree.parts if isinstance(tree, And) else (tree,) if tree else ()
    scored = [part.clause for part in parts if isinstance(part, Condition)]
    wanted = [part for part in parts if not isinstance(part, Condition)]
    conditions: list[str] = []
    given: list[Any] = []
    if wanted:
        conditions, given = ["batch MATCH ?"], [_match(And(tuple(wanted)))]
    for one in scored:
        assert isinstance(one, Scored)
        sign = {operator.gt: ">", operator.ge: ">="}[one.test]  # type: ignore[index]
        conditions.append(f"rowid IN (SELECT post FROM score WHERE topic = ? AND probability {sign} ?)")
        given += [one.topic, one.bound]
    return f"SELECT rowid FROM batch{' WHERE ' if conditions else ''}{' AND '.join(conditions)}", given


def _match(tree: Tree) -> str:
    """In FTS5's syntax; there is no NOT without something that it is taken from."""
    match tree:
        case Token(value):
            return f'"{value}"'
        case Phrase(words):
            return f'"{" ".join(words)}"'
        case Prefix(words):
            return f'"{" ".join(words)}" *'
        case Or(parts):
            return f"({' OR '.join(map(_match, parts))})"
        case And(parts):
            wanted = " AND ".join(_match(part) for part in parts if not isinstance(part, Not))
            return f"({wanted}{''.join(f' NOT {_match(part.part)}' for part in parts if isinstance(part, Not))})"
    raise AssertionError(tree)
