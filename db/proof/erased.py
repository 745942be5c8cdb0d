"""What an erasure leaves: rows that say digests and times, an `Erasure` that vouches for them, and nothing more."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session

from db.blobs import ERASED
from db.models import Blob, Capture, Correction, Erasure, Exhibit, MediaFile, Post, Sighting, Version
from db.proof import digests
from db.slices import slices
from db.upsert import table

_erasure, _version, _correction, _blob = table(Erasure), table(Version), table(Correction), table(Blob)
_post, _exhibit, _capture, _media = table(Post), table(Exhibit), table(Capture), table(MediaFile)
_sighting = table(Sighting)
Tombs = Mapping[int, Mapping[str, Any]]  # id of an erasure -> what it says


def tombs(session: Session, rows: Iterable[Mapping[Any, Any]]) -> Tombs:
    """The erasures that these rows name."""
    named = {row["erasure_id"] for row in rows if row.get("erasure_id") is not None}
    if not named:
        return {}
    statement = select(_erasure.c.id, _erasure.c.said).where(_erasure.c.id.in_(named))
    return {row.id: row.said for row in session.execute(statement)}


def version_problem(subject: str, row: Any, said: str, known: Tombs) -> str | None:
    """Of an erased version: it says nothing any more, and its erasure knows it and what is left of it."""
    more = set(row["facts"]) - set(digests.KEPT_FACTS)
    if row["text"] or row["links"] or row["media"] or more:
        return f"{subject} was erased and still says something"
    return _vouched(subject, "versions", row, known, (row["digest"], digests.of_kept(row), said))


def correction_problem(subject: str, row: Any, said: str, known: Tombs) -> str | None:
    if row["note"] is not None:
        return f"the note of {subject} was erased and is still there"
    return _vouched(subject, "corrections", row, known, (said, digests.of_kept_correction(row), said))


def _vouched(subject: str, kind: str, row: Any, known: Tombs, found: tuple[str, str, str]) -> str | None:
    digest, kept, said = found
    listed = [one for one in known.get(row["erasure_id"], {}).get(kind, []) if one["id"] == row["id"]]
    if len(listed) != 1 or listed[0]["digest"] != digest or digest != said:
        return f"{subject} is empty, and no erasure says that it was erased"
    return None if listed[0]["kept"] == kept else f"what is left of {subject} is not what its erasure left"


def erased_blobs(session: Session) -> set[str]:
    """The SHA-256 of all bytes that erasures name."""
    found: set[str] = set()
    for rows in slices(session, _erasure, _erasure.c.id):
        for row in rows:
            found.update(row["said"].get("captures", []), row["said"].get("media", []))
    return found


def left_over(session: Session) -> str | None:
    """The first trace of something that was erased."""
    for rows in slices(session, _erasure, _erasure.c.id):
        for row in rows:
            if found := _unmade(session, row):
                return found
    return _of_erased_posts(session)


def _unmade(session: Session, row: Any) -> str | None:
    """What an erasure lists must be erased, by it."""
    for name, rows in (("versions", _version), ("corrections", _correction)):
        listed = [one["id"] for one in row["said"].get(name, [])]
        there = session.execute(select(rows.c.id).where(rows.c.id.in_(listed), rows.c.erasure_id == row["id"]))
        missing = sorted(set(listed) - set(there.scalars()))
        if missing:
            return f"{name.removesuffix('s')}/{missing[0]} was erased (erasure/{row['id']}) and is not"
    named = [*row["said"].get("captures", []), *row["said"].get("media", [])]
    kept = select(_blob.c.sha256).where(_blob.c.sha256.in_(named), _blob.c.codec != ERASED)
    left = session.execute(kept.order_by(_blob.c.sha256)).scalars().first()
    return f"the bytes {left} were erased (erasure/{row['id']}) and are still there" if left else None


def _of_erased_posts(session: Session) -> str | None:
    """Texts, bytes and addresses of posts whose last erasure stands. Their entries in the full-text index hold
    filters and no word, which `fulltext` checks; a media file may stay where another post shows it too."""
    of_post = _post.c.id, _post.c.platform, _post.c.platform_id
    gone = select(*of_post).where(_post.c.erasure_id.is_not(None)).limit(1)
    text = gone.join(_version, _version.c.post_id == _post.c.id).where(_version.c.text != "")
    bytes_of = _blob.c.codec != ERASED
    shown = gone.join(_exhibit, _exhibit.c.post_id == _post.c.id).join(
        _capture, _capture.c.id == _exhibit.c.capture_id
    )
    shown = shown.join(_blob, _blob.c.sha256 == _capture.c.sha256).where(bytes_of)
    pictures = gone.join(_media, _media.c.post_id == _post.c.id).join(_blob, _blob.c.sha256 == _media.c.sha256)
    other, sharing = aliased(_post), aliased(_media)
    shared = (
        select(sharing.c.sha256).join(other, other.c.id == sharing.c.post_id).where(other.c.erasure_id.is_(None))
    )
    pictures = pictures.where(_media.c.sha256.not_in(shared.where(sharing.c.sha256.is_not(None))))
    seen = gone.join(_sighting, _sighting.c.post_id == _post.c.id)
    seen = seen.where(_sighting.c.url != "", _sighting.c.url.not_like(f"{digests.HIDDEN}%"))
    traces = {
        "a text": text,
        "a capture that shows it": shown,
        "a media file": pictures.where(bytes_of),
        "an address in a sighting": seen,
        "its address": gone.where(_post.c.url.is_not(None)),
    }
    for what, statement in traces.items():
        if row := session.execute(statement).first():
            return f"{row.platform}:{row.platform_id} was erased, and {what} is left of it"
    return None
