"""The audit chain: what was done with this archive (settings, keys, releases, backups, merges), by whom and when.

A second hash chain beside the ledger, few lines and never a secret: addresses are masked, keys are named by their
number. A line is written in the transaction of what it tells of; on PostgreSQL others who have something to tell
wait for its end, so it is written last.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlmodel import Session

from core import times
from core.secrecy import masked
from core.text import storable
from db.ledger import START
from db.models import Audit
from db.proof import digests
from db.upsert import insert_keyed, is_sqlite, table

_LOCK = 0x6B6C6561  # the advisory lock under which one line follows another
_audit = table(Audit)


def append(session: Session, kind: str, subject: str, detail: Mapping[str, Any], at: datetime) -> None:
    """Chain one line: `kind` says what was done ("key", "release", "backup" ...), `subject` to what ("key/3"),
    `detail` the rest. It says `at`, or the time of the line before it where a clock was set back."""
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before = _last(session)
    seq, previous = (before.seq, before.digest) if before else (0, START)
    moment = max(before.at, at) if before else at
    row = {"seq": seq + 1, "at": moment, "kind": kind, "subject": _clean(subject), "previous": previous}
    row["detail"] = _clean(orjson.loads(orjson.dumps(dict(detail))))
    insert_keyed(session, Audit, [{**row, "digest": line_digest(row)}])


def head(session: Session) -> tuple[int, str]:
    """The number and digest of the last line."""
    last = _last(session)
    return (last.seq, last.digest) if last else (0, START)


def last_of(session: Session, kind: str) -> dict[str, Any] | None:
    """The detail of the newest line of this kind."""
    statement = select(_audit.c.detail).where(_audit.c.kind == kind).order_by(_audit.c.seq.desc()).limit(1)
    found = session.execute(statement).scalar()
    return dict(found) if found is not None else None


def told_of(session: Session, kind: str, subject: str) -> datetime | None:
    """When the first line of this kind told of this very subject."""
    statement = select(_audit.c.at).where(_audit.c.kind == kind, _audit.c.subject == subject)
    return session.execute(statement.order_by(_audit.c.seq).limit(1)).scalar()


def listed(session: Session, limit: int, before: int | None = None) -> list[dict[str, Any]]:
    """Newest first; those older than line `before`."""
    statement = select(_audit).order_by(_audit.c.seq.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_audit.c.seq < before)
    names = ("kind", "subject", "detail", "digest")
    rows = session.execute(statement).mappings()
    return [{"line": r["seq"], "at": times.text(r["at"]), **{name: r[name] for name in names}} for r in rows]


def short(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is there for programs: digests of every part of a configuration."""
    return {name: value for name, value in detail.items() if name != "digests"}


def line_digest(row: Mapping[Any, Any]) -> str:
    """Over a line and, by `previous`, all before it."""
    said = [row["seq"], times.text(row["at"]), row["kind"], row["subject"], row["detail"], row["previous"]]
    return digests.of(said)


def _last(session: Session) -> Any | None:
    columns = _audit.c.seq, _audit.c.digest, _audit.c.at
    return session.execute(select(*columns).order_by(_audit.c.seq.desc()).limit(1)).first()


def _clean(value: Any) -> Any:
    """Without keys and passwords in addresses, and without what no database keeps."""
    match value:
        case str():
            return masked(storable(value))
        case dict():
            return {_clean(name): _clean(item) for name, item in value.items()}
        case list():
            return [_clean(item) for item in value]
    return value
