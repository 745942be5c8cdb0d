"""A restored archive is the backup, on either database; what stood there is not lost."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import BadRequest, KleError
from db.database import Database
from db.models import MediaFile, Post, Source, Version
from db.moving import backup, opened, restore, tables
from tests.db.conftest import Room, post
from tests.db.moving.rooms import counted, fill, look
from tests.db.test_database import _older as older
from tests.strategies import seen_posts


@pytest.fixture
def saved(tmp_path, migrated):
    """The backup of a SQLite archive with everything in it."""
    file = tmp_path / "source.sqlite"
    shutil.copy(migrated, file)
    room = fill(Room(Database(f"sqlite:///{file}")))
    backup.backup(room.database, tmp_path / "saved.kle")
    room.database.close()
    return tmp_path / "saved.kle"


def said(file):
    with opened.archive(str(file)) as archive, archive.read() as session:
        return tables.tallies(session)


def test_restored_archive_is_the_backup_and_goes_on(room, saved):
    report = restore.restore(str(saved), room.database)
    assert report.tables == said(saved) and report.verified["ok"] and report.archive_id
    room.assert_sound()
    assert room.ids("another") == [post(1).id] and room.ids("ڕیفۆرم") == [post(3).id]
    held = [row for model in (Version, MediaFile, Source) for row in room.rows(model) if row.claimed_by]
    assert held == []
    look(room, "three", post(30, "After", metrics={"likes": 3}))  # keys go on behind the highest ones
    room.assert_sound()
    assert len(room.rows(Source)) == 3


def test_counts_are_those_of_what_was_restored(room, saved):
    assert counted(room) == (0, 0)
    restore.restore(str(saved), room.database)
    assert counted(room) == (9, 9)


def test_counts_of_a_replaced_file_are_forgotten_with_it(room, saved):
    room.archive(post(50, "Mine"))
    assert counted(room) == (1, 1)
    if room.database.file is None:
        return  # nothing can be moved aside there
    room.database.close()
    restore.restore(str(saved), room.database, force=True)
    assert counted(room) == (9, 9)


def test_claims_of_then_are_free(room, saved):
    with closing(sqlite3.connect(saved)) as archive, archive:
        archive.execute("UPDATE version SET claimed_by = 'h:1:a', claimed_until = '2099-01-01 00:00:00.000000'")
    restore.restore(str(saved), room.database)
    assert [v for v in room.rows(Version) if v.claimed_by or v.claimed_until] == []


def test_archive_with_posts_is_replaced_only_when_told_to_and_kept(room, saved):
    room.archive(post(50, "Mine"))
    with pytest.raises(BadRequest, match="1 posts"):
        restore.restore(str(saved), room.database)
    assert room.ids() == [post(50).id]
    if room.database.file is None:
        with pytest.raises(BadRequest, match="empty database"):
            restore.restore(str(saved), room.database, force=True)
        assert room.ids() == [post(50).id]
        return
    room.database.close()
    report = restore.restore(str(saved), room.database, force=True)
    assert len(room.ids()) == 9
    kept = Room(Database(f"sqlite:///{report.aside}"))
    assert kept.ids() == [post(50).id]
    kept.database.close()


def test_archive_that_somebody_works_on_is_not_replaced(tmp_path, migrated, saved):
    file = tmp_path / "kle.sqlite"
    shutil.copy(migrated, file)
    database = Database(f"sqlite:///{file}")
    with database.read() as session:
        session.execute(text("SELECT * FROM meta")).all()
        with pytest.raises(BadRequest, match="somebody works on"):
            restore.restore(str(saved), Database(f"sqlite:///{file}"), force=True)
    database.close()


def test_postgres_with_keys_alone_needs_force(saved, emptied):
    room = Room(Database(emptied()))
    with room.database.write() as session:
        session.execute(text("INSERT INTO credential (purpose, name, secret_sha256, scopes, created_at)"
                             " VALUES ('key', 'a', 'b', '[]', now())"))  # fmt: skip
    with pytest.raises(BadRequest, match="1 keys and sessions: with --force"):
        restore.restore(str(saved), room.database)
    assert restore.restore(str(saved), room.database, force=True).verified["ok"]
    room.database.close()


def test_backup_that_does_not_verify_is_not_put_in_place(room, saved):
    with closing(sqlite3.connect(saved)) as archive, archive:
        archive.execute("UPDATE version SET text = 'forged' WHERE id = 1")
    with pytest.raises(restore.Unsound, match="version/1"):
        restore.restore(str(saved), room.database)
    assert room.ids() == []
    report = restore.restore(str(saved), room.database, check=False)
    assert report.verified is None and len(room.ids()) == 9


def test_older_archive_is_migrated_in_a_copy(room, tmp_path):
    older(f"sqlite:///{tmp_path / 'older.sqlite'}").close()
    before = (tmp_path / "older.sqlite").read_bytes()
    restore.restore(str(tmp_path / "older.sqlite"), room.database, check=False)
    assert len(room.ids()) == 1
    assert room.database.at_head() and (tmp_path / "older.sqlite").read_bytes() == before


def test_newer_archive_is_refused(room, saved):
    with closing(sqlite3.connect(saved)) as archive, archive:
        archive.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(opened.NewerArchive, match="update the program"):
        restore.restore(str(saved), room.database)


def test_what_is_no_archive_is_refused(room, tmp_path):
    (tmp_path / "text").write_text("no database at all, but long enough to look like one " * 40)
    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE t (a)")
    for name, says in (("text", "cannot be read"), ("other.sqlite", "no archive"), ("missing", "not there")):
        with pytest.raises(BadRequest, match=says):
            restore.restore(str(tmp_path / name), room.database)


def test_failure_in_the_middle_leaves_nothing_and_can_be_begun_again(room, saved, monkeypatch):
    def fail(*_):
        raise KleError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(restore.verify, "verify", fail)
        with pytest.raises(KleError, match="power"):
            restore.restore(str(saved), room.database)
    assert room.rows(Post) == []
    assert restore.restore(str(saved), room.database).verified["ok"]


def round_trip(folder, postgres_url):
    """SQLite -> PostgreSQL -> SQLite; the tallies at each station."""
    there, back = folder / "there", folder / "back"
    first = Database(f"sqlite:///{folder / 'first.sqlite'}")
    backup.backup(first, there)
    first.close()
    database = Database(postgres_url)
    restored = restore.restore(str(there), database)
    backup.backup(database, back)
    database.close()
    last = Database(f"sqlite:///{folder / 'last.sqlite'}")
    restore.restore(str(back), last)
    with last.read() as session:
        return said(there), restored.tables, said(back), tables.tallies(session)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(seen_posts(), max_size=4), min_size=1, max_size=4))
def test_round_trip_through_postgres_gives_equal_digests(tmp_path, migrated, emptied, rounds):
    folder = Path(mkdtemp(dir=tmp_path))  # of this round alone
    file = folder / "first.sqlite"
    shutil.copy(migrated, file)
    room = fill(Room(Database(f"sqlite:///{file}")))
    for posts in rounds:
        look(room, "wild", *posts)
    room.database.close()
    first, second, third, fourth = round_trip(folder, emptied())
    assert first == second == third == fourth
