"""The content ledger: an append-only hash chain over what the archive says it saw.

A line's digest covers its sequence number, time, kind, subject, the digest of the row it speaks for and the digest
of the line before. A row's digest covers the SHA-256 of its text, never the text itself, so that a text can be
erased one day and the chain still verifies. On SQLite a line is written in its row's transaction; on PostgreSQL one
sealer at a time chains what was committed, so that writers never wait for each other.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, delete, func, select, text
from sqlmodel import Session

from core import times
from db import search
from db.models import Blob, Ledger, Post, Tag, Topic, Unsealed, Version
from db.upsert import insert_quietly, is_sqlite, table

START = "0" * 64
_SEALER = 0x6B6C65  # the advisory lock that makes the sealer one
_SLICE = 1000
_ledger, _unsealed, _version, _post = table(Ledger), table(Unsealed), table(Version), table(Post)
_tag, _topic, _blob = table(Tag), table(Topic), table(Blob)


@dataclass(frozen=True, slots=True)
class Line:
    """`subject` names the row: "version/17", "tags/17"."""

    kind: str
    subject: str
    row_digest: str
    at: datetime


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(value: Any) -> str:
    return sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def version_digest(row: Any) -> str:
    """Over everything that a version says; `row` is a mapping with the columns of `version`."""
    seen_at = times.text(row["seen_at"])
    names = ("number", "change", "text_sha256", "links", "media", "view", "facts")
    return _digest({**{name: row[name] for name in names}, "seen_at": seen_at})


def tags_digest(rows: Iterable[Any]) -> str:
    """Over one round of tagging of one version; rows with slug, model_id, probability, threshold and so on."""
    names = ("slug", "model_id", "probability", "threshold", "decision", "evidence_start", "evidence_end")
    said = [[getattr(r, name) for name in names] + [times.text(r.valid_from)] for r in rows]
    return _digest(sorted(said, key=lambda s: str(s[0])))


def append(session: Session, lines: Sequence[Line]) -> None:
    """Chain these lines, or on PostgreSQL lay them out for the sealer."""
    if not lines:
        return
    if is_sqlite(session):
        _chain(session, lines)
        return
    rows = [{"at": x.at, "kind": x.kind, "subject": x.subject, "row_digest": x.row_digest} for x in lines]
    insert_quietly(session, Unsealed, rows)


def seal(session: Session) -> int:
    """Chain what is committed and not chained yet; how many lines. One sealer at a time, others find 0."""
    if is_sqlite(session):
        return 0
    if not session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _SEALER}).scalar():
        return 0
    rows = session.execute(select(_unsealed).order_by(_unsealed.c.id).limit(_SLICE)).all()
    _chain(session, [Line(r.kind, r.subject, r.row_digest, r.at) for r in rows])
    session.execute(delete(_unsealed).where(_unsealed.c.id.in_([r.id for r in rows])))
    return len(rows)


def head(session: Session) -> tuple[int, str]:
    """The number and digest of the last line."""
    last = session.execute(select(_ledger.c.seq, _ledger.c.digest).order_by(_ledger.c.seq.desc()).limit(1)).first()
    return (last.seq, last.digest) if last else (0, START)


def _chain(session: Session, lines: Sequence[Line]) -> None:
    seq, previous = head(session)
    rows = []
    for line in lines:
        seq += 1
        row = {"seq": seq, "at": line.at, "kind": line.kind, "subject": line.subject}
        row |= {"row_digest": line.row_digest, "previous": previous}
        row["digest"] = previous = _line_digest(row)
        rows.append(row)
    insert_quietly(session, Ledger, rows)


def _line_digest(row: Any) -> str:
    said = [
        row["seq"],
        times.text(row["at"]),
        row["kind"],
        row["subject"],
        row["row_digest"],
        row["previous"],
    ]
    return _digest(said)


# -- verifying ----------------------------------------------------------------------------------------------


def verify(session: Session, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Walk and re-hash everything; names the first thing that does not fit, None where all does."""
    counts = {"versions": 0, "tag_rounds": 0, "captures": 0, "ledger_lines": 0}
    first = None
    for kind, problem in _walk(session):
        counts[kind] = counts.get(kind, 0) + 1
        first = first or problem
        if progress:
            progress(1)
    waiting = session.execute(select(func.count()).select_from(_unsealed)).scalar_one()
    counts.pop("agreement")
    return {"ok": first is None, **counts, "unsealed": waiting, "first_problem": first}


def _walk(session: Session) -> Iterator[tuple[str, str | None]]:
    sealed: dict[str, str] = {}
    yield from _walk_chain(session, sealed)
    for row in session.execute(select(_unsealed)):
        sealed[row.subject] = row.row_digest
    yield from _walk_versions(session, sealed)
    yield from _walk_tags(session, sealed)
    yield from _walk_blobs(session)
    yield "agreement", _posts_agree(session) or search.integrity(session)
    lost = next((s for s in sealed), None)
    yield "agreement", f"{lost} stands in the ledger and no longer in the archive" if lost else None


def _walk_chain(session: Session, sealed: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    seq, previous = 0, START
    for row in _slices(session, _ledger, _ledger.c.seq):
        seq += 1
        fits = row["seq"] == seq and row["previous"] == previous and row["digest"] == _line_digest(row)
        yield "ledger_lines", None if fits else f"ledger line {row['seq']} does not fit the chain"
        seq, previous = row["seq"], row["digest"]
        sealed[row["subject"]] = row["row_digest"]


def _walk_versions(session: Session, sealed: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    for row in _slices(session, _version, _version.c.id):
        subject = f"version/{row['id']}"
        said = sealed.pop(subject, None)
        if sha256(row["text"].encode("utf-8", "surrogatepass")) != row["text_sha256"]:
            yield "versions", f"the text of {subject} is not the one that was archived"
        elif version_digest(row) != row["digest"]:
            yield "versions", f"{subject} is not as it was archived"
        elif said != row["digest"]:
            yield "versions", f"{subject} does not stand in the ledger as it is"
        else:
            yield "versions", None


def _walk_tags(session: Session, sealed: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    subjects = sorted(s for s in sealed if s.startswith("tags/"))
    for start in range(0, len(subjects), _SLICE):
        part = subjects[start : start + _SLICE]
        rounds: dict[str, list[Any]] = {subject: [] for subject in part}
        ids = {int(subject.split("/")[1]) for subject in part}
        statement = select(_tag, _topic.c.slug).join_from(_tag, _topic).where(_tag.c.version_id.in_(ids))
        for row in session.execute(statement):
            rounds.setdefault(tags_subject(row.version_id, row.valid_from), []).append(row)
        for subject, rows in rounds.items():
            fits = tags_digest(rows) == sealed.pop(subject, None)
            yield "tag_rounds", None if fits else f"{subject} does not stand in the ledger as it is"


def tags_subject(version_id: int, moment: datetime) -> str:
    return f"tags/{version_id}/{times.text(moment)}"


def _walk_blobs(session: Session) -> Iterator[tuple[str, str | None]]:
    for row in _slices(session, _blob, _blob.c.sha256, 50):
        yield "captures", None if _opens(row) else f"capture {row['sha256']} is not the bytes that were fetched"


def _opens(row: Any) -> bool:
    try:
        return bool(sha256(zlib.decompress(row["body"])) == row["sha256"])
    except zlib.error:
        return False


def _posts_agree(session: Session) -> str | None:
    """Each post's row says what its current version's facts say."""
    current = and_(_version.c.post_id == _post.c.id, _version.c.number == _post.c.versions)
    statement = select(_post.c.id, _post.c.platform, _post.c.platform_id, _post.c.created_at, _version.c.facts)
    for row in session.execute(statement.join_from(_post, _version, current, isouter=True)).yield_per(_SLICE):
        name = f"{row.platform}:{row.platform_id}"
        if row.facts is None:
            return f"the current version of {name} is not there"
        if row.facts["created_at"] != times.text(row.created_at):
            return f"the time of {name} is not the one that was archived"
    return None


def _slices(session: Session, source: Any, key: Any, size: int = _SLICE) -> Iterator[Any]:
    """All rows in key order, a slice at a time, so that memory does not grow."""
    last = None
    while True:
        statement = select(source).order_by(key).limit(size)
        rows = session.execute(statement if last is None else statement.where(key > last)).mappings().all()
        yield from rows
        if len(rows) < size:
            return
        last = rows[-1][key.name]
