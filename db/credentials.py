"""Keys, one-time sign-in links and signed-in sessions; shown once, stored as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import or_, select, update
from sqlmodel import Session

from core import times
from core.errors import BadRequest, NotFound
from db import audit
from db.models import Credential
from db.upsert import Row, insert_all, table

Purpose = Literal["key", "sign_in", "session"]
SCOPES = ("read", "annotate", "alerts", "export", "admin")
_row = table(Credential)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()  # 256 random bits need no slow hash


def issue(
    session: Session,
    purpose: Purpose,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    lifetime: timedelta | None = None,
) -> tuple[int, str]:
    """A new secret: its id and, this once, itself. Raises BadRequest for a scope that is none."""
    wrong = [s for s in scopes if s not in SCOPES]
    if wrong:
        raise BadRequest(f"there is no scope {wrong[0]!r}; there are {', '.join(SCOPES)}")
    secret = "kle_" * (purpose == "key") + secrets.token_urlsafe(32)
    row: Row = {"purpose": purpose, "name": name, "secret_sha256": _hash(secret), "scopes": list(scopes)}
    row |= {"created_at": now, "expires_at": now + lifetime if lifetime else None}
    (number,) = insert_all(session, Credential, [row])
    did = "signed in" if purpose == "session" else "issued"
    _tell(session, purpose, number, did, now, name=name, scopes=list(scopes))
    return number, secret


def named(session: Session, purpose: str, name: str, now: datetime) -> int:
    """A revoked one that opens nothing, and only names who spoke: somebody of another archive, an annotator."""
    mine = select(_row.c.id).where(_row.c.purpose == purpose, _row.c.name == name)
    known = session.execute(mine).scalar()
    if known is not None:
        return int(known)
    row: Row = {"purpose": purpose, "name": name, "secret_sha256": _hash(secrets.token_urlsafe(32)), "scopes": []}
    (number,) = insert_all(session, Credential, [{**row, "created_at": now, "revoked_at": now}])
    return number


def find(session: Session, purpose: Purpose, secret: str, now: datetime) -> Credential | None:
    """The credential of this secret; None if unknown, used up, expired or revoked."""
    statement = select(Credential).where(*_valid(purpose, secret, now))
    return session.execute(statement).scalar_one_or_none()


def consume(session: Session, secret: str, now: datetime) -> bool:
    """Use a sign-in link up: True for one of all who try."""
    statement = update(_row).where(*_valid("sign_in", secret, now)).values(used_at=now)
    return bool(session.execute(statement).rowcount == 1)  # type: ignore[attr-defined]


def _valid(purpose: Purpose, secret: str, now: datetime) -> list[Any]:
    alive = or_(_row.c.expires_at.is_(None), _row.c.expires_at > now)
    unused = _row.c.used_at.is_(None) if purpose == "sign_in" else True
    known = _row.c.secret_sha256 == _hash(secret)
    return [known, _row.c.purpose == purpose, _row.c.revoked_at.is_(None), alive, unused]


def touch(session: Session, credential_id: int, now: datetime) -> None:
    """Note that a key or session was used; the day's first use is told to the audit chain."""
    mine, today = _row.c.id == credential_id, now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = mine & or_(_row.c.used_at.is_(None), _row.c.used_at < today)
    found = session.execute(update(_row).where(first).values(used_at=now).returning(_row.c.purpose, _row.c.name))
    if row := found.first():
        _tell(session, row.purpose, credential_id, "used", now, name=row.name)
    else:
        session.execute(update(_row).where(mine).values(used_at=now))


def revoke(session: Session, credential_id: int, now: datetime) -> None:
    """Raises NotFound; a revoked one stays so."""
    mine = (_row.c.id == credential_id) & (_row.c.purpose != "sign_in")
    if session.execute(select(_row.c.id).where(mine)).first() is None:
        raise NotFound(f"there is no key {credential_id}; `kle keys list` shows them")
    valid = update(_row).where(mine, _row.c.revoked_at.is_(None)).values(revoked_at=now)
    for row in session.execute(valid.returning(_row.c.purpose, _row.c.name)).all():
        did = "signed out" if row.purpose == "session" else "revoked"
        _tell(session, row.purpose, credential_id, did, now, name=row.name)


def _tell(session: Session, purpose: str, number: int, did: str, now: datetime, **more: Any) -> None:
    audit.append(session, "key", f"{purpose}/{number}", {"did": did, **more}, now)


def list_keys(session: Session) -> list[dict[str, Any]]:
    rows = session.execute(select(_row).where(_row.c.purpose == "key").order_by(_row.c.id))
    return [
        {
            "id": r.id,
            "name": r.name,
            "scopes": r.scopes,
            "created_at": times.text(r.created_at),
            "used_at": times.text(r.used_at) if r.used_at else None,
            "revoked_at": times.text(r.revoked_at) if r.revoked_at else None,
        }
        for r in rows
    ]


def any_key(session: Session) -> bool:
    return session.execute(select(_row.c.id).where(_row.c.purpose == "key").limit(1)).first() is not None
