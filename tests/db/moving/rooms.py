"""Archives to be moved: with every table filled, and with whatever people write."""

import zlib

from sqlalchemy import func, select, text
from sqlmodel import SQLModel

from core.page import Page
from core.post import Account, Media, View
from db import archive, captures, corrections, counts, credentials, ledger, work
from db.models import Actor, Blob, Delivery, Follow, MediaFile, Post, Quarantine, Reference, Source
from db.proof import digests
from db.query import PostQuery
from db.upsert import insert_all, insert_quietly, table
from tests.db.conftest import Score, post
from tests.db.letters import Letters
from tests.db.meanings import read

ODD = (
    "peshmerga \U0001f54a\U0001f3f3\ufe0f",
    "التقى مستشارون بقائد البيشمركة",
    "هێزی پێشمەرگە و ڕیفۆرم",
    'tab\tquote" back\\slash \\N \\. \r\nline %s {} ; --',
    "\u200e\u202e\ufeff\u0001\uffff",
    "",
    "1.0",
    "null",
)


def look(room, name, *seen):
    """What a source shows, with the capture of it."""
    origin, run = room.source(name)
    body = repr(seen).encode() + bytes(range(256))
    page = Page(
        f"https://{name}.example/?page=1", body, room.tick(), headers={"etag": '"é\U0001f600"'}, tool="test"
    )
    with room.database.write() as session:
        capture = captures.store(session, run, page)
        return archive.archive(session, origin, run, seen, capture, room.tick())


def fill(room):
    """A row, and odd ones, in every table that a working archive has."""
    room.topics()
    look(room, "one", *(post(n, said, lang=None) for n, said in enumerate(ODD, 1)))
    with room.database.write() as session:
        ledger.seal(session)  # the rest waits, where there is a sealer
    edited = post(
        1, "Another text", links=("https://a.example/ö?x=%20",), media=(Media("image", "https://m.example/a"),)
    )
    author = Account("feed", "news.example", "Ñews")
    entry = {"platform": "feed", "platform_id": "abc", "view": View.ENTRY, "url": "https://news.example/a"}
    look(room, "two", edited, post(2, deleted=True), post(9, "News", account=author, **entry))
    look(room, "one", post(3, ODD[2], metrics={"likes": (1 << 62) + 1, "views": 0}))
    room.tag(Score("reform", 0.1 + 0.2), Score("training", 1 / 3, decision="unsure"))
    read(room)
    with room.database.write() as session:
        number, _ = credentials.issue(session, "key", "the desk \u2603", ["annotate"], room.tick())
        author = corrections.Author(number, "the desk \u2603")
        corrections.put(session, post(3).id, "reform", "not", "no reform \U0001f937", author, room.tick())
        corrections.put(session, post(4).id, "training", "tagged", None, author, room.tick())
        corrections.withdraw(session, post(4).id, "training", author, room.tick())
        (actor,) = insert_all(session, Actor, [{"slug": "oir", "name": "OIR"}])
        figures = {
            "expected": 138000,
            "share": 1.0,
            "whole": 1e16,
            "tiny": 1e-7,
            "none": None,
            "e": [1.5, {"ب": "\u2028"}],
        }
        insert_all(session, Reference, [{"slug": "mou", "title": "MoU", "figures": figures, "verified": False}])
        source = room.source("one")[0].id
        state = {"etag": None, "seen": 1 << 60, "": []}
        session.execute(
            table(Source).update().where(table(Source).c.id == source).values(actor_id=actor, state=state)
        )
        insert_all(
            session, Quarantine, [{"run_id": room.source("one")[1], "at": room.now, "error": "x", "item": ODD[3]}]
        )
        insert_all(session, Follow, [{"source_id": source, "url": "https://a.example", "attempts": 2,
                                      "claimed_by": "host:1:a", "claimed_until": room.tick()}])  # fmt: skip
        media_file(session, room, source)
    letters(room)
    return room


def letters(room):
    """Messages that were sent, that wait, and that somebody works on."""
    made = Letters(room)
    made.ended(made.tell(post(3).id, post(4).id), answer='said "\u2028" back')
    made.enclose(post(5).id)
    held = made.tell(post(5).id)
    made.match(post(6).id, late=True)
    deliveries = table(Delivery)
    with room.database.write() as session:
        work.claim(session, Delivery, deliveries.c.id == held, [deliveries.c.id], "host:1:a", room.tick())


def media_file(session, room, source):
    key = session.execute(select(func.min(table(Post).c.id))).scalar_one()
    body = b"\x00\xff picture"
    sha = digests.sha256(body)
    blob = {"sha256": sha, "size": len(body), "codec": "zlib", "body": zlib.compress(body, 3)}
    insert_quietly(session, Blob, [blob])
    row = {"post_id": key, "source_id": source, "url": "https://m.example/a", "sha256": sha, "attempts": 0,
           "content_type": "image/png", "size": len(body), "fetched_at": room.now, "done_at": room.now}  # fmt: skip
    row["digest"] = digests.of_media(row)
    (number,) = insert_all(session, MediaFile, [row])
    ledger.append(session, [ledger.Line("media", f"media/{number}", row["digest"], room.now)])


def counted(room):
    """How many posts the columns in memory hold, and how many the table."""
    with room.database.read() as session:
        held = session.execute(select(func.count()).select_from(table(Post))).scalar_one()
        return counts.total(session, PostQuery.build("")), held


def filled_tables(session):
    names = [of.name for of in SQLModel.metadata.sorted_tables]
    return {n for n in names if session.execute(text(f"SELECT count(*) FROM {n}")).scalar_one()}
