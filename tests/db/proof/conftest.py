"""An archive that has something of everything that verify speaks for."""

import pytest
from sqlalchemy import select

from core.page import Page
from core.post import Media
from db import audit, captures, corrections, credentials, ledger
from db.erasing import erase as erasing
from db.erasing.erase import Why
from db.models import Blob, MediaFile, Post
from db.proof import digests
from db.upsert import insert_all, insert_quietly, table
from tests.conftest import NOW
from tests.db.conftest import Room, Score, post
from tests.db.letters import Letters
from tests.db.meanings import read

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
    """The same with corrections, counts, a fetched picture, audit lines, messages that were sent, and a post whose
    text was erased."""
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
    read(full)
    told(full)
    erase(full, "m.example/4")
    with full.database.write() as session:
        audit.append(session, "release", "manifest/1", {"query": "", "counts": {"posts": 2}}, full.tick())
    return full


def told(room: Room) -> None:
    """What two subscribers heard of, one of them a post that is erased later."""
    letters = Letters(room)
    second = letters.subscriber_too("two")
    letters.ended(letters.tell(*(f"mastodon:m.example/{n}" for n in (1, 4, 5))))
    letters.ended(letters.tell("mastodon:m.example/5", subscriber=second, late=True))
    letters.enclose("mastodon:m.example/4")


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
    """Forgotten, as a person asked. Returns the erasure's id."""
    posts = table(Post)
    with room.database.write() as session:
        key = session.execute(select(posts.c.id).where(posts.c.platform_id == platform_id)).scalar_one()
        made = erasing.erase(session, key, Why("request", "asked", "desk"), room.tick())
    assert made
    return int(made["id"])
