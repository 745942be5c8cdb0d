"""Reading about forgetting: what of a post would go, what went, how long it took, and what else still holds it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Float, and_, case, func, literal_column, select
from sqlmodel import Session

from core import cursor, ids, times
from core.text import search_words
from db import search
from db.erasing import due
from db.erasing.erase import DELETED, shown
from db.language import Phrase
from db.models import Audit, Capture, Correction, Erasure, Exhibit, MediaFile, Post, Sighting, Version
from db.upsert import Row, is_sqlite, table

COPIES = ("release", "backup")  # audit lines that tell of copies which left the archive
BOUNDS = (60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)  # seconds from a deletion to its erasure
_SHARING = 50  # other posts that share a capture or quote it are named up to here
_TELLING, _COMPARED = 5, 40  # words: of fewer others say the same by chance; so many are compared
_EXACT = 0.001  # seconds that SQLite's days of a float may be off
_erasure, _post, _version, _audit = table(Erasure), table(Post), table(Version), table(Audit)
_capture, _exhibit, _correction, _media = table(Capture), table(Exhibit), table(Correction), table(MediaFile)
_sighting = table(Sighting)


def plan(session: Session, post_id: int) -> Row:
    """What goes when this post is erased, and what still holds it afterwards."""
    post = session.execute(select(_post).where(_post.c.id == post_id)).mappings().one()
    captures = shown(session, [post_id])
    versions = _version.c.post_id == post_id, _version.c.erasure_id.is_(None)
    noted = (
        _correction.c.note.is_not(None),
        _version.c.id == _correction.c.version_id,
        _version.c.post_id == post_id,
    )
    return {
        "id": ids.public_id(post["platform"], post["platform_id"]),
        "versions": _count(session, select(_version.c.id).where(*versions)),
        "notes": _count(session, select(_correction.c.id).where(*noted)),
        "sightings": _count(session, select(_sighting.c.id).where(_sighting.c.post_id == post_id)),
        "media": _count(
            session, select(_media.c.id).where(_media.c.post_id == post_id, _media.c.sha256.is_not(None))
        ),
        "captures": len(captures),
        "shared_with": sharing(session, post_id, captures),
        "quoted_in": quoting(session, post_id, post["current"]),
        "copies": copies(session, post["first_seen_at"]),
    }


def quoting(session: Session, post_id: int, current: int) -> list[str]:
    """Other posts that say what it says now, word for word, such as the article that quotes it: they stay."""
    mine = select(_version.c.text).where(_version.c.post_id == post_id, _version.c.number == current)
    said = search_words(session.execute(mine).scalar_one())[:_COMPARED]
    if len(said) < _TELLING:
        return []
    index, key, matches = search.matching(session, Phrase(tuple(said)))
    others = select(key).select_from(index).where(matches, key != post_id)
    statement = select(_post.c.platform, _post.c.platform_id).where(_post.c.id.in_(others)).order_by(_post.c.id)
    rows = session.execute(statement.limit(_SHARING))
    return [ids.public_id(row.platform, row.platform_id) for row in rows]


def _count(session: Session, rows: Any) -> int:
    return int(session.execute(select(func.count()).select_from(rows.subquery())).scalar_one())


def sharing(session: Session, post_id: int, captures: Sequence[str]) -> list[str]:
    """Other posts that these captures show: they lose this evidence, their digests stay."""
    statement = (
        select(_post.c.platform, _post.c.platform_id)
        .join_from(_exhibit, _capture, _capture.c.id == _exhibit.c.capture_id)
        .join(_post, _post.c.id == _exhibit.c.post_id)
        .where(_capture.c.sha256.in_(captures), _exhibit.c.post_id != post_id)
        .distinct()
        .order_by(_post.c.platform, _post.c.platform_id)
        .limit(_SHARING)
    )
    return [ids.public_id(row.platform, row.platform_id) for row in session.execute(statement)]


def copies(session: Session, since: datetime) -> list[Row]:
    """Releases and backups that were made after a post was first seen, by the audit ledger: they may hold it."""
    made = select(_audit).where(_audit.c.kind.in_(COPIES), _audit.c.at >= since).order_by(_audit.c.seq)
    return [
        {"kind": r.kind, "subject": r.subject, "at": times.text(r.at), "detail": r.detail}
        for r in session.execute(made)
    ]


def files_beside(file: Path | None) -> list[str]:
    """Copies of a SQLite archive in its own folder: those that an upgrade made, and what is named like one."""
    if file is None or not file.parent.is_dir():
        return []
    patterns = (f"{file.name}.before-*", f"{file.name}.bak*", "*.bak")
    return sorted({str(found) for pattern in patterns for found in file.parent.glob(pattern)})


# -- the report ---------------------------------------------------------------------------------------------


def report(session: Session, limit: int, after: str | None = None) -> tuple[list[Row], str | None]:
    """Tombstones, newest first, with the cursor of the next page."""
    statement = select(_erasure).order_by(_erasure.c.id.desc()).limit(limit + 1)
    if after:
        statement = statement.where(_erasure.c.id < cursor.decode(after, "erasures")[0])
    rows = session.execute(statement).all()
    following = cursor.encode("erasures", rows[limit - 1].id) if len(rows) > limit else None
    return [form(session, row) for row in rows[:limit]], following


def one(session: Session, number: int) -> Row:
    return form(session, session.execute(select(_erasure).where(_erasure.c.id == number)).one())


def last_of(session: Session, post_id: int) -> Row:
    """The tombstone that stands for a post now."""
    return one(session, session.execute(select(_post.c.erasure_id).where(_post.c.id == post_id)).scalar_one())


def form(session: Session, row: Any) -> Row:
    """A tombstone as the API has it. `seconds` is from when it was seen to be gone there; it went at the earliest
    when it was `last_seen_at` there."""
    seen = select(_post.c.first_seen_at).where(_post.c.id == row.post_id)
    first = session.execute(seen).scalar()
    return {
        "id": row.public_id,
        "cause": row.cause,
        "reason": row.reason,
        "by": row.by,
        "last_seen_at": _text(_last_seen(session, row)),
        "deleted_at": _text(row.deleted_at),
        "at": times.text(row.at),
        "erased_at": _text(row.purged_at),
        "seconds": (row.at - row.deleted_at).total_seconds() if row.deleted_at and row.cause == DELETED else None,
        "versions": [{"digest": v["digest"], "kept": v["kept"]} for v in row.said["versions"]],
        "notes": len(row.said["corrections"]),
        "captures": row.said["captures"],
        "media": row.said["media"],
        "shared_with": sharing(session, row.post_id, row.said["captures"]),
        "copies": copies(session, first) if first else [],
    }


def _text(moment: datetime | None) -> str | None:
    return times.text(moment) if moment else None


def _last_seen(session: Session, row: Any) -> datetime | None:
    """When a capture last showed it, besides those that showed its deletion."""
    gone = select(_version.c.capture_id).where(
        _version.c.post_id == row.post_id, _version.c.change == "delete", _version.c.capture_id.is_not(None)
    )
    latest = (
        select(func.max(_capture.c.fetched_at))
        .join_from(_exhibit, _capture, _capture.c.id == _exhibit.c.capture_id)
        .where(_exhibit.c.post_id == row.post_id, _capture.c.id.not_in(gone))
        .where(_capture.c.fetched_at <= (row.deleted_at or row.at))
    )
    found: datetime | None = session.execute(latest).scalar()
    return found


# -- figures for /metrics -----------------------------------------------------------------------------------


def figures(session: Session, now: datetime) -> Row:
    """Erasures by cause, how long deletions waited (in buckets of BOUNDS), and what waits now."""
    causes = select(_erasure.c.cause, func.count()).group_by(_erasure.c.cause)
    waited = _seconds(session)
    buckets = [func.coalesce(func.sum(case((waited <= bound + _EXACT, 1), else_=0)), 0) for bound in BOUNDS]
    measured = and_(_erasure.c.cause == DELETED, _erasure.c.deleted_at.is_not(None))
    row = session.execute(select(func.count(), func.coalesce(func.sum(waited), 0), *buckets).where(measured)).one()
    oldest = due.oldest_deletion(session)
    unpurged = select(func.count(), func.min(_erasure.c.at)).where(_erasure.c.purged_at.is_(None))
    waiting, first = session.execute(unpurged).one()
    return {
        "causes": {row[0]: int(row[1]) for row in session.execute(causes)},
        "deletions": int(row[0]),
        "seconds": float(row[1]),
        "buckets": dict(zip(BOUNDS, (int(count) for count in row[2:]), strict=True)),
        "oldest_deletion_seconds": (now - oldest).total_seconds() if oldest else 0.0,
        "unpurged_erasures": int(waiting),
        "oldest_unpurged_seconds": (now - first).total_seconds() if first else 0.0,
    }


def _seconds(session: Session) -> Any:
    """From a deletion that was seen to its erasure; the databases count time each in its own way."""
    spelled = (
        "(julianday(erasure.at) - julianday(erasure.deleted_at)) * 86400"
        if is_sqlite(session)
        else "extract(epoch FROM erasure.at - erasure.deleted_at)"
    )
    return literal_column(spelled, Float)
