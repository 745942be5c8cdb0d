"""Full text: the only place where SQLite and PostgreSQL differ.

A post's entry is its current version's words, then its filter tokens: `topic:reform`, `account:12` and so on, each
behind a private-use character that `core.text` strips from everything people write, so that a filtered search is
one intersection in key order that stops after a page. Both databases get the words from `core.text`: SQLite as
text for a tokenizer that only cuts at spaces, PostgreSQL as a ready tsvector.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    bindparam,
    cast,
    column,
    delete,
    literal,
    text,
)
from sqlalchemy import table as lightweight
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session

from core.text import fold_version, index_words
from db import entries
from db.entries import EVERY, Entry
from db.language import And, Not, Or, Phrase, Prefix, Token, Tree
from db.models import IndexEntry, Meta
from db.upsert import insert, insert_keyed, is_sqlite, table

_NAME = "post_text"
_SQLITE = lightweight(_NAME, column("rowid"), column(_NAME), column("body"))
_POSTGRES = lightweight(_NAME, column("post_id"), column("body"))
_LONGEST_WORD = 500  # characters; PostgreSQL refuses lexemes of more than 2046 bytes
_MOST_BYTES = 1_000_000  # of one tsvector; the words of longer texts stand in the index up to there
_LAST_POSITION = 16383  # PostgreSQL counts no further
_MOST_POSITIONS = 255  # and keeps no more of one word

SQLITE_DDL = (
    f"CREATE VIRTUAL TABLE {_NAME} USING fts5(body, content='', columnsize=0, detail=full, "
    "tokenize=\"ascii tokenchars '_.:@/-'\")",
)
POSTGRES_DDL = (
    f"CREATE TABLE {_NAME} (post_id BIGINT PRIMARY KEY, body TSVECTOR NOT NULL)",
    f"CREATE INDEX ix_{_NAME}_body ON {_NAME} USING gin (body)",
)


def is_index_table(name: str | None) -> bool:
    """True for the tables that no model describes."""
    return bool(name) and (name == _NAME or str(name).startswith(f"{_NAME}_"))


# -- writing ------------------------------------------------------------------------------------------------


def refresh(session: Session, post_ids: Iterable[int]) -> None:
    """Make the entries of these posts say what their rows say now; unchanged ones are left alone."""
    keys = sorted(set(post_ids))
    if not keys:
        return
    wanted = {e.post_id: e for e in entries.wanted(session, keys)}
    present = {e.post_id: e for e in entries.present(session, sorted(wanted))}
    changed = [e for key, e in wanted.items() if key not in present or present[key].key != e.key]
    _remove(session, [present[e.post_id] for e in changed if e.post_id in present])
    add(session, changed)


def remove(session: Session, post_ids: Iterable[int]) -> None:
    """Take these posts out of the index, words and all."""
    _remove(session, entries.present(session, sorted(set(post_ids))))


def rebuild(session: Session) -> None:
    """Empty the index and fill it from the rows, by today's folding."""
    emptied = f"INSERT INTO {_NAME}({_NAME}) VALUES ('delete-all')" if is_sqlite(session) else f"TRUNCATE {_NAME}"
    session.execute(text(emptied))
    session.execute(delete(table(IndexEntry)))
    last = -(1 << 62)
    while keys := entries.next_keys(session, last, 500):
        add(session, entries.wanted(session, keys))
        last = keys[-1]
    statement = insert(session, Meta).values(name="fold_version", value=fold_version())
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": fold_version()}))


def is_current(session: Session) -> bool:
    found = session.get(Meta, "fold_version")
    return found is not None and found.value == fold_version()


def add(session: Session, new: Sequence[Entry]) -> None:
    """Write entries of posts that have none."""
    if not new:
        return
    rows = [{"key": e.post_id, "body": _body(session, e)} for e in sorted(new, key=lambda e: e.post_id)]
    if is_sqlite(session):
        session.execute(text(f"INSERT INTO {_NAME}(rowid, body) VALUES (:key, :body)"), rows)
    else:
        session.execute(text(f"INSERT INTO {_NAME}(post_id, body) VALUES (:key, CAST(:body AS tsvector))"), rows)
    kept = [{"post_id": e.post_id, "version_id": e.version_id, "tokens": " ".join(e.tokens)} for e in new]
    insert_keyed(session, IndexEntry, kept)


def _remove(session: Session, old: Sequence[Entry]) -> None:
    if not old:
        return
    keys = [e.post_id for e in old]
    if is_sqlite(session):
        statement = text(f"INSERT INTO {_NAME}({_NAME}, rowid, body) VALUES ('delete', :key, :body)")
        session.execute(statement, [{"key": e.post_id, "body": _body(session, e)} for e in old])
    else:
        session.execute(delete(_POSTGRES).where(_POSTGRES.c.post_id.in_(keys)))
    session.execute(delete(table(IndexEntry)).where(table(IndexEntry).c.post_id.in_(keys)))


def _body(session: Session, entry: Entry) -> str:
    all_words = [_short(word) for word in index_words(entry.text)]
    return " ".join([*all_words, *entry.tokens]) if is_sqlite(session) else _tsvector(all_words, entry.tokens)


def _short(word: str) -> str:
    """What both databases take as one word; queries are cut alike."""
    return word[:_LONGEST_WORD]


def _tsvector(all_words: Sequence[str], tokens: Sequence[str]) -> str:
    room = _MOST_BYTES - sum(len(t.encode()) + 8 for t in tokens)
    places: dict[str, list[str]] = {}
    for number, word in enumerate(all_words, 1):
        at = places.setdefault(word, [])
        room -= 2 if at else len(word.encode()) + 8
        if room < 0:
            break
        at.append(str(min(number, _LAST_POSITION)))
    places |= {t: [str(min(len(all_words) + 1, _LAST_POSITION))] for t in tokens}
    return " ".join(f"'{word}':{','.join(at[:_MOST_POSITIONS])}" for word, at in places.items() if at)


# -- reading ------------------------------------------------------------------------------------------------


def matching(session: Session, tree: Tree) -> tuple[FromClause, ColumnElement[int], ColumnElement[bool]]:
    """The index table, its key column and the condition under which an entry matches `tree` (tokens only)."""
    if is_sqlite(session):
        query: BindParameter[str] = bindparam(None, fts5(tree), unique=True)
        return _SQLITE, _SQLITE.c.rowid, _SQLITE.c[_NAME].op("MATCH", is_comparison=True)(query)
    wanted = cast(literal(tsquery(tree)), TSQUERY)
    return _POSTGRES, _POSTGRES.c.post_id, _POSTGRES.c.body.op("@@", is_comparison=True)(wanted)


def fts5(tree: Tree) -> str:
    """`tree` in FTS5's query syntax; every word is quoted, so nothing in it is syntax."""
    match tree:
        case Token(value):
            return f'"{value}"'
        case Phrase(found):
            return '"' + " ".join(map(_short, found)) + '"'
        case Prefix(found):
            return '"' + " ".join(map(_short, found)) + '" *'
        case Or(parts):
            return "(" + " OR ".join(fts5(p) for p in parts) + ")"
        case Not(part):
            return f'("{EVERY}" NOT {fts5(part)})'
        case And(parts):
            return _fts5_and(parts)
    raise AssertionError(tree)


def _fts5_and(parts: Sequence[Tree]) -> str:
    wanted = [fts5(p) for p in parts if not isinstance(p, Not)] or [f'"{EVERY}"']
    unwanted = [fts5(p.part) for p in parts if isinstance(p, Not)]
    found = "(" + " AND ".join(wanted) + ")"
    return f"({found} NOT ({' OR '.join(unwanted)}))" if unwanted else found


def tsquery(tree: Tree) -> str:
    """`tree` in PostgreSQL's tsquery syntax."""
    match tree:
        case Token(value):
            return f"'{value}'"
        case Phrase(found):
            return "(" + " <-> ".join(f"'{_short(w)}'" for w in found) + ")"
        case Prefix(found):
            return "(" + " <-> ".join(f"'{_short(w)}'" for w in found) + ":*)"
        case Or(parts):
            return "(" + " | ".join(tsquery(p) for p in parts) + ")"
        case Not(part):
            return f"('{EVERY}' & !{tsquery(part)})"
        case And(parts):
            return (
                "(" + " & ".join(f"!{tsquery(p.part)}" if isinstance(p, Not) else tsquery(p) for p in parts) + ")"
            )
    raise AssertionError(tree)


# -- for its check (db/proof/fulltext.py) -------------------------------------------------------------------

INDEX = _NAME


def bodies(session: Session, present: Iterable[Entry]) -> dict[int, str]:
    """Key -> what was written into the index for these entries, in key order."""
    return {e.post_id: _body(session, e) for e in sorted(present, key=lambda e: e.post_id)}
