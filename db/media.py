"""Pictures and films of posts: waiting to be fetched, fetched, or given up with the reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlmodel import Session

from core import ids, media
from core.post import SeenPost
from db import blobs, ledger, work
from db.models import MediaFile, Post, Source
from db.proof import digests
from db.upsert import among, insert_quietly, table

_UNPACKED = frozenset({"image/bmp", "image/tiff", "audio/wav"})  # all others are packed in themselves
_file, _post = table(MediaFile), table(Post)


def queue(session: Session, source: Source, shown: Iterable[tuple[int, SeenPost]]) -> None:
    """What these posts show, by their row keys, where the source says so; each address once a post."""
    if source.options.get("media") is not True:
        return
    types = source.options.get("media_types", media.TYPES)
    wanted = {
        (key, item.url): None
        for key, post in shown
        if not post.deleted
        for item in post.media
        if item.url.startswith(("http://", "https://")) and media.wanted(item.type, types)
    }
    erased = _erased(session, list(wanted)) if wanted else set()
    rows = [
        {"post_id": key, "source_id": source.id, "url": url, "attempts": 0}
        for key, url in wanted
        if (key, digests.of_address(url)) not in erased
    ]
    insert_quietly(session, MediaFile, rows)


def _erased(session: Session, wanted: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """(post, digest of the address) of those of these files that an erasure took: one of a post that is shown again
    would stand beside its seal, and could not be erased a second time."""
    mine = among(session, _file.c.post_id, {key for key, _ in wanted})
    gone = among(session, _file.c.url, {digests.of_address(url) for _, url in wanted})
    return {
        (row.post_id, row.url) for row in session.execute(select(_file.c.post_id, _file.c.url).where(mine, gone))
    }


def claim(session: Session, source_id: int, worker: str, now: datetime) -> MediaFile | None:
    """The newest that waits, of a post that is there."""
    standing = select(_post.c.id).where(_post.c.id == _file.c.post_id, _stands()).exists()
    waiting = (_file.c.source_id == source_id) & _file.c.done_at.is_(None) & standing
    taken = work.claim(session, MediaFile, waiting, [_file.c.id.desc()], worker, now)
    return session.get(MediaFile, taken[0], populate_existing=True) if taken else None


def _stands() -> Any:
    """Of what was deleted or erased nothing is fetched any more."""
    return _post.c.erasure_id.is_(None) & _post.c.deleted_at.is_(None)


def keep(
    session: Session, file: MediaFile, body: bytes, content_type: str, fetched_at: datetime, now: datetime
) -> dict[str, Any]:
    """Its bytes, once per content, and its line in the ledger; what `keep_same` takes for the same file of another
    post. Nothing is kept where the post has gone meanwhile."""
    said = {"content_type": content_type, "size": len(body), "fetched_at": fetched_at}
    if not _still_stands(session, file):
        return {}
    codec = "zlib" if content_type in _UNPACKED else "plain"
    return keep_same(session, file, {**said, "sha256": blobs.keep(session, body, codec)}, now)


def keep_same(session: Session, file: MediaFile, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A file that its address gave just now, for another post."""
    if _still_stands(session, file):
        assert file.id is not None
        digest = digests.of_media({"url": file.url, **said})
        work.finish(session, MediaFile, [file.id], **said, digest=digest, done_at=now, error=None, not_before=None)
        ledger.append(session, [ledger.Line("media", f"media/{file.id}", digest, now)])
    return said


def _still_stands(session: Session, file: MediaFile) -> bool:
    there = select(_post.c.id).where(_post.c.id == file.post_id, _stands()).with_for_update()
    if session.execute(there).first():
        return True
    assert file.id is not None
    work.finish(session, MediaFile, [file.id])
    return False


def give_up(session: Session, file: MediaFile, error: str, now: datetime) -> None:
    assert file.id is not None
    work.finish(session, MediaFile, [file.id], error=error, done_at=now, not_before=None)


# -- reading ------------------------------------------------------------------------------------------------


def standing(session: Session) -> dict[int, dict[str, int]]:
    """Source id -> {"waiting", "fetched", "given_up"}, of sources that fetch media."""
    waiting, fetched = _file.c.done_at.is_(None), _file.c.sha256.is_not(None)
    given_up = _file.c.done_at.is_not(None) & _file.c.error.is_not(None)
    counts = {"waiting": waiting, "fetched": fetched, "given_up": given_up}
    columns = [func.count().filter(condition).label(name) for name, condition in counts.items()]
    rows = session.execute(select(_file.c.source_id, *columns).group_by(_file.c.source_id)).mappings()
    return {row["source_id"]: {name: row[name] for name in counts} for row in rows}


def of_posts(session: Session, public_ids: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """(id of the post, address) -> {"sha256", "content_type", "size"} of what was fetched and is still there."""
    by_platform: dict[str, list[str]] = {}
    for public_id in public_ids:
        platform, _, platform_id = public_id.partition(":")
        by_platform.setdefault(platform, []).append(platform_id)
    if not by_platform:
        return {}
    those = or_(*(and_(_post.c.platform == p, _post.c.platform_id.in_(found)) for p, found in by_platform.items()))
    statement = (
        select(_post.c.platform, _post.c.platform_id, _file)
        .join_from(_post, _file, _file.c.post_id == _post.c.id)
        .where(those, _file.c.sha256.is_not(None), _post.c.erasure_id.is_(None))
    )
    return {
        (ids.public_id(r.platform, r.platform_id), r.url): {
            "sha256": r.sha256, "content_type": r.content_type, "size": r.size,
        }
        for r in session.execute(statement)
    }  # fmt: skip


def find(session: Session, sha256: str) -> str | None:
    """The type of a file of this digest; None where no post shows one."""
    shown = select(_file.c.content_type).where(_file.c.sha256 == sha256, _file.c.content_type.is_not(None))
    return session.execute(shown.order_by(_file.c.id).limit(1)).scalar()
