"""An archive that has something of everything that verify speaks for."""

import pytest

from core.page import Page
from core.post import Media
from db import audit, captures, corrections, credentials, ledger, search
from db.models import Blob, Erasure, MediaFile, Post, Sighting, Version
from db.proof import digests
from db.upsert import insert_all, insert_quietly, table
from tests.conftest import NOW
from tests.db.conftest import Room, Score, post

PICTURE = b"\x89PNG not really"


@pytest.fixture
def full(room: Room) -> Room:
    """Posts with edits, tags of two rounds and a capture."""
    room.topics()
    room.archive(post(1), post(2, "B"), post(3, "C", links=("https://a.example",), lang="en"))
    with room.database.write() as session:
        captures.store(session, None, Page("https://a.example", b"<html>", NOW, tool="test"))
    room.tag(Score("reform"), Score("training", 0.2, decision="not"))
    room.archive(post(1, "A meeting that was"), post(2, deleted=True))
    room.tag(Score("reform", evidence_start=None, evidence_end=None))
    return room


@pytest.fixture
def whole(full: Room) -> Room:
    """The same with corrections, counts, a fetched picture, audit lines, and a post whose text was erased."""
    full.archive(
        post(4, "Erased later"), post(5, "Seen", metrics={"likes": 3}, media=(Media("image", "https://p"),))
    )
    full.tag(Score("reform", 0.45, decision="unsure"))
    with full.database.write() as session:
        number, _ = credentials.issue(session, "key", "desk", ["annotate"], full.tick())
        author = corrections.Author(number, "desk")
        corrections.put(session, "mastodon:m.example/1", "reform", "not", "Not so", author, full.tick())
        page = Page(
            "https://b.example?x=1", b"<p>Erased later</p>" * 9, NOW, status=200, headers={"etag": "1"}, tool="t"
        )
        captures.store(session, None, page)
    picture(full, "mastodon:m.example/5")
    erase(full, "m.example/4")
    with full.database.write() as session:
        audit.append(session, "release", "manifest/1", {"query": "", "counts": {"posts": 2}}, full.tick())
    return full


def picture(room: Room, public_id: str) -> None:
    """Fetched, as the collector does."""
    made = {"sha256": digests.sha256(PICTURE), "size": len(PICTURE)}
    with room.database.write() as session:
        insert_quietly(session, Blob, [{**made, "codec": "plain", "body": PICTURE}])
        key = next(
            r.id for r in session.execute(table(Post).select()) if f"{r.platform}:{r.platform_id}" == public_id
        )
        now = room.tick()
        row = {**made, "post_id": key, "source_id": room.source("one")[0].id, "url": "https://p", "attempts": 0}
        row |= {"content_type": "image/png", "fetched_at": now, "done_at": now}
        row["digest"] = digests.of_media(row)
        (number,) = insert_all(session, MediaFile, [row])
        ledger.append(session, [ledger.Line("media", f"media/{number}", row["digest"], now)])


def erase(room: Room, platform_id: str) -> int:
    """The least that an erasure does: rows emptied, index told, one line more. Returns its id."""
    posts, versions, seen = table(Post), table(Version), table(Sighting)
    with room.database.write() as session:
        post_ = session.execute(posts.select().where(posts.c.platform_id == platform_id)).mappings().one()
        search.remove(session, [post_["id"]])
        rows = session.execute(versions.select().where(versions.c.post_id == post_["id"])).mappings().all()
        kept = [emptied(row) for row in rows]
        said = [{"id": r["id"], "digest": r["digest"], "kept": digests.of_kept(r)} for r in kept]
        now = room.tick()
        row = {"post_id": post_["id"], "public_id": f"mastodon:{platform_id}", "cause": "request", "by": "desk",
               "reason": "asked", "at": now, "deleted_at": None,
               "said": {"versions": said, "corrections": [], "captures": [], "media": []}}  # fmt: skip
        (number,) = insert_all(session, Erasure, [row])
        for r in kept:
            left = {name: r[name] for name in ("text", "links", "media", "facts")}
            session.execute(versions.update().where(versions.c.id == r["id"]).values(**left, erasure_id=number))
        session.execute(
            posts.update().where(posts.c.id == post_["id"]).values(url=None, doubt=None, erasure_id=number)
        )
        for r in session.execute(seen.select().where(seen.c.post_id == post_["id"])).mappings().all():
            hidden = "sha256:" + digests.of_text(r["url"])
            session.execute(seen.update().where(seen.c.id == r["id"]).values(url=hidden))
        search.refresh(session, [post_["id"]])
        ledger.append(session, [ledger.Line("erasure", f"erasure/{number}", digests.of_erasure(row), now)])
    return number


def emptied(row):
    facts = {name: row["facts"][name] for name in digests.KEPT_FACTS}
    return {**row, "text": "", "links": [], "media": [], "facts": facts}
