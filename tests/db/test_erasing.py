"""Erasing what a post said: what goes, what stays, and what does not come back."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.page import Page
from core.post import Media, SeenPost, View
from db import archive, captures, corrections, credentials, ledger, media, posts
from db.corrections import Author
from db.erasing import tombstones
from db.erasing.erase import Why, erase
from db.models import (
    Blob,
    Capture,
    Correction,
    Erasure,
    Follow,
    IndexEntry,
    Ledger,
    MediaFile,
    Post,
    Quarantine,
    Sighting,
    Version,
)
from db.proof import digests
from db.upsert import insert_all, table
from tests.conftest import NOW
from tests.db.conftest import OFFICE, Room, Score, post


@pytest.fixture(autouse=True)
def _sound(room: Room) -> Iterator[None]:
    """Whatever was erased, the archive verifies."""
    yield
    room.assert_sound()


ASKED = Why("request", "the author asked", "operator")
TERMS = Why("deleted", "deleted there", "terms")


def shown(room: Room, *seen: SeenPost, source: str = "one", url: str = "https://m.example/feed") -> int:
    """Archive these with a capture that holds their texts; its id."""
    origin, run = room.source(source)
    body = "\n".join(p.text for p in seen).encode()
    with room.database.write() as session:
        number = captures.store(session, run, Page(url=url, body=body, fetched_at=room.tick()))
        archive.archive(session, origin, run, seen, number, room.tick())
    return number


def forgotten(room: Room, public_id: str, why: Why = ASKED) -> dict[str, Any] | None:
    with room.database.write() as session:
        return erase(session, posts.key_of(session, public_id), why, room.tick())


def test_texts_links_media_and_addresses_go(room: Room) -> None:
    first = post(
        1, "Meeting with the brigade", links=("https://a.example",), media=(Media("image", "https://i", "alt"),)
    )
    shown(room, first, post(2, "Another"))
    room.archive(post(1, "Meeting with two brigades"))
    forgotten(room, first.id)
    old = [v for v in room.rows(Version) if v.facts["id"] == first.id]
    assert [(v.text, v.links, v.media) for v in old] == [("", [], [])] * 2
    assert [set(v.facts) for v in old] == [set(digests.KEPT_FACTS)] * 2
    assert all(v.text_sha256 and v.digest for v in old)
    (gone,) = [p for p in room.rows(Post) if p.erasure_id]
    assert (gone.url, gone.platform_id) == (None, first.platform_id)
    (seen,) = [s for s in room.rows(Sighting) if s.post_id == gone.id]
    assert seen.url == digests.of_address(first.url or "")
    assert seen.url.startswith("sha256:")


def test_the_headers_of_its_own_page_tell_its_address_no_more(room: Room) -> None:
    first = post(1, "Meeting")
    address = first.url or ""
    told = {
        ":hops": f"301 {address}",
        "link": f"<{address}>; rel=canonical",
        "date": "Mon, 18 Aug 2025 14:30:00 GMT",
    }
    origin, run = room.source("one")
    with room.database.write() as session:
        page = Page(url=address, body=b"Meeting", fetched_at=room.tick(), headers=told)
        archive.archive(session, origin, run, [first], captures.store(session, run, page), room.tick())
    forgotten(room, first.id)
    (capture,) = room.rows(Capture)
    assert address not in f"{capture.url} {capture.headers}"
    assert capture.headers["date"] == told["date"]
    assert room.verify()["ok"]


def test_a_tombstone_names_what_was_there_and_stands_in_the_ledger(room: Room) -> None:
    number = shown(room, post(1, "Meeting"), post(2, "Another"))
    made = forgotten(room, post(1).id)
    (row,) = room.rows(Erasure)
    (version,) = [v for v in room.rows(Version) if v.erasure_id == row.id]
    assert row.said["versions"] == [
        {"id": version.id, "digest": version.digest, "kept": digests.of_kept(version._mapping)}
    ]
    (capture,) = [c for c in room.rows(Capture) if c.id == number]
    assert row.said["captures"] == [capture.sha256]
    assert (row.cause, row.reason, row.by, row.purged_at) == ("request", "the author asked", "operator", None)
    room.verify()  # PostgreSQL: seals what is written
    line = room.rows(Ledger)[-1]
    assert made is not None
    assert (line.kind, line.subject, line.row_digest) == (
        "erasure",
        f"erasure/{row.id}",
        digests.of_erasure(row._mapping),
    )


def test_captures_that_show_it_are_emptied_and_others_stay(room: Room) -> None:
    gone, kept = shown(room, post(1, "Meeting")), shown(room, post(2, "Another"))
    forgotten(room, post(1).id)
    blobs = {c.id: b for c in room.rows(Capture) for b in room.rows(Blob) if b.sha256 == c.sha256}
    assert (blobs[gone].codec, bytes(blobs[gone].body), blobs[gone].size) == ("erased", b"", len("Meeting"))
    assert zlib.decompress(blobs[kept].body) == b"Another"


def test_a_note_goes_with_the_text_it_was_made_on(room: Room) -> None:
    room.topics()
    with room.database.write() as session:
        credentials.issue(session, "key", "first", ["annotate"], room.now)
    room.archive(post(1, "Meeting"))
    with room.database.write() as session:
        corrections.put(
            session, post(1).id, "reform", "tagged", "says so in line 2", Author(1, "first"), room.tick()
        )
    (before,) = room.rows(Correction)
    forgotten(room, post(1).id)
    (after,) = room.rows(Correction)
    assert (before.note, after.note) == ("says so in line 2", None)
    (tombstone,) = room.rows(Erasure)
    slug = {"slug": "reform"}
    assert tombstone.said["corrections"] == [
        {
            "id": after.id,
            "digest": digests.of_correction({**before._mapping, **slug}),
            "kept": digests.of_kept_correction({**after._mapping, **slug}),
        }
    ]
    with room.database.read() as session:
        assert corrections.standing(session) == []


def test_no_search_finds_it_but_one_for_tombstones(room: Room) -> None:
    room.archive(post(1, "Meeting with the brigade"), post(2, "Another meeting"))
    forgotten(room, post(1).id)
    one, two = post(1).id, post(2).id
    assert room.ids("brigade") == []
    assert room.ids("") == room.ids("meeting") == room.ids("platform:mastodon") == room.ids("-training") == [two]
    assert room.ids("is:erased") == room.ids("platform:mastodon is:erased") == [one]
    assert room.ids("-is:erased") == [two]
    assert {e.post_id for e in room.rows(IndexEntry)} == {p.id for p in room.rows(Post)}


def test_it_is_shown_as_a_tombstone(room: Room) -> None:
    room.archive(post(1, "Meeting"))
    forgotten(room, post(1).id)
    found = room.get(post(1).id)
    assert (found["text"], found["url"], found["media"], found["links"]) == (None, None, [], [])
    assert found["erasure"]["cause"] == "request"
    (version,) = room.versions(post(1).id)
    assert (version["text"], version["erased"], version["diff"]) == (None, True, [])
    assert version["text_sha256"] == digests.of_text("Meeting")
    assert room.get(post(1).id)["erasure"]["erased_at"] is None


def test_nothing_waits_to_be_judged_any_more(room: Room) -> None:
    room.topics()
    room.archive(post(1, "Meeting"), post(2, "Another"))
    forgotten(room, post(1).id)
    assert room.tag(Score("reform")) == 1
    room.adopt("newer")
    assert room.tag(Score("reform"), model="newer") == 1
    forgotten(room, post(2).id)
    room.adopt("newest")
    assert room.tag(Score("reform"), model="newest") == 0


def test_what_was_forgotten_does_not_come_back(room: Room) -> None:
    shown(room, post(1, "Meeting"), post(2, "Another"))
    forgotten(room, post(1).id)
    counts = room.archive(post(1, "Meeting, edited"), post(3, "Third"))
    assert (counts.new, counts.changed, counts.unchanged) == (1, 0, 0)
    again = shown(room, post(1, "Meeting, again"), post(2, "Another"), source="two", url="https://n.example")
    assert sorted(v.text for v in room.rows(Version)) == ["", "Another", "Third"]
    (capture,) = [c for c in room.rows(Capture) if c.id == again]
    (blob,) = [b for b in room.rows(Blob) if b.sha256 == capture.sha256]
    assert (blob.codec, bytes(blob.body)) == ("erased", b"")
    further = max(room.rows(Erasure), key=lambda e: e.id)
    assert (further.cause, further.reason) == ("request", "the author asked")
    assert further.said == {"versions": [], "corrections": [], "captures": [capture.sha256], "media": []}
    shown(room, post(1, "Meeting, again"), post(2, "Another"), source="two", url="https://n.example")
    assert len(room.rows(Erasure)) == 2, "the same bytes need no further tombstone"


def test_it_stays_away_by_its_address_and_as_a_quotation(room: Room) -> None:
    page = post(1, "Release", platform="article", platform_id="0" * 16, url="https://o.example/a?utm_source=x")
    room.archive(page)
    when = page.created_at
    quoted = SeenPost("x", "~" + "1" * 16, "post", OFFICE, "Reform goes on", created_at=when, precision="day",
                      view=View.QUOTE, embedded_in="https://p.example/1")  # fmt: skip
    room.archive(quoted)
    forgotten(room, page.id)
    forgotten(room, quoted.id)
    entry = post(5, "Release", platform="feed", platform_id="entry", url="https://www.o.example/a")
    assert room.archive(entry).new == 0
    first_hand = SeenPost("x", "1957400000000000000", "post", OFFICE, "Reform goes on")
    near = replace(quoted, platform_id="~" + "2" * 16, embedded_in="https://p.example/2")
    assert room.archive(near).new == 0
    assert room.archive(first_hand).new == 1, "published on another day"
    assert room.get(near.id)["id"] == quoted.id, "the other id leads to the tombstone"


def test_a_text_that_is_empty_is_no_quotation_of_a_forgotten_one(room: Room) -> None:
    when = post(1).created_at
    first = SeenPost("x", "~" + "1" * 16, "post", OFFICE, "Reform goes on", created_at=when, precision="day",
                     view=View.QUOTE, embedded_in="https://p.example/1")  # fmt: skip
    room.archive(first)
    forgotten(room, first.id)
    picture = SeenPost("x", "~" + "2" * 16, "post", OFFICE, "", created_at=when, precision="day",
                       view=View.QUOTE, embedded_in="https://p.example/2")  # fmt: skip
    assert room.archive(picture).new == 1


def test_what_was_deleted_there_comes_back_when_it_is_shown_there(room: Room) -> None:
    shown(room, post(1, "Meeting"))
    room.archive(post(1, "", deleted=True))
    forgotten(room, post(1).id, TERMS)
    assert room.archive(post(1, "", deleted=True)).changed == 0
    counts = room.archive(post(1, "Meeting"))
    assert counts.changed == 1
    found = room.get(post(1).id)
    assert (found["text"], found["erasure"], found["deleted_at"]) == ("Meeting", None, None)
    assert [(v["change"], v["text"]) for v in room.versions(post(1).id)] == [
        ("first", None), ("delete", None), ("restore", "Meeting"),
    ]  # fmt: skip
    assert room.ids("meeting") == [post(1).id]


def test_forgetting_for_good_comes_after_the_terms_and_only_once(room: Room) -> None:
    room.archive(post(1, "Meeting"))
    assert forgotten(room, post(1).id, TERMS)
    assert forgotten(room, post(1).id, TERMS) is None
    assert forgotten(room, post(1).id, ASKED)
    assert forgotten(room, post(1).id, ASKED) is None
    assert room.archive(post(1, "Meeting")).changed == 0


def test_items_put_aside_that_name_it_are_emptied(room: Room) -> None:
    _, run = room.source("one")
    room.archive(post(1, "Meeting with the “brigade”"), post(2, "Another"))
    items = [
        '{"text": "Meeting with the \\u201cbrigade\\u201d", "broken": ',
        "mastodon:m.example/1",
        "of another post",
    ]
    with room.database.write() as session:
        session.add_all(Quarantine(run_id=run, at=room.now, error="why", item=item) for item in items)
        session.add(Follow(source_id=1, url=post(1).url or "", attempts=0))
    forgotten(room, post(1).id)
    assert sorted(q.item for q in room.rows(Quarantine)) == ["", "", "of another post"]
    assert room.rows(Follow) == []


def test_a_picture_that_another_post_shows_stays_until_that_one_goes_too(room: Room) -> None:
    picture = Media("image", "https://i.example/1.jpg")
    room.archive(post(1, "Meeting", media=(picture,)), post(2, "Another", media=(picture,)))
    bytes_of = digests.sha256(b"picture")
    with room.database.write() as session:
        session.add(Blob(sha256=bytes_of, size=7, codec="plain", body=b"picture"))
    with room.database.write() as session:
        for key in session.execute(select(table(Post).c.id)).scalars().all():
            row = {
                "url": picture.url,
                "sha256": bytes_of,
                "content_type": "image/jpeg",
                "size": 7,
                "fetched_at": room.now,
            }
            made = {
                **row,
                "post_id": key,
                "source_id": 1,
                "attempts": 1,
                "done_at": room.now,
                "digest": digests.of_media(row),
            }
            (number,) = insert_all(session, MediaFile, [made])
            ledger.append(session, [ledger.Line("media", f"media/{number}", made["digest"], room.now)])
    first = forgotten(room, post(1).id)
    assert first and first["said"]["media"] == []
    room.assert_sound()
    second = forgotten(room, post(2).id)
    assert second and second["said"]["media"] == [bytes_of]
    assert {m.url for m in room.rows(MediaFile)} == {digests.of_address(picture.url)}


def test_a_quotation_of_a_deleted_post_leaves_no_trace_of_it(room: Room) -> None:
    seen = SeenPost("x", "1957400000000000000", "post", OFFICE, "Reform goes on", url="https://x.com/o/status/1")
    room.archive(seen)
    room.archive(replace(seen, text="", deleted=True))
    forgotten(room, seen.id, TERMS)
    quoted = replace(seen, view=View.QUOTE, embedded_in="https://p.example/1")
    assert (room.archive(quoted).changed, len(room.rows(Sighting))) == (0, 1)


def test_posts_that_quote_it_word_for_word_are_named_before(room: Room) -> None:
    words = "Advisors met the brigade to speak of its payroll"
    quoting = f"The office wrote: {words.upper()}. Nobody answered."
    room.archive(
        post(1, words),
        post(2, quoting),
        post(3, "Advisors met the brigade"),
        post(4, "Met them"),
        post(5, "Met them"),
    )
    with room.database.read() as session:
        plans = [tombstones.plan(session, posts.key_of(session, post(n).id)) for n in (1, 4)]
    assert [plan["quoted_in"] for plan in plans] == [[post(2).id], []]


def test_nobody_is_asked_to_review_what_was_erased(room: Room) -> None:
    room.topics()
    shown(room, post(1, "Meeting"))
    room.tag(Score("reform", 0.4, decision="unsure"))
    assert room.rows(Post)[0].doubt is not None
    forgotten(room, post(1).id)
    assert room.rows(Post)[0].doubt is None
    assert room.verify()["ok"]


def test_two_entries_at_one_address_do_not_bring_it_back(room: Room) -> None:
    def entry(name: str, text: str) -> SeenPost:
        return post(1, text, platform="feed", platform_id=name, url="https://news.example/talks/1", account=None)

    shown(room, entry("aaaa", "Wallaby talks on reform"))
    forgotten(room, "feed:aaaa")
    room.archive(entry("bbbb", "Wallaby talks on reform"), entry("cccc", "Another item"))
    assert room.ids("wallaby") == [] and room.ids("another") == ["feed:cccc"]


def test_the_same_words_of_another_day_are_another_post(room: Room) -> None:
    daily = [post(n, "Good morning from the team", created_at=NOW - timedelta(days=n)) for n in (1, 5)]
    shown(room, daily[0])
    forgotten(room, daily[0].id)
    room.archive(replace(daily[0], platform_id="m.example/again", url="https://m.example/again"), daily[1])
    assert room.ids("morning") == [daily[1].id]


def test_a_post_that_came_back_and_was_seen_where_it_was_before_is_erased_again(room):
    room.archive(post(1))
    for _ in range(2):
        room.archive(post(1, deleted=True))
        with room.database.write() as session:
            erase(session, posts.key_of(session, "mastodon:m.example/1"), TERMS, room.tick())
        room.archive(post(1, "It is back"))
    with room.database.write() as session:
        erase(session, posts.key_of(session, "mastodon:m.example/1"), ASKED, room.tick())
    assert [row.url[:7] for row in room.rows(Sighting)] == ["sha256:"], "one place, known by its digest"


def test_a_picture_of_a_post_that_came_back_is_not_fetched_again(room):
    """Sealed once and erased, it could not be sealed and erased again."""
    source, _ = room.source("one")
    source.options = {"media": True}
    shown = post(1, "Meeting", media=(Media("image", "https://i.example/1.jpg"),))
    room.archive(shown)
    with room.database.write() as session:
        waiting = media.claim(session, source.id, "w", room.tick())
        media.keep(session, waiting, b"picture", "image/jpeg", room.now, room.tick())
    for text in ("It is back", "And back again"):
        room.archive(replace(shown, deleted=True))
        with room.database.write() as session:
            erase(session, posts.key_of(session, shown.id), TERMS, room.tick())
        room.archive(replace(shown, text=text))
        room.assert_sound()
    assert [row.url for row in room.rows(MediaFile)] == [digests.of_address("https://i.example/1.jpg")]
