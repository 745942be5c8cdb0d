"""Do the full-text indexes say what the rows say, no more and no less?

The check takes an index and what each of its rows should hold: it serves that of current texts and that of
superseded ones.
PostgreSQL compares row by row. SQLite keeps no rows, only words with the places where they stand: they are read
through once and summed by entry, in 16 bytes an entry, and the sums are compared.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote

import numpy as np
from sqlalchemy import func, select, text
from sqlmodel import Session

from db import damage, dictionary, entries, search
from db.models import IndexEntry, Post, Version
from db.slices import SLICE
from db.upsert import is_sqlite, table

_VOCABULARY = "proof_words"
_COPY = "proof_index"
_PARTS = ("_data", "_idx", "_docsize")  # tables in which FTS5 keeps an index
_AT_ONCE = 50_000  # words at their places
_BY_TERM = (  # a word's entries as one text: four times quicker than a row for each
    f"SELECT term, count(*), group_concat(doc), group_concat(offset) FROM temp.{_VOCABULARY} GROUP BY term"
)
_FAR = np.uint64(0x9E3779B97F4A7C15)  # odd constants that spread what they multiply
_WIDE = np.uint64(0xC2B2AE3D27D4EB4F)
_post, _version = table(Post), table(Version)
Bodies = Callable[[], Iterator[Mapping[int, str]]]  # key -> what it should say, in key order, slice by slice


@dataclass(frozen=True, slots=True)
class Index:
    """A table of `db.search`, the column of its keys on PostgreSQL, and what a key stands for."""

    table: str
    key: str
    title: str
    name: Callable[[Session, int], str]


def problem(session: Session) -> str | None:
    """The first entry that is not what the post's rows make it, or None."""
    entries_problem: list[str] = []
    words = check(session, CURRENT, lambda: _bodies(session, entries_problem))
    old = check(session, OLD, lambda: _old_bodies(session))
    known = _dictionary_problem(session) if is_sqlite(session) else None
    structure = [_structure_problem(session, index) for index in (CURRENT, OLD) if is_sqlite(session)]
    return next(iter(entries_problem), None) or words or old or known or next(filter(None, structure), None)


def check(session: Session, index: Index, expected: Bodies) -> str | None:
    """What `index` says otherwise than `expected`, or None."""
    return (_sqlite_problem if is_sqlite(session) else _postgres_problem)(session, index, expected)


def _keys(session: Session) -> Iterator[list[int]]:
    last = -(1 << 62)
    while keys := entries.next_keys(session, last, SLICE):
        yield keys
        last = keys[-1]


def _bodies(session: Session, wrong: list[str]) -> Iterator[dict[int, str]]:
    """What the index should say by `index_entry`, which it is written from; `wrong` gets what that says otherwise
    than the rows of the posts."""
    count = 0
    for keys in _keys(session):
        wanted = {e.post_id: (e.version_id, set(e.tokens)) for e in entries.wanted(session, keys)}
        stands = entries.present(session, keys)
        present = {e.post_id: (e.version_id, set(e.tokens)) for e in stands}
        differ = (key for key in keys if wanted.get(key) != present.get(key))
        wrong += [f"the index entry of {_name(session, key)} is not what its rows say" for key in islice(differ, 1)]
        count += len(present)
        yield search.bodies(session, stands)
    kept = session.execute(select(func.count()).select_from(table(IndexEntry))).scalar_one()
    wrong += [f"the full-text index has {kept} entries for {count} posts"] if kept != count else []


def _old_bodies(session: Session) -> Iterator[dict[int, str]]:
    """What the index of superseded texts should say."""
    last = 0
    while ids := entries.superseded_after(session, last, SLICE):
        yield search.old_bodies(session, ids)
        last = ids[-1]


def _name(session: Session, key: int) -> str:
    row = session.execute(select(_post.c.platform, _post.c.platform_id).where(_post.c.id == key)).first()
    return f"{row.platform}:{row.platform_id}" if row else f"no post (key {key})"


def _version_name(session: Session, key: int) -> str:
    row = session.execute(select(_version.c.post_id, _version.c.number).where(_version.c.id == key)).first()
    return f"version {row.number} of {_name(session, row.post_id)}" if row else f"no version (key {key})"


CURRENT = Index(search.INDEX, "post_id", "the full-text index", _name)
OLD = Index(search.OLD_INDEX, "version_id", "the index of superseded texts", _version_name)


# -- PostgreSQL ---------------------------------------------------------------------------------------------

_DIFFER = """
SELECT said.key FROM unnest(CAST(:keys AS bigint[]), CAST(:bodies AS text[])) AS said (key, body)
LEFT JOIN {index} AS kept ON kept.{key} = said.key
WHERE kept.body IS DISTINCT FROM CAST(said.body AS tsvector) ORDER BY said.key LIMIT 1
"""


def _postgres_problem(session: Session, index: Index, expected: Bodies) -> str | None:
    count = 0
    for bodies in expected():
        count += len(bodies)
        given = {"keys": list(bodies), "bodies": list(bodies.values())}
        wrong = session.execute(text(_DIFFER.format(index=index.table, key=index.key)), given).scalar()
        if wrong is not None:
            return f"{index.title} does not say what {index.name(session, wrong)} says"
    kept = session.execute(text(f"SELECT count(*) FROM {index.table}")).scalar_one()
    return None if kept == count else f"{index.title} holds {kept} texts for {count} entries: a stale copy"


# -- SQLite -------------------------------------------------------------------------------------------------


def _sqlite_problem(session: Session, index: Index, expected: Bodies) -> str | None:
    kept = [_sums(bodies) for bodies in expected()]
    keys = np.concatenate([np.empty(0, np.int64), *(k for k, _ in kept)])
    should = np.concatenate([np.empty(0, np.uint64), *(s for _, s in kept)])
    with _vocabulary(session, index.table) as words:
        found, stale = words.sums(keys)
        if stale:
            term, key = stale
            return f"{index.title} says {term!r} of {index.name(session, key)}, which has no entry: a stale copy"
        wrong = np.flatnonzero(found != should)
        return _named(session, index, words, int(keys[wrong[0]]), expected) if len(wrong) else None


def _sums(bodies: Mapping[int, str]) -> tuple[Any, Any]:
    """Keys and sums of what these entries should say."""
    split = [body.split(" ") if body else [] for body in bodies.values()]
    lengths = np.array([len(words) for words in split], np.int64)
    hashes = np.array([hash(word) for words in split for word in words], np.int64)
    places = np.concatenate([np.empty(0, np.int64), *(np.arange(n) for n in lengths)])
    sums = np.zeros(len(split), np.uint64)
    np.add.at(sums, np.repeat(np.arange(len(split)), lengths), _mixed(hashes, places))
    return np.fromiter(bodies, np.int64, len(bodies)), sums


def _mixed(hashes: Any, places: Any) -> Any:
    """A number for each word at its place; of which Python's own hash, secret for each process, makes the first."""
    mixed = (hashes.view(np.uint64) + places.astype(np.uint64) * _FAR) * _WIDE
    return (mixed ^ (mixed >> np.uint64(31))) * _FAR


@contextmanager
def _vocabulary(session: Session, index: str) -> Iterator["_Words"]:
    """Every word of the index with its entry and place, as a table of this connection alone."""
    connection: Any = session.connection().connection.driver_connection
    connection.execute(f"CREATE VIRTUAL TABLE temp.{_VOCABULARY} USING fts5vocab(main, {index}, instance)")
    try:
        yield _Words(connection)
    finally:
        connection.execute(f"DROP TABLE temp.{_VOCABULARY}")


@dataclass(frozen=True, slots=True)
class _Words:
    """The table of all words."""

    connection: sqlite3.Connection

    def sums(self, keys: Any) -> tuple[Any, tuple[str, int] | None]:
        """Sums by entry, in the order of `keys`; and the first word that belongs to none of them."""
        sums = np.zeros(len(keys), np.uint64)
        for terms, counts, documents, places in self._read():
            found = _numbers(documents)
            at = np.minimum(np.searchsorted(keys, found), max(len(keys) - 1, 0))
            known = keys[at] == found if len(keys) else np.zeros(len(found), bool)
            if not known.all():
                first = int(np.flatnonzero(~known)[0])
                return sums, (terms[int(np.searchsorted(np.cumsum(counts), first, "right"))], int(found[first]))
            hashes = np.repeat(np.fromiter(map(hash, terms), np.int64, len(terms)), counts)
            np.add.at(sums, at, _mixed(hashes, _numbers(places)))
        return sums, None

    def of(self, key: int) -> Counter[tuple[str, int]]:
        """Words and places of one entry."""
        rows = self.connection.execute(f"SELECT term, offset FROM temp.{_VOCABULARY} WHERE doc = ?", (key,))
        return Counter(rows)

    def _read(self) -> Iterator[Sequence[Any]]:
        """Terms, in how many places they stand, the entries and the places there: some terms at once."""
        some: list[tuple[str, int, str, str]] = []
        size = 0
        with closing(self.connection.execute(_BY_TERM)) as rows:
            for row in rows:
                some.append(row)
                size += row[1]
                if size >= _AT_ONCE:
                    yield list(zip(*some, strict=True))
                    some, size = [], 0
        if some:
            yield list(zip(*some, strict=True))


def _numbers(lists: Sequence[str]) -> Any:
    return np.fromstring(",".join(lists), np.int64, sep=",")


def _named(session: Session, index: Index, words: _Words, key: int, expected: Bodies) -> str:
    """Which word is one too many, or missing."""
    body = next(bodies[key] for bodies in expected() if key in bodies)
    should = Counter((word, place) for place, word in enumerate(body.split(" ") if body else ()))
    found, name = words.of(key), index.name(session, key)
    if more := sorted(found - should):
        return f"{index.title} says {more[0][0]!r} of {name}, which does not say it: a stale copy"
    missing = sorted(should - found)
    return f"{index.title} does not know that {name} says {missing[0][0]!r}"


def _dictionary_problem(session: Session) -> str | None:
    """Whether the words of the index of current texts and those of the dictionary are the same."""
    connection: Any = session.connection().connection.driver_connection
    connection.execute(f"CREATE VIRTUAL TABLE temp.{_VOCABULARY} USING fts5vocab(main, {CURRENT.table}, row)")
    told = f"SELECT term FROM temp.{_VOCABULARY} WHERE term < :mark OR term >= :behind"
    kept = f"SELECT word FROM main.{dictionary.NAME}"
    marked = {"mark": entries.MARK, "behind": dictionary.BEHIND}
    try:
        missing = connection.execute(f"{told} EXCEPT {kept} LIMIT 1", marked).fetchone()
        stale = connection.execute(f"{kept} EXCEPT {told} LIMIT 1", marked).fetchone()
    finally:
        connection.execute(f"DROP TABLE temp.{_VOCABULARY}")
    if missing:
        return f"the dictionary does not know {missing[0]!r}, which the full-text index says"
    return f"the dictionary says {stale[0]!r}, which no post says: a stale copy" if stale else None


def _structure_problem(session: Session, index: Index) -> str | None:
    """FTS5's own check is a write: it is made on a copy of the index's pages in a file of its own, so that no
    writer waits and no reader's view changes."""
    described = text("SELECT sql FROM sqlite_master WHERE name = :name")
    if session.execute(described, {"name": index.table}).scalar() != search.MADE[index.table]:
        return f"{index.title} describes itself otherwise than it was made"
    file = session.connection().engine.url.database
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, isolation_level=None)) as own:
        own.execute("PRAGMA busy_timeout = 30000")
        try:
            _copy(own, index.table)
            own.execute(f"INSERT INTO temp.{_COPY}({_COPY}) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as error:
            if damage.told(error) is None:
                raise
            return f"{index.title} is damaged: {error}"
    return None


def _copy(own: sqlite3.Connection, index: str) -> None:
    (made,) = own.execute("SELECT sql FROM main.sqlite_master WHERE name = ?", (index,)).fetchone()
    own.execute(made.replace(f" {index} ", f" temp.{_COPY} ", 1))
    own.execute("BEGIN")
    for (name,) in own.execute("SELECT name FROM temp.sqlite_master WHERE type = 'table'").fetchall():
        part = name.removeprefix(_COPY)
        if part in _PARTS:
            own.execute(f"DELETE FROM temp.{name}")
            own.execute(f"INSERT INTO temp.{name} SELECT * FROM main.{index}{part}")
