"""An anchor: where both chains stood at a time, to be kept or timestamped where nobody of this archive reaches.

Whoever rewrites an archive and all digests in it cannot rewrite what was anchored before: the chains would no
longer pass through it.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlmodel import Session

from core import times
from core.errors import BadRequest
from core.version import SOFTWARE, version
from db import audit, ledger
from db.models import Audit, Ledger, Meta
from db.upsert import table

_CHAINS = {"ledger": (ledger.head, table(Ledger)), "audit": (audit.head, table(Audit))}


class Head(BaseModel):
    """The last line of a chain; no line yet has the number 0."""

    model_config = ConfigDict(extra="forbid")
    lines: int = Field(ge=0)
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class Anchor(BaseModel):
    """What an anchor's file says."""

    model_config = ConfigDict(extra="forbid")
    anchor: Literal[1] = 1  # the form of this file
    archive_id: str
    ledger: Head
    audit: Head
    at: str
    software: str


def make(session: Session, now: datetime) -> Anchor:
    """Where the chains stand; the ledger must be sealed."""
    heads = {name: Head(lines=lines, digest=digest) for name, (lines, digest) in _heads(session).items()}
    said = {"archive_id": archive_id(session), "at": times.text(now), "software": f"{SOFTWARE} {version()}"}
    return Anchor(**said, **heads)


def _heads(session: Session) -> dict[str, tuple[int, str]]:
    return {name: head(session) for name, (head, _) in _CHAINS.items()}


def read(text: str | bytes) -> Anchor:
    """Raises BadRequest for what is no anchor."""
    try:
        return Anchor.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadRequest(f"this is no anchor that `kle verify --anchor` wrote: {where}: {first['msg']}") from None


def archive_id(session: Session) -> str:
    found = session.get(Meta, "archive_id")
    return found.value if found else ""


def problem(session: Session, anchor: Anchor) -> str | None:
    """Why this archive is not the one that was anchored, or its chains do not pass through the anchor; None where
    they do. That the chains fit in themselves is `verify`'s to say."""
    mine = archive_id(session)
    for name, (_, lines) in _CHAINS.items():
        head: Head = getattr(anchor, name)
        digest = session.execute(select(lines.c.digest).where(lines.c.seq == head.lines)).scalar()
        if (digest or ledger.START * (not head.lines)) != head.digest:
            return _otherwise(session, anchor, name, digest is not None, mine)
    return None if mine == anchor.archive_id else _other(session, anchor, mine)


def _otherwise(session: Session, anchor: Anchor, name: str, there: bool, mine: str) -> str:
    if mine != anchor.archive_id:
        return _other(session, anchor, mine)
    line = getattr(anchor, name).lines
    said = "says something else now" if there else "is not there"
    return f"line {line} of the {name} chain {said}: it was anchored at {anchor.at}"


def _other(session: Session, anchor: Anchor, mine: str) -> str:
    """The audit chain tells of archives that this one was restored or merged from."""
    told = f"the anchor is of the archive {anchor.archive_id}, and this is {mine}"
    rows = table(Audit)
    came = select(rows).where(rows.c.kind.in_(("restore", "merge"))).order_by(rows.c.seq)
    for row in session.execute(came).mappings():
        if anchor.archive_id in (row["subject"], *row["detail"].values()):
            done = {"restore": "was restored from it", "merge": "took its posts in"}[row["kind"]]
            return f"{told}, which {done} at {times.text(row['at'])}: hold the anchor against that archive itself"
    return told
