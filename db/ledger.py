"""The content ledger: an append-only hash chain over what the archive says it saw.

A line's digest covers its sequence number, time, kind, subject, the digest of the row it speaks for and the digest
of the line before. A row's digest covers the SHA-256 of its text, never the text itself, so that a text can be
erased one day and the chain still verifies. On SQLite a line is written in its row's transaction; on PostgreSQL one
sealer at a time chains what was committed, so that writers never wait for each other.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, func, select, text
from sqlmodel import Session

from core import times
from db import agreement, search
from db.models import Blob, Correction, Ledger, Post, Tag, Topic, Unsealed, Version
from db.slices import SLICE, slices
from db.upsert import insert_quietly, is_sqlite, table

START = "0" * 64
_SEALER = 0x6B6C65  # the advisory lock that makes the sealer one
_ledger, _unsealed, _version, _post = table(Ledger), table(Unsealed), table(Version), table(Post)
_tag, _topic, _blob, _correction = table(Tag), table(Topic), table(Blob), table(Correction)


@dataclass(frozen=True, slots=True)
class Line:
    """`subject` names the row: "version/17", "correction/17", or "tags/17/" and when that version was judged."""

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


def correction_digest(row: Any) -> str:
    """Over what a person said; `row` is a mapping with the columns of `correction` and the topic's slug.

    Of the note only its SHA-256, as of a text.
    """
    names = ("version_id", "slug", "tag_id", "decision", "credential_id", "name")
    note = None if row["note"] is None else sha256(row["note"].encode("utf-8", "surrogatepass"))
    return _digest({**{name: row[name] for name in names}, "note_sha256": note, "at": times.text(row["at"])})


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
    rows = session.execute(select(_unsealed).order_by(_unsealed.c.id).limit(SLICE)).all()
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
    counts = {"versions": 0, "tag_rounds": 0, "corrections": 0, "captures": 0, "ledger_lines": 0}
    first = None
    for kind, problem in _walk(session):
        counts[kind] = counts.get(kind, 0) + 1
        first = first or problem
        if progress:
            progress(1)
    waiting = session.execute(select(func.count()).select_from(_unsealed)).scalar_one()
    del counts["agreement"]
    return {"ok": first is None, **counts, "unsealed": waiting, "first_problem": first}


def _walk(session: Session) -> Iterator[tuple[str, str | None]]:
    """Slice by slice along the chain, each line with the rows that it speaks for: memory stays flat."""
    found: Counter[str] = Counter()
    seq, previous = 0, START
    for lines in slices(session, _ledger, _ledger.c.seq):
        for line in lines:
            seq += 1
            fits = line["seq"] == seq and line["previous"] == previous and line["digest"] == _line_digest(line)
            yield "ledger_lines", None if fits else f"ledger line {line['seq']} does not fit the chain"
            seq, previous = line["seq"], line["digest"]
        yield from _rows_of(session, lines, found)
    for lines in slices(session, _unsealed, _unsealed.c.id):
        yield from _rows_of(session, lines, found)
    for rows in slices(session, _blob, _blob.c.sha256, 50):
        for row in rows:
            yield "captures", None if _opens(row) else f"capture {row['sha256']} is not the bytes that were fetched"
    yield "agreement", _unspoken(session, found) or agreement.problem(session) or search.integrity(session)


def _rows_of(session: Session, lines: Sequence[Any], found: Counter[str]) -> Iterator[tuple[str, str | None]]:
    """Check the rows that these lines speak for; `found` counts them."""
    sealed = {line["subject"]: line["row_digest"] for line in lines}
    said: dict[str, list[int]] = {"version": [], "tags": [], "correction": []}
    for line in lines:
        number = line["subject"].split("/")[1] if line["subject"].startswith(f"{line['kind']}/") else ""
        if line["kind"] in said and number.isdecimal():
            said[line["kind"]].append(int(number))
        else:
            yield "agreement", f"the ledger speaks for {line['subject']!r}, which is nothing it can speak for"
    yield from _versions_of(session, said["version"], sealed, found)
    yield from _tags_of(session, said["tags"], sealed, found)
    yield from _corrections_of(session, said["correction"], sealed, found)


def _versions_of(
    session: Session, numbers: Sequence[int], sealed: dict[str, str], found: Counter[str]
) -> Iterator[tuple[str, str | None]]:
    statement = select(_version).where(_version.c.id.in_(numbers))
    rows = {row["id"]: row for row in session.execute(statement).mappings()} if numbers else {}
    found["versions"] += len(rows)
    for number in numbers:
        subject = f"version/{number}"
        row = rows.get(number)
        yield "versions", _version_problem(subject, row, sealed[subject]) if row else _lost(subject)


def _version_problem(subject: str, row: Any, said: str) -> str | None:
    if sha256(row["text"].encode("utf-8", "surrogatepass")) != row["text_sha256"]:
        return f"the text of {subject} is not the one that was archived"
    if version_digest(row) != row["digest"]:
        return f"{subject} is not as it was archived"
    return None if said == row["digest"] else f"{subject} does not stand in the ledger as it is"


def _tags_of(
    session: Session, numbers: Sequence[int], sealed: dict[str, str], found: Counter[str]
) -> Iterator[tuple[str, str | None]]:
    rounds: dict[str, list[Any]] = {subject: [] for subject in sealed if subject.startswith("tags/")}
    statement = select(_tag, _topic.c.slug).join_from(_tag, _topic).where(_tag.c.version_id.in_(set(numbers)))
    for row in session.execute(statement) if numbers else ():
        subject = tags_subject(row.version_id, row.valid_from)
        if subject in rounds:
            rounds[subject].append(row)
    for subject, rows in rounds.items():
        found["tags"] += len(rows)
        fits = tags_digest(rows) == sealed[subject]
        yield "tag_rounds", None if fits else f"{subject} does not stand in the ledger as it is"


def _corrections_of(
    session: Session, numbers: Sequence[int], sealed: dict[str, str], found: Counter[str]
) -> Iterator[tuple[str, str | None]]:
    statement = select(_correction, _topic.c.slug).join_from(_correction, _topic)
    statement = statement.where(_correction.c.id.in_(numbers))
    rows = {row["id"]: row for row in session.execute(statement).mappings()} if numbers else {}
    found["corrections"] += len(rows)
    for number in numbers:
        subject = f"correction/{number}"
        fits = number in rows and correction_digest(rows[number]) == sealed[subject]
        yield "corrections", None if fits else f"{subject} does not stand in the ledger as it is"


def tags_subject(version_id: int, moment: datetime) -> str:
    return f"tags/{version_id}/{times.text(moment)}"


def _lost(subject: str) -> str:
    return f"{subject} stands in the ledger and no longer in the archive"


def _unspoken(session: Session, found: Counter[str]) -> str | None:
    """Rows that no line speaks for."""
    for name, rows in (("versions", _version), ("tags", _tag), ("corrections", _correction)):
        there = session.execute(select(func.count()).select_from(rows)).scalar_one()
        if there != found[name]:
            return f"the archive has {there} {name}, the ledger speaks for {found[name]}"
    counted = session.execute(select(func.coalesce(func.sum(_post.c.versions), 0))).scalar_one()
    return (
        None if counted == found["versions"] else f"posts count {counted} versions, there are {found['versions']}"
    )


def _opens(row: Any) -> bool:
    try:
        return bool(sha256(zlib.decompress(row["body"])) == row["sha256"])
    except zlib.error:
        return False
