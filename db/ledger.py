"""The content ledger: an append-only hash chain over what the archive says it saw.

A line's digest covers its sequence number, time, kind, subject, the digest of the row it speaks for and the digest
of the line before. A row's digest covers the SHA-256 of its text, never the text itself, so that a text can be
erased one day and the chain still verifies. On SQLite a line is written in its row's transaction; on PostgreSQL one
sealer at a time chains what was committed, so that writers never wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlmodel import Session

from core import times
from db.models import Ledger, Unsealed
from db.proof import digests
from db.slices import SLICE
from db.upsert import insert_quietly, is_sqlite, table

START = "0" * 64
_SEALER = 0x6B6C65  # the advisory lock that makes the sealer one
_TRY = text("SELECT pg_try_advisory_xact_lock(:key)")
_ledger, _unsealed = table(Ledger), table(Unsealed)


@dataclass(frozen=True, slots=True)
class Line:
    """`subject` names the row: "version/17", "capture/17", or "tags/17/" and when that version was judged."""

    kind: str
    subject: str
    row_digest: str
    at: datetime


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
    """Chain what is committed and not chained yet; how many lines. One sealer at a time, others find 0.

    On SQLite only a copy of a PostgreSQL archive has such lines.
    """
    if not is_sqlite(session) and not session.execute(_TRY, {"key": _SEALER}).scalar():
        return 0
    rows = session.execute(select(_unsealed).order_by(_unsealed.c.id).limit(SLICE)).all()
    if not rows:
        return 0
    _chain(session, [Line(r.kind, r.subject, r.row_digest, r.at) for r in rows])
    session.execute(delete(_unsealed).where(_unsealed.c.id.in_([r.id for r in rows])))
    return len(rows)


def head(session: Session) -> tuple[int, str]:
    """The number and digest of the last line."""
    found = last(session)
    return (found.seq, found.digest) if found else (0, START)


def last(session: Session) -> Any | None:
    """Number, digest and time of the last line, if there is one."""
    columns = _ledger.c.seq, _ledger.c.digest, _ledger.c.at
    return session.execute(select(*columns).order_by(_ledger.c.seq.desc()).limit(1)).first()


def _chain(session: Session, lines: Sequence[Line]) -> None:
    """No line is older than the one before it, also where a clock was set back, or a writer committed later."""
    seq, previous, at = last(session) or (0, START, lines[0].at)
    rows = []
    for line in lines:
        seq, at = seq + 1, max(at, line.at)
        row = {"seq": seq, "at": at, "kind": line.kind, "subject": line.subject}
        row |= {"row_digest": line.row_digest, "previous": previous}
        row["digest"] = previous = line_digest(row)
        rows.append(row)
    insert_quietly(session, Ledger, rows)


def line_digest(row: Any) -> str:
    said = [
        row["seq"],
        times.text(row["at"]),
        row["kind"],
        row["subject"],
        row["row_digest"],
        row["previous"],
    ]
    return digests.of(said)


def tags_subject(version_id: int, moment: datetime) -> str:
    return f"tags/{version_id}/{times.text(moment)}"


def moment_of(subject: str) -> datetime:
    """When the version of a `tags_subject` was judged."""
    return times.parse(subject.split("/", 2)[2])


def lines_after(session: Session, seq: int, limit: int) -> list[Any]:
    """The next lines of the chain, in order."""
    statement = select(_ledger).where(_ledger.c.seq > seq).order_by(_ledger.c.seq).limit(limit)
    return list(session.execute(statement))


def line(session: Session, seq: int) -> Any | None:
    """The line of this number, if there is one."""
    return session.execute(select(_ledger).where(_ledger.c.seq == seq)).first()


def last_before(session: Session, moment: datetime) -> Any | None:
    """The last line older than this moment. Times never fall along the chain: a few looks find it."""
    low, high = 0, head(session)[0]
    while low < high:
        middle = (low + high + 1) // 2
        found = line(session, middle)
        low, high = (middle, high) if found and found.at < moment else (low, middle - 1)
    return line(session, low)
