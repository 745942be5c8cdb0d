"""erase(): what a post said goes, in one transaction; digests, times and the reason stay.

What a ledger's line speaks for is either there as it was sealed, or named in the sealed tombstone with the digest
of what was left of it. Words stand in older segments of the index, in free pages and in the log a while longer:
`db.erasing.purge` takes them from there.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session

from core import ids
from core.text import storable
from db import audit, exports, ledger, search, vectors
from db.blobs import ERASED
from db.erasing import messages, quarantined
from db.find import FOR_GOOD
from db.models import (
    Blob,
    Capture,
    Correction,
    Erasure,
    Exhibit,
    Follow,
    MediaFile,
    Post,
    Sighting,
    Topic,
    Version,
)
from db.proof import digests
from db.upsert import Row, insert_all, table

REQUEST, DELETED, RETENTION = "request", "deleted", "retention"
CAUSES = (REQUEST, DELETED, RETENTION)
_post, _version, _sighting, _follow = table(Post), table(Version), table(Sighting), table(Follow)
_correction, _topic, _erasure, _media = table(Correction), table(Topic), table(Erasure), table(MediaFile)
_capture, _exhibit, _blob = table(Capture), table(Exhibit), table(Blob)
_NOT_WAITING = {"tag_priority": None, "campaign_id": None, "claimed_by": None, "claimed_until": None}


@dataclass(frozen=True, slots=True)
class Why:
    """`cause` is request, deleted or retention; `by` is who or what erases."""

    cause: str
    reason: str
    by: str


def erase(session: Session, post_id: int, why: Why, now: datetime) -> Row | None:
    """Empty the rows of this post; its tombstone, or None where there was nothing left to erase.

    A post that was erased because it was deleted there may be forgotten for good later: that is another tombstone.
    """
    return next(iter(erase_several(session, [post_id], why, now)), None)


def erase_several(session: Session, post_ids: Sequence[int], why: Why, now: datetime) -> list[Row]:
    """The tombstones of those of these posts that were not erased yet."""
    held = select(_post).where(_post.c.id.in_(post_ids)).order_by(_post.c.id).with_for_update()
    wanted = [post for post in session.execute(held).mappings().all() if _wanted(session, post, why)]
    keys = [post["id"] for post in wanted]
    exports.forget(session, keys, now)
    search.remove(session, keys)  # needs the words that go
    vectors.drop(session, keys)
    tombstones = [_erase(session, post, why, now) for post in wanted]
    search.refresh(session, keys)
    for made in tombstones:  # last, as others who have something to audit wait for it (PostgreSQL)
        said = {"post": made["public_id"], **asdict(why)}
        audit.append(session, "erasure", f"erasure/{made['id']}", said, now)
    return tombstones


def _erase(session: Session, post: Any, why: Why, now: datetime) -> Row:
    post_id = post["id"]
    versions, corrections = _versions(session, post_id), _corrections(session, post_id)
    addresses = _addresses(post, versions) | _first_hand(session, post_id)
    captures, media = shown(session, [post_id]), _alone(session, post_id)
    said = {
        "versions": [_named(row, digests.of_kept(_kept(row))) for row in versions],
        "corrections": [_noted(row) for row in corrections],
        "captures": captures,
        "media": media,
    }
    tombstone = bury(session, post, why, now, said)
    quarantined.forget(session, post, versions, addresses)
    search.forget_versions(session, [row["id"] for row in versions])  # it too needs the words that go
    _empty_versions(session, versions, tombstone["id"])
    _empty_notes(session, corrections, tombstone["id"])
    empty_blobs(session, [*captures, *media])
    messages.forget(session, tombstone)
    _forget_addresses(session, post_id, addresses)
    bare: Row = {"url": None, "lang": None, "labels": [], "doubt": None, "recheck_at": None}
    session.execute(update(_post).where(_post.c.id == post_id).values(**bare, erasure_id=tombstone["id"]))
    return tombstone


def bury(session: Session, post: Any, why: Why, now: datetime, said: Row) -> Row:
    """The tombstone with its line in the ledger."""
    row: Row = {
        "post_id": post["id"],
        "public_id": ids.public_id(post["platform"], post["platform_id"]),
        "cause": why.cause,
        "reason": storable(why.reason),
        "by": storable(why.by),
        "deleted_at": post["deleted_at"],
        "at": now,
        "said": said,
    }
    (number,) = insert_all(session, Erasure, [row])
    ledger.append(session, [ledger.Line("erasure", f"erasure/{number}", digests.of_erasure(row), now)])
    return {**row, "id": number}


def _wanted(session: Session, post: Any, why: Why) -> bool:
    if post["erasure_id"] is None:
        return True
    before = select(_erasure.c.cause).where(_erasure.c.id == post["erasure_id"])
    return why.cause in FOR_GOOD and session.execute(before).scalar() not in FOR_GOOD


# -- versions and notes -------------------------------------------------------------------------------------


def _versions(session: Session, post_id: int) -> Sequence[Any]:
    mine = select(_version).where(_version.c.post_id == post_id, _version.c.erasure_id.is_(None))
    return session.execute(mine.order_by(_version.c.id)).mappings().all()


def _corrections(session: Session, post_id: int) -> Sequence[Any]:
    """Those with a note; the others say nothing of their own."""
    statement = (
        select(_correction, _topic.c.slug)
        .join_from(_correction, _version, _version.c.id == _correction.c.version_id)
        .join(_topic, _topic.c.id == _correction.c.topic_id)
        .where(_version.c.post_id == post_id, _correction.c.note.is_not(None))
    )
    return session.execute(statement.order_by(_correction.c.id)).mappings().all()


def _kept(version: Any) -> Row:
    facts = {name: version["facts"].get(name) for name in digests.KEPT_FACTS}
    return {**version, "text": "", "links": [], "media": [], "facts": facts}


def _named(row: Any, kept: str) -> Row:
    return {"id": row["id"], "digest": row["digest"], "kept": kept}


def _noted(row: Any) -> Row:
    return _named({**row, "digest": digests.of_correction(row)}, digests.of_kept_correction(row))


def _empty_versions(session: Session, versions: Sequence[Any], number: int) -> None:
    """Nothing is left to judge either."""
    for row in versions:
        kept = {name: _kept(row)[name] for name in ("text", "links", "media", "facts")}
        values = {**kept, **_NOT_WAITING, "erasure_id": number}
        session.execute(update(_version).where(_version.c.id == row["id"]).values(values))


def _empty_notes(session: Session, corrections: Sequence[Any], number: int) -> None:
    if corrections:
        mine = _correction.c.id.in_([row["id"] for row in corrections])
        session.execute(update(_correction).where(mine).values(note=None, erasure_id=number))


# -- captures and media -------------------------------------------------------------------------------------


def shown(session: Session, post_ids: Sequence[int]) -> list[str]:
    """The digests of the captures that show these posts and are still there."""
    statement = (
        select(_capture.c.sha256)
        .join_from(_exhibit, _capture, _capture.c.id == _exhibit.c.capture_id)
        .join(_blob, _blob.c.sha256 == _capture.c.sha256)
        .where(_exhibit.c.post_id.in_(post_ids), _blob.c.codec != ERASED)
    )
    return list(session.execute(statement.distinct().order_by(_capture.c.sha256)).scalars())


def _alone(session: Session, post_id: int) -> list[str]:
    """The digests of its media files that no other post with a text shows."""
    other = (
        select(_media.c.sha256)
        .join_from(_media, _post, _post.c.id == _media.c.post_id)
        .where(_media.c.post_id != post_id, _post.c.erasure_id.is_(None), _media.c.sha256.is_not(None))
    )
    mine = (
        select(_media.c.sha256)
        .join_from(_media, _blob, _blob.c.sha256 == _media.c.sha256)
        .where(_media.c.post_id == post_id, _media.c.sha256.not_in(other), _blob.c.codec != ERASED)
    )
    return list(session.execute(mine.distinct().order_by(_media.c.sha256)).scalars())


def empty_blobs(session: Session, sums: Sequence[str]) -> None:
    if sums:
        session.execute(update(_blob).where(_blob.c.sha256.in_(sums)).values(codec=ERASED, body=b""))


# -- addresses ----------------------------------------------------------------------------------------------


def _addresses(post: Any, versions: Sequence[Any]) -> set[str]:
    return {url for url in (post["url"], *(row["facts"].get("url") for row in versions)) if url}


def _first_hand(session: Session, post_id: int) -> set[str]:
    """Where it was seen itself; a page that quotes it is not its address."""
    mine = select(_sighting.c.url).where(_sighting.c.post_id == post_id, _sighting.c.first_hand)
    return {url for url in session.execute(mine).scalars() if url}


def _forget_addresses(session: Session, post_id: int, addresses: set[str]) -> None:
    """Of each address a digest stays; pages and pictures that wait for it are not fetched."""
    session.execute(delete(_follow).where(_follow.c.url.in_(addresses)))
    session.execute(delete(_media).where(_media.c.post_id == post_id, _media.c.done_at.is_(None)))
    _forget_second_sightings(session, post_id)
    for model in (_sighting, _media):
        for row in session.execute(select(model.c.id, model.c.url).where(model.c.post_id == post_id)).all():
            session.execute(update(model).where(model.c.id == row.id).values(url=digests.of_address(row.url)))
    session.execute(update(_sighting).where(_sighting.c.post_id == post_id).values(shown=None))
    own = {ids.canonical_url(url) for url in addresses}
    captured = select(_capture).join_from(_exhibit, _capture).where(_exhibit.c.post_id == post_id)
    for capture in session.execute(captured).mappings().all():
        if ids.canonical_url(capture["url"]) in own:
            bare = digests.addresses_hidden(capture)
            session.execute(update(_capture).where(_capture.c.id == capture["id"]).values(bare))


def _forget_second_sightings(session: Session, post_id: int) -> None:
    """Of a post that came back after an erasure: where it was seen again, the first sighting stands already, under
    the digest of its address."""
    mine = select(_sighting.c.id, _sighting.c.source_id, _sighting.c.url).where(_sighting.c.post_id == post_id)
    rows = session.execute(mine.order_by(_sighting.c.id)).all()
    stand = {(row.source_id, row.url) for row in rows}
    second = [
        r.id for r in rows if r.url and (r.source_id, digests.of_address(r.url)) in stand - {(r.source_id, r.url)}
    ]
    session.execute(delete(_sighting).where(_sighting.c.id.in_(second)))
