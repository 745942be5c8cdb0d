"""Two archives of the same posts become one, with nothing twice and nothing lost."""

import shutil
import zlib
from datetime import timedelta

import pytest

from core.errors import BadRequest
from core.post import Account, View
from db import corrections, credentials
from db.database import Database
from db.erasing import erase
from db.models import (
    Alert,
    Audit,
    Blob,
    Capture,
    Correction,
    Credential,
    Delivery,
    Erasure,
    Ledger,
    MediaFile,
    Post,
    Sighting,
    Source,
    Tag,
    Version,
)
from db.moving.merging import merge
from db.upsert import insert_all
from tests.db.conftest import OFFICE, Room, Score, post, snowflake
from tests.db.letters import Letters
from tests.db.meanings import kept, meant, read, vectors
from tests.db.moving.rooms import counted, fill, look, media_file
from tests.db.test_database import _older as older


@pytest.fixture
def other(tmp_path, migrated):
    """Another archive, in a SQLite file."""
    file = tmp_path / "other.sqlite"
    shutil.copy(migrated, file)
    made = Room(Database(f"sqlite:///{file}"))
    with made.database.write() as session:
        session.execute(
            merge.table(merge.Meta).update().where(merge.table(merge.Meta).c.name == "archive_id").values(value="b")
        )
    yield made
    made.database.close()


LONG = "A long text that a page cuts off somewhere in the middle of it"
_X = {"platform": "x", "account": OFFICE, "url": None}
whole = post(1, LONG, platform_id=snowflake(post(1).created_at), **_X)
quoted = post(1, "A long text that a page cuts off somewhere …", platform_id="~0123456789abcdef", view=View.QUOTE,
              embedded_in="https://news.example/q", **_X)  # fmt: skip


def take(room, other, **more):
    report = merge.merge(room.database, str(other.database.file), clock=room.tick, **more)
    room.assert_sound()
    return report


def unchanged(room, other):
    """The same merge again changes nothing."""
    room.verify()  # seals
    before = {
        m: len(room.rows(m)) for m in (Post, Version, Sighting, Tag, Capture, Ledger, Correction, Audit, Blob)
    }
    posts = room.rows(Post)
    report = take(room, other)
    assert not report.changed, report.as_json()
    assert {m: len(room.rows(m)) for m in before} == before
    assert room.rows(Post) == posts
    return True


def shown(room, public_id):
    return [(v["change"], v["text"]) for v in room.versions(public_id)]


def test_posts_that_are_not_here_come_over_whole(room, other):
    fill(other)
    room.archive(post(100, "Mine"))
    report = take(room, other)
    assert (report.counts["added"], report.counts["joined"], report.counts["captures"]) == (9, 0, 3)
    theirs, ours = other.get(post(3).id), room.get(post(3).id)
    assert {**ours, "tags": 0} == {**theirs, "tags": 0}
    assert [t["topic"] for t in ours["tags"]] == [t["topic"] for t in theirs["tags"]]
    for version, known in zip(room.versions(post(1).id), other.versions(post(1).id), strict=True):
        assert {**version, "tags": 0} == {**known, "tags": 0}
    assert [s.enabled for s in room.rows(Source) if s.name == "two"] == [False]
    assert len(room.rows(MediaFile)) == 1 and len(room.rows(Correction)) == 3
    assert room.rows(Audit)[-1].kind == "merge" and room.rows(Audit)[-1].subject == "b"
    assert unchanged(room, other)


def test_counts_follow_a_merge(room, other):
    fill(other)
    room.archive(post(100, "Mine"))
    assert counted(room) == (1, 1)
    take(room, other)
    assert counted(room) == (10, 10)


def test_keys_of_the_other_archive_open_nothing_here(room, other):
    fill(other)
    take(room, other)
    theirs, (mine,) = other.rows(Credential)[0], room.rows(Credential)
    assert mine.revoked_at and mine.secret_sha256 != theirs.secret_sha256 and not mine.scopes
    assert "the desk" in mine.name and mine.purpose == "merged"


def test_states_seen_after_our_last_one_become_current(room, other):
    other.now = room.now + timedelta(hours=1)
    room.archive(post(1, "A"))
    other.archive(post(1, "A"), source="two")
    other.archive(post(1, "B"), source="two")
    other.archive(post(1, "C"), source="two")
    room.now = other.now + timedelta(hours=1)
    report = take(room, other)
    assert shown(room, post(1).id) == [("first", "A"), ("edit", "B"), ("edit", "C")]
    found = room.get(post(1).id)
    assert (found["text"], found["edits"], found["versions"]) == ("C", 2, 3)
    assert [s["source"] for s in found["sightings"]] == ["one", "two"]
    assert (report.counts["joined"], report.counts["versions"], report.counts["late"]) == (1, 2, 0)
    facts = room.rows(Version)[-1].facts["merged"]
    assert facts["archive"] == "b" and facts["number"] == 3 and facts["digest"] == other.rows(Version)[-1].digest
    assert room.ids("C") == [post(1).id]
    assert unchanged(room, other)


def test_states_seen_before_our_last_one_are_late_and_never_current(room, other):
    other.archive(post(1, "A"), post(2, "X"))
    other.archive(post(1, "B"))
    room.now = other.now + timedelta(hours=1)
    room.archive(post(1, "C"))
    report = take(room, other)
    assert shown(room, post(1).id) == [("first", "C"), ("late", "A"), ("late", "B")]
    assert (room.get(post(1).id)["text"], room.get(post(1).id)["edits"]) == ("C", 0)
    assert (report.counts["added"], report.counts["joined"], report.counts["late"]) == (1, 1, 2)
    assert unchanged(room, other)
    room.archive(post(1, "D"))
    assert room.get(post(1).id)["text"] == "D"
    assert unchanged(room, other)


def test_deletion_and_return_there_are_followed_here(room, other):
    room.archive(post(1), post(2))
    other.now = room.now + timedelta(hours=1)
    other.archive(post(1), post(2))
    other.archive(post(1, deleted=True), post(2, deleted=True))
    other.archive(post(2))
    room.now = other.now + timedelta(hours=1)
    take(room, other)
    assert room.get(post(1).id)["deleted_at"] and not room.get(post(2).id)["deleted_at"]
    assert [change for change, _ in shown(room, post(2).id)] == ["first", "delete", "restore"]
    assert unchanged(room, other)


def test_quotation_there_takes_nothing_from_the_whole_post_here(room, other):
    room.archive(whole)
    other.now = room.now + timedelta(hours=1)
    other.archive(quoted, source="news")
    report = take(room, other)
    assert report.counts["joined"] == 1 and len(room.ids()) == 1
    found = room.get("x:~0123456789abcdef")
    assert found["id"] == whole.id and found["text"] == whole.text
    assert {s["url"] for s in found["sightings"]} >= {"https://news.example/q"}
    assert shown(room, whole.id)[1][0] == "late"
    assert unchanged(room, other)


def test_whole_post_there_replaces_the_quotation_here(room, other):
    other.archive(whole)
    room.now = other.now + timedelta(hours=1)
    room.archive(quoted, source="news")
    take(room, other)
    found = room.get("x:~0123456789abcdef")
    assert found["id"] == whole.id and found["text"] == whole.text and len(room.ids()) == 1
    assert unchanged(room, other)


def test_one_address_is_one_post_and_aliases_lead_in_either_direction(room, other):
    page = {"platform": "article", "platform_id": "0123456789abcdef", "url": "https://news.example/a"}
    entry = {"platform": "feed", "platform_id": "fedcba9876543210", "url": "https://news.example/a"}
    room.archive(post(1, "News", view=View.ENTRY, account=None, **entry))
    other.archive(post(1, "News", view=View.ENTRY, account=None, **entry), source="two")
    other.archive(post(1, "News, the whole", view=View.PAGE, account=Account("article", "news.example"), **page))
    take(room, other)
    assert len(room.ids()) == 1 and room.get("article:0123456789abcdef")["text"] == "News, the whole"
    assert room.get("feed:fedcba9876543210")["account"]["handle"] == "news.example"
    assert unchanged(room, other)


def test_newer_counts_win_and_gaps_are_filled(room, other):
    other.archive(post(1, metrics={"likes": 1, "views": 100}))
    room.now = other.now + timedelta(hours=1)
    room.archive(post(1, metrics={"likes": 5}))
    take(room, other)
    assert {n: room.get(post(1).id)["metrics"][n] for n in ("likes", "views")} == {"likes": 5, "views": 100}
    assert unchanged(room, other)


def say(room, number, decision, note=None):
    with room.database.write() as session:
        key, _ = credentials.issue(session, "key", "desk", ["annotate"], room.tick())
        author = corrections.Author(key, "desk")
        if decision:
            corrections.put(session, post(number).id, "reform", decision, note, author, room.tick())
        else:
            corrections.withdraw(session, post(number).id, "reform", author, room.tick())


def decided(room, number):
    return [
        (t["decision"], t["model"] is None) for t in room.get(post(number).id)["tags"] if t["topic"] == "reform"
    ]


def test_a_word_of_years_to_come_wins_over_nobody(room, other):
    for one in (room, other):
        one.topics()
        one.archive(post(1), post(2))
    say(room, 1, "tagged")
    other.now = room.now + timedelta(days=300_000)
    say(other, 1, "not")
    say(other, 2, "not")
    take(room, other)
    assert (decided(room, 1), decided(room, 2)) == ([("tagged", True)], [])
    assert unchanged(room, other)


def test_last_word_counts(room, other):
    for one in (room, other):
        one.topics()
        one.archive(post(1), post(2), post(3))
        one.tag(Score("reform"))
    say(other, 1, "not")
    room.now = other.now + timedelta(hours=1)
    say(room, 1, "tagged")
    say(room, 2, "tagged")
    say(room, 3, "not")
    other.now = room.now + timedelta(hours=1)
    say(other, 2, "not", "look at the note")
    say(other, 3, "tagged")
    say(other, 3, None)
    room.now = other.now
    report = take(room, other)
    assert decided(room, 1) == [("tagged", True)]
    assert decided(room, 2) == [("not", True)]
    assert decided(room, 3) == [("tagged", False)]
    assert report.counts["corrections"] == 2
    assert unchanged(room, other)


def test_tags_of_a_state_that_becomes_current_come_along(room, other):
    for one in (room, other):
        one.topics()
        one.archive(post(1, "A"))
        one.tag(Score("reform"))
    other.now = room.now + timedelta(hours=1)
    other.archive(post(1, "B"))
    other.tag(Score("training"), model="theirs")
    room.now = other.now
    take(room, other)
    assert [t["topic"] for t in room.get(post(1).id)["tags"]] == ["training"]
    assert room.ids("topic:training") == [post(1).id] and room.ids("topic:reform") == []
    assert unchanged(room, other)


def test_merging_back_adds_nothing_twice(room, other, tmp_path, migrated):
    third = Room(Database(f"sqlite:///{tmp_path / 'third.sqlite'}"))
    third.database.migrate()
    other.archive(post(1, "A"), post(2, "X"))
    third.now = other.now + timedelta(hours=1)
    third.archive(post(1, "B"), post(3, "Y"))
    take(third, other)
    other.now = third.now + timedelta(hours=1)
    take(other, third)
    states = {(p, t) for p in (1, 2, 3) for _, t in shown(other, post(p).id)}
    assert states == {(p, t) for p in (1, 2, 3) for _, t in shown(third, post(p).id)}
    assert unchanged(third, other) and unchanged(other, third)
    take(room, other)
    assert len(room.rows(Version)) == len(other.rows(Version))
    assert unchanged(room, third)
    third.database.close()


def test_pictures_that_were_fetched_there_are_not_fetched_again(room, other):
    fill(other)
    room.archive(post(1, "Another text"), source="two")
    with room.database.write() as session:
        source = session.execute(merge.table(Source).select()).first().id
        key = room.rows(Post)[0].id
        insert_all(
            session, MediaFile, [{"post_id": key, "source_id": source, "url": "https://m.example/a", "attempts": 0}]
        )
    assert take(room, other).counts["media"] == 1
    (ours,), (theirs,) = room.rows(MediaFile), other.rows(MediaFile)
    assert (ours.digest, ours.sha256, ours.done_at) == (theirs.digest, theirs.sha256, theirs.done_at)
    assert unchanged(room, other)


def test_archive_on_postgres_is_read_by_its_url(other, emptied, tmp_path):
    there = fill(Room(Database(emptied())))
    report = merge.merge(other.database, there.database.url.render_as_string(hide_password=False), clock=other.tick)
    other.assert_sound()
    assert report.counts["added"] == len(there.ids()) == len(other.ids())
    there.database.close()


def test_older_archive_is_merged_from_a_copy(room, tmp_path):
    older(f"sqlite:///{tmp_path / 'older.sqlite'}").close()
    before = (tmp_path / "older.sqlite").read_bytes()
    assert merge.merge(room.database, str(tmp_path / "older.sqlite"), check=False).counts["added"] == 1
    assert (tmp_path / "older.sqlite").read_bytes() == before


def forget(room, number, cause=erase.REQUEST):
    with room.database.write() as session:
        posts = merge.table(Post)
        key = session.execute(posts.select().where(posts.c.platform_id == f"m.example/{number}")).first().id
        assert erase.erase(session, key, erase.Why(cause, "asked to", "the desk"), room.tick())


def test_what_was_forgotten_here_does_not_come_back(room, other):
    look(other, "two", post(1, "Forgotten words"), post(2, "Beside it"))
    look(other, "two", post(3, "Elsewhere"))
    room.archive(post(1, "Other words"))
    forget(room, 1)
    report = take(room, other)
    assert report.left_out == {merge.FORGOTTEN_HERE: 1, merge.HIDDEN: 1}
    assert (report.counts["added"], report.counts["captures"]) == (2, 1)
    assert [v.text for v in room.rows(Version) if v.text == "Forgotten words"] == []
    assert all(b"Forgotten" not in zlib.decompress(blob.body) for blob in room.rows(Blob))
    assert [v["erased"] for v in room.versions(post(1).id)] == [True]
    assert unchanged(room, other)


@pytest.mark.parametrize("cause", erase.CAUSES)
def test_what_was_forgotten_there_is_erased_here_on_a_persons_word(room, other, cause):
    look(room, "one", post(1, "Forgotten words"), post(2, "Beside it"))
    look(other, "two", post(1, "Forgotten words"), post(2, "Beside it"))
    forget(other, 1, cause)
    report = take(room, other)
    gone = cause == erase.REQUEST
    assert report.counts["erased"] == gone and report.left_out[merge.ERASED_THERE] == (not gone)
    texts = {v.text for v in room.rows(Version)}
    assert ("Forgotten words" not in texts) == gone and "Beside it" in texts
    assert report.left_out[merge.HIDDEN] == 1 and report.counts["captures"] == 0
    assert unchanged(room, other)


@pytest.mark.parametrize("cause", erase.CAUSES)
def test_tombstones_come_over_and_are_sealed_here(room, other, cause):
    other.topics()
    look(other, "one", *(post(n) for n in range(1, 10)))
    look(other, "one", post(3, "Another text"))
    other.tag(Score("reform"))
    say(other, 3, "not", "what was said of it")
    with other.database.write() as session:
        media_file(session, other, other.source("one")[0].id)
    for number in (1, 3):
        forget(other, number, cause)
    look(room, "one", post(40, "Mine"))
    report = take(room, other)
    assert report.counts["added"] == 9 and report.counts["corrections"] == 1 and len(room.rows(Erasure)) == 2
    theirs, ours = other.rows(Erasure), room.rows(Erasure)
    assert [(e.public_id, e.cause, e.at) for e in ours] == [(e.public_id, e.cause, e.at) for e in theirs]
    assert room.get(post(3).id)["text"] is None and room.get(post(3).id)["erasure"]["cause"] == cause
    assert unchanged(room, other)


def test_broken_archive_is_refused_unless_told(room, other):
    other.archive(post(1))
    with other.database.write() as session:
        session.execute(merge.table(Version).update().values(text="forged"))
    with pytest.raises(merge.Broken, match="text of version/1"):
        merge.merge(room.database, str(other.database.file))
    assert room.ids() == []
    assert merge.merge(room.database, str(other.database.file), check=False).counts["added"] == 1


def test_dry_run_tells_and_changes_nothing(room, other):
    fill(other)
    room.archive(post(1, "Mine"))
    room.verify()  # seals
    lines = len(room.rows(Ledger))
    report = take(room, other, dry_run=True)
    assert report.counts["added"] == 8 and report.counts["joined"] == 1
    assert (len(room.rows(Ledger)), len(room.rows(Version))) == (lines, 1)
    assert room.ids() == [post(1).id] and room.rows(Audit) == []


def test_archive_is_not_merged_with_itself(room):
    with pytest.raises(BadRequest, match="itself"):
        merge.merge(room.database, room.database.url.render_as_string(hide_password=False))


def test_broken_off_in_the_middle_it_goes_on(room, other, monkeypatch):
    other.archive(*(post(n) for n in range(1, 8)))
    room.archive(post(3), source="two")
    done = []

    def stop(count):
        done.append(count)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge.merge(room.database, str(other.database.file), check=False, size=2, progress=stop)
    assert 1 < len(room.ids()) < 7
    report = take(room, other, size=2)
    assert len(room.ids()) == 7 and report.counts["added"] == 3
    assert unchanged(room, other)


def test_what_texts_mean_comes_along_where_they_are_the_same(room, other):
    for one in (room, other):
        one.topics()
    other.archive(post(1, "leaders met"), post(2, "water"))
    other.tag(Score("reform"))
    room.archive(post(2, "water for the camp"))
    room.tag(Score("reform"))
    assert read(other) == 2
    take(room, other)
    said = {version.text for version in room.rows(Version) if version.id in kept(room)}
    assert "leaders met" in said
    rows = [row for row in kept(room).values() if bytes(row.vector) == vectors.packed(meant("leaders met"))]
    assert len(rows) == 1 and read(room) == len(room.rows(Post)) - len(said)
    room.assert_sound()


def test_alerts_stay_where_they_are_and_what_was_told_here_is_told(room, other):
    """Addresses there are sealed with another key; and nobody is to be told by two archives."""
    other.archive(whole, post(2, "B"))
    there = Letters(other)
    there.tell(whole.id, post(2).id)
    room.archive(quoted)
    here = Letters(room)
    here.tell(quoted.id)
    report = take(room, other)
    assert report.left_out[merge.ALERTS] == 1
    assert len(room.rows(Delivery)) == len(room.rows(Alert)) == 1
    here.match(whole.id)
    assert here.waiting() == 0
    here.match(post(2).id)
    assert here.waiting() == 1
    assert unchanged(room, other)
