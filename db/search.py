"""Full text: the only place where SQLite and PostgreSQL differ.

A post's entry is its current version's words, then its filter tokens: `topic:reform`, `account:12` and so on, each
behind a private-use character that `core.text` strips from everything people write, so that a filtered search is
one intersection in key order that stops after a page. Both databases get the words from `core.text`: SQLite as
text for a tokenizer that only cuts at spaces, PostgreSQL as a ready tsvector.

The words of superseded versions, and nothing else of them, stand in a second index by the version's id: searches as
of a moment of before need them, and the first one stays as small as what is current.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    cast,
    column,
    delete,
    literal,
    select,
    text,
)
from sqlalchemy import table as lightweight
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session

from core.readings import index_words
from core.text import fold_version
from db import dictionary, entries, moved
from db.entries import EVERY, Entry
from db.language import And, Not, Or, Phrase, Prefix, Token, Tree
from db.models import IndexEntry, Meta
from db.slices import SLICE, chunks
from db.types import Key
from db.upsert import among, insert, insert_keyed, is_sqlite, table

_NAME, _OLD = "post_text", "old_text"
_SQLITE = lightweight(_NAME, column("rowid"), column(_NAME), column("body"))
_POSTGRES = lightweight(_NAME, column("post_id", Key), column("body"))
_OLD_SQLITE = lightweight(_OLD, column("rowid"), column(_OLD), column("body"))
_OLD_POSTGRES = lightweight(_OLD, column("version_id"), column("body"))
_LONGEST_WORD = 500  # characters; PostgreSQL refuses lexemes of more than 2046 bytes
_MOST_BYTES = 1_000_000  # of one tsvector; the words of longer texts stand in the index up to there
_LAST_POSITION = 16383  # PostgreSQL counts no further
_MOST_POSITIONS = 255  # and keeps no more of one word

_TOKENIZER = "tokenize=\"ascii tokenchars '_.:@/-'\""
SQLITE_DDL = (
    f"CREATE VIRTUAL TABLE {_NAME} USING fts5(body, content='', columnsize=0, detail=full, {_TOKENIZER})",
)
POSTGRES_DDL = (
    f"CREATE TABLE {_NAME} (post_id BIGINT PRIMARY KEY, body TSVECTOR NOT NULL)",
    f"CREATE INDEX ix_{_NAME}_body ON {_NAME} USING gin (body)",
)
OLD_SQLITE_DDL = (  # with the sizes of its rows, by which it can tell what stands in it
    f"CREATE VIRTUAL TABLE {_OLD} USING fts5(body, content='', detail=full, {_TOKENIZER})",
)
MADE = {_NAME: SQLITE_DDL[0], _OLD: OLD_SQLITE_DDL[0]}  # how SQLite's tables describe themselves
OLD_POSTGRES_DDL = (
    f"CREATE TABLE {_OLD} (version_id BIGINT PRIMARY KEY, body TSVECTOR NOT NULL)",
    f"CREATE INDEX ix_{_OLD}_body ON {_OLD} USING gin (body)",
)


def is_index_table(name: str | None) -> bool:
    """True for the tables that no model describes."""
    own = (_NAME, _OLD, dictionary.NAME)
    return bool(name) and any(name == one or str(name).startswith(f"{one}_") for one in own)


# -- writing ------------------------------------------------------------------------------------------------


def refresh(session: Session, post_ids: Iterable[int]) -> None:
    """Make the entries of these posts say what their rows say now; unchanged ones are left alone."""
    keys = sorted(set(post_ids))
    if not keys:
        return
    wanted = {e.post_id: e for e in entries.wanted(session, keys)}
    present = {e.post_id: e for e in entries.present(session, sorted(wanted))}
    changed = [e for key, e in wanted.items() if key not in present or present[key].key != e.key]
    replaced = [present[e.post_id] for e in changed if e.post_id in present]
    stood = {key: entry.version_id for key, entry in present.items()}
    anew = [e for e in changed if stood.get(e.post_id) != e.version_id]  # the others only have other tokens
    words = _Words()
    _remove(session, replaced, words)
    _write(session, changed, words)
    _learn(session, anew, words)
    _forget_words(session, [present[e.post_id] for e in anew if e.post_id in present], words)
    _keep_old(session, [e.post_id for e in anew])


def remove(session: Session, post_ids: Iterable[int]) -> None:
    """Take these posts out of the index, words and all."""
    removed = entries.present(session, sorted(set(post_ids)))
    words = _Words()
    _remove(session, removed, words)
    _forget_words(session, removed, words)


def rebuild(session: Session) -> None:
    """Empty both indexes and fill them from the rows, by today's folding."""
    for name in (_NAME, _OLD):
        emptied = f"INSERT INTO {name}({name}) VALUES ('delete-all')" if is_sqlite(session) else f"TRUNCATE {name}"
        session.execute(text(emptied))
    session.execute(delete(table(IndexEntry)))
    if is_sqlite(session):
        dictionary.empty(session)
    last = -(1 << 62)
    while keys := entries.next_keys(session, last, 500):
        add(session, entries.wanted(session, keys))
        last = keys[-1]
    fill_old(session)
    moved.note_all(session)
    statement = insert(session, Meta).values(name="fold_version", value=fold_version())
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": fold_version()}))


def is_current(session: Session) -> bool:
    found = session.get(Meta, "fold_version")
    return found is not None and found.value == fold_version()


def add(session: Session, new: Sequence[Entry]) -> None:
    """Write entries of posts that have none."""
    words = _Words()
    _write(session, new, words)
    _learn(session, new, words)


class _Words(dict[str, list[str]]):
    """The indexed words of the texts of one call, each cut once: an entry that goes out and the one that comes in
    for it mostly say the same."""

    def __missing__(self, said: str) -> list[str]:
        self[said] = found = _cut(said)
        return found


def _write(session: Session, new: Sequence[Entry], words: _Words) -> None:
    if not new:
        return
    rows = [{"key": e.post_id, "body": _body(session, e, words)} for e in sorted(new, key=lambda e: e.post_id)]
    if is_sqlite(session):
        session.execute(text(f"INSERT INTO {_NAME}(rowid, body) VALUES (:key, :body)"), rows)
    else:
        session.execute(text(f"INSERT INTO {_NAME}(post_id, body) VALUES (:key, CAST(:body AS tsvector))"), rows)
    kept = [{"post_id": e.post_id, "version_id": e.version_id, "tokens": " ".join(e.tokens)} for e in new]
    insert_keyed(session, IndexEntry, kept)
    moved.note(session, [e.post_id for e in new])


def _learn(session: Session, new: Sequence[Entry], words: _Words) -> None:
    if is_sqlite(session):
        dictionary.learn(session, (words[e.text] for e in new))


def _remove(session: Session, old: Sequence[Entry], words: _Words) -> None:
    if not old:
        return
    keys = [e.post_id for e in old]
    if is_sqlite(session):
        statement = text(f"INSERT INTO {_NAME}({_NAME}, rowid, body) VALUES ('delete', :key, :body)")
        session.execute(statement, [{"key": e.post_id, "body": _body(session, e, words)} for e in old])
    else:
        session.execute(delete(_POSTGRES).where(among(session, _POSTGRES.c.post_id, keys)))
    session.execute(delete(table(IndexEntry)).where(among(session, table(IndexEntry).c.post_id, keys)))
    moved.note(session, keys)


def _forget_words(session: Session, gone: Sequence[Entry], words: _Words) -> None:
    """Of what went, the words that no entry has any more leave the dictionary."""
    if gone and is_sqlite(session):
        dictionary.forget(session, dictionary.words(words[e.text] for e in gone), _NAME)


def fill_old(session: Session) -> None:
    """Put the words of every superseded version into the second index, which is empty."""
    last = 0
    while ids := entries.superseded_after(session, last, SLICE):
        _add_old(session, ids)
        last = ids[-1]


def forget_versions(session: Session, version_ids: Collection[int]) -> None:
    """Take superseded versions out of the second index, before their texts are erased: the words that stand there
    are needed to find them. Current ones are `refresh`'s, once their text is gone."""
    for some in chunks(sorted(version_ids)):
        stand = _standing_old(session, some)
        if not stand:
            continue
        if is_sqlite(session):
            statement = text(f"INSERT INTO {_OLD}({_OLD}, rowid, body) VALUES ('delete', :key, :body)")
            session.execute(statement, _old_rows(session, sorted(stand)))
        else:
            session.execute(delete(_OLD_POSTGRES).where(_OLD_POSTGRES.c.version_id.in_(stand)))


def _keep_old(session: Session, post_ids: Sequence[int]) -> None:
    """The superseded versions of these posts that the second index does not have yet go into it."""
    ids = entries.superseded_of(session, post_ids) if post_ids else []
    for some in chunks(ids):
        _add_old(session, sorted(set(some) - _standing_old(session, some)))


def _add_old(session: Session, version_ids: Sequence[int]) -> None:
    rows = _old_rows(session, version_ids) if version_ids else []
    if not rows:
        return
    if is_sqlite(session):
        session.execute(text(f"INSERT INTO {_OLD}(rowid, body) VALUES (:key, :body)"), rows)
    else:
        session.execute(text(f"INSERT INTO {_OLD}(version_id, body) VALUES (:key, CAST(:body AS tsvector))"), rows)


def _old_rows(session: Session, version_ids: Sequence[int]) -> list[dict[str, object]]:
    return [
        {"key": key, "body": _indexed(session, _cut(said), ())} for key, said in entries.texts(session, version_ids)
    ]


def _standing_old(session: Session, version_ids: Sequence[int]) -> set[int]:
    key = _OLD_SQLITE.c.rowid if is_sqlite(session) else _OLD_POSTGRES.c.version_id
    return set(session.execute(select(key).where(key.in_(version_ids))).scalars())


def _body(session: Session, entry: Entry, words: _Words) -> str:
    return _indexed(session, words[entry.text], entry.tokens)


def _indexed(session: Session, all_words: Sequence[str], tokens: Sequence[str]) -> str:
    return " ".join([*all_words, *tokens]) if is_sqlite(session) else _tsvector(all_words, tokens)


def _cut(said: str) -> list[str]:
    found = index_words(said)
    if max(map(len, found), default=0) > _LONGEST_WORD:
        found = [_short(word) for word in found]
    return found


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
        query: BindParameter[str] = bindparam(None, fts5(_spread(session, tree)), unique=True)
        return _SQLITE, _SQLITE.c.rowid, _SQLITE.c[_NAME].op("MATCH", is_comparison=True)(query)
    wanted = cast(literal(tsquery(tree)), TSQUERY)
    return _POSTGRES, _POSTGRES.c.post_id, _POSTGRES.c.body.op("@@", is_comparison=True)(wanted)


def _spread(session: Session, tree: Tree) -> Tree:
    """Prefixes as the words that begin so, unless those are many. For a prefix that begins none, itself will do."""
    match tree:
        case Prefix(found):
            known = dictionary.begun(session, _short(found[-1]))
            phrases = tuple(Phrase((*found[:-1], word)) for word in known or ())
            return Or(phrases) if len(phrases) > 1 else phrases[0] if phrases else tree
        case And(parts):
            return And(tuple(_spread(session, p) for p in parts))
        case Or(parts):
            return Or(tuple(_spread(session, p) for p in parts))
        case Not(part):
            return Not(_spread(session, part))
    return tree


def matching_old(session: Session, tree: Tree) -> Select[tuple[int]]:
    """The ids of superseded versions that match `tree` (words, none of them only unwanted)."""
    if is_sqlite(session):
        query: BindParameter[str] = bindparam(None, fts5(tree), unique=True)
        matches = _OLD_SQLITE.c[_OLD].op("MATCH", is_comparison=True)(query)
        return select(_OLD_SQLITE.c.rowid).where(matches)
    wanted = cast(literal(tsquery(tree)), TSQUERY)
    return select(_OLD_POSTGRES.c.version_id).where(_OLD_POSTGRES.c.body.op("@@", is_comparison=True)(wanted))


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

INDEX, OLD_INDEX = _NAME, _OLD


def bodies(session: Session, present: Iterable[Entry]) -> dict[int, str]:
    """Key -> what was written into the index for these entries, in key order."""
    words = _Words()
    return {e.post_id: _body(session, e, words) for e in sorted(present, key=lambda e: e.post_id)}


def old_bodies(session: Session, version_ids: Sequence[int]) -> dict[int, str]:
    """Version's id -> what was written into the second index for it, in the order of the ids."""
    return {key: _indexed(session, _cut(said), ()) for key, said in entries.texts(session, version_ids)}
