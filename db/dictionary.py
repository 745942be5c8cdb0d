"""The words of the full-text index, on SQLite: what a prefix begins is looked up here, not in the whole index.

FTS5 answers `ref*` by joining the entries of every word that begins so before the first is told; an OR of those
words stops after a page. Filter tokens and BORDER are no words. PostgreSQL's index knows prefixes itself.
"""

from collections.abc import Iterable

import orjson
from sqlalchemy import text
from sqlmodel import Session

from core.readings import BORDER
from db.entries import MARK

NAME = "word"
DDL = f"CREATE TABLE {NAME} (word TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID"
LEAST, MOST = 100, 1000  # words of one prefix that are asked for each; above, joining all their entries is quicker
_SHARE = 500  # versions for each such word: a word costs the same in any archive, entries grow with it
BEHIND = chr(ord(MARK) + 1)  # what begins with MARK stands before it
_LAST = "\U0010ffff"
_VERSIONS = text("SELECT max(id) FROM version")
_LEARN = text(f"INSERT OR IGNORE INTO {NAME} SELECT value FROM json_each(:words)")
_BEGUN = text(f"SELECT word FROM {NAME} WHERE word >= :first AND word < :last ORDER BY word LIMIT :most")


def learn(session: Session, said: Iterable[Iterable[str]]) -> None:
    """Take in the words of these texts, in order: neighbours stand on one page."""
    found = words(said)
    if found:
        session.execute(_LEARN, {"words": _listed(found)})


def forget(session: Session, gone: Iterable[str], index: str) -> None:
    """Drop those of these words that `index` does not have any more."""
    asked = text(f"SELECT 1 FROM {index} WHERE {index} MATCH :word LIMIT 1")
    absent = [word for word in gone if session.execute(asked, {"word": f'"{word}"'}).first() is None]
    if absent:
        dropped = text(f"DELETE FROM {NAME} WHERE word IN (SELECT value FROM json_each(:words))")
        session.execute(dropped, {"words": _listed(absent)})


def empty(session: Session) -> None:
    session.execute(text(f"DELETE FROM {NAME}"))


def begun(session: Session, prefix: str) -> list[str] | None:
    """The words that begin so, in order; None for more than are worth it."""
    versions = session.execute(_VERSIONS).scalar() or 0
    most = min(max(versions // _SHARE, LEAST), MOST)
    asked = {"first": prefix, "last": prefix + _LAST, "most": most + 1}
    found = list(session.execute(_BEGUN, asked).scalars())
    return found if len(found) <= most else None


def words(said: Iterable[Iterable[str]]) -> list[str]:
    """The words of these texts, once each, in order."""
    return sorted(set().union(*said) - {BORDER})


def _listed(found: Iterable[str]) -> str:
    return orjson.dumps(list(found)).decode()
