"""A backup is one moment of the archive, whole, and opens as an archive."""

import sqlite3
import stat
import threading

import pytest
from sqlalchemy import text

from core.errors import BadRequest
from db.database import Database
from db.moving import backup, files, tables
from tests.db.conftest import Room, post
from tests.db.moving.rooms import fill, filled_tables


@pytest.fixture
def full(room):
    return fill(room)


def opened(file):
    return Database(f"sqlite:///{file}", read_only=True)


def test_backup_is_an_archive_of_its_own_with_the_same_rows(full, tmp_path):
    file = tmp_path / "copy.kle"
    with full.database.read() as session:
        said, full_there = tables.tallies(session), filled_tables(session)
    report = backup.backup(full.database, file)
    waiting = said["unsealed"]["rows"]
    assert report.chained == waiting and (waiting > 0) == (full.database.dialect == "postgresql")
    assert report.heads["ledger"]["lines"] == said["ledger"]["rows"] + waiting
    assert {n: t for n, t in report.tables.items() if n != "unsealed"} == {
        n: t for n, t in said.items() if n != "unsealed"
    }
    copy = Room(Database(f"sqlite:///{file}"), full.now)
    copy.assert_sound()
    with copy.database.read() as session:
        assert filled_tables(session) | {"unsealed"} == full_there | {"unsealed"}
    assert copy.ids() == full.ids() and copy.get(post(1).id) == full.get(post(1).id)
    copy.archive(post(20, "After"), source="three")
    copy.assert_sound()
    copy.database.close()


def test_backup_holds_no_claims_no_free_pages_and_no_journal(full, tmp_path):
    with full.database.write() as session:
        session.execute(
            text("UPDATE version SET claimed_by = 'host:1:a', claimed_until = '2030-01-01 00:00:00.000000'")
        )
    file = tmp_path / "copy.kle"
    backup.backup(full.database, file)
    assert sorted(p.name for p in tmp_path.iterdir() if "copy.kle" in p.name) == ["copy.kle"]
    with sqlite3.connect(file) as archive:
        held = [archive.execute(f"SELECT count(*) FROM {n} WHERE claimed_by IS NOT NULL").fetchone()[0]
                for n in ("version", "follow", "source", "media_file")]  # fmt: skip
        pages = archive.execute("PRAGMA freelist_count").fetchone()[0]
        mode = archive.execute("PRAGMA journal_mode").fetchone()[0]
    archive.close()
    assert (held, pages, mode) == ([0, 0, 0, 0], 0, "delete")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_backup_overwrites_only_when_told_to(full, tmp_path):
    file = tmp_path / "copy.kle"
    file.write_text("mine")
    with pytest.raises(BadRequest, match="--force"):
        backup.backup(full.database, file)
    assert file.read_text() == "mine"
    backup.backup(full.database, file, force=True)
    assert file.read_bytes().startswith(b"SQLite format 3")
    if full.database.file:
        with pytest.raises(BadRequest, match="itself"):
            backup.backup(full.database, full.database.file, force=True)
    with pytest.raises(BadRequest, match="folder that is there"):
        backup.backup(full.database, tmp_path / "nowhere" / "copy.kle")


def test_backup_needs_room_before_it_begins(full, tmp_path, monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: _Usage)
    with pytest.raises(files.NoRoom, match="MB free"):
        backup.backup(full.database, tmp_path / "copy.kle")
    assert not (tmp_path / "copy.kle").exists()


class _Usage:
    free = 1000


def test_what_a_killed_backup_left_goes_with_the_next(full, tmp_path):
    left = tmp_path / ".copy.kle.unfinished"
    left.mkdir()
    (left / "copy.sqlite").write_text("half")
    backup.backup(full.database, tmp_path / "copy.kle")
    assert not left.exists()


def test_two_backups_do_not_write_one_file(full, tmp_path):
    file = tmp_path / "copy.kle"
    with files.workshop(file), pytest.raises(BadRequest, match="another process"):
        backup.backup(full.database, file)


def test_disk_that_takes_no_more_is_one_sentence(full, tmp_path, monkeypatch):
    def fail(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(files, "compact", fail)
    with pytest.raises(files.Unwritten, match=r"copy.kle was not written: database or disk is full"):
        backup.backup(full.database, tmp_path / "copy.kle")
    assert not list(tmp_path.glob("*copy.kle*")) and not list(tmp_path.glob(".copy.kle*"))


def test_backup_is_one_moment_while_others_write(room, tmp_path):
    """Each batch is one transaction of ten posts: a copy that holds a part of one would be of no moment."""
    stop = threading.Event()
    room.source("one")

    def write():
        batch = 0
        while not stop.is_set():
            room.archive(*(post(batch * 10 + n) for n in range(10)))
            batch += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for number in range(4):
            report = backup.backup(room.database, tmp_path / f"{number}.kle")
            counts.append(report.tables["post"]["rows"])
    finally:
        stop.set()
        writer.join()
    assert all(count % 10 == 0 for count in counts) and counts == sorted(counts) and counts[-1] > 0
    for number in range(4):
        copy = Room(Database(f"sqlite:///{tmp_path / f'{number}.kle'}"))
        copy.assert_sound()
        copy.database.close()


def test_copy_that_is_not_the_same_is_thrown_away(full, tmp_path, monkeypatch):
    compact = files.compact

    def spoil(source, into):
        with sqlite3.connect(source) as archive:
            archive.execute("UPDATE version SET text = text || '.' WHERE id = 1")
        archive.close()
        compact(source, into)

    monkeypatch.setattr(files, "compact", spoil)
    with pytest.raises(backup.NotTheSame, match="rows of version are not the same"):
        backup.backup(full.database, tmp_path / "copy.kle")
    assert not (tmp_path / "copy.kle").exists()


def test_read_only_database_refuses_to_write(full, tmp_path):
    backup.backup(full.database, tmp_path / "copy.kle")
    for url in (f"sqlite:///{tmp_path / 'copy.kle'}", full.database.url.render_as_string(hide_password=False)):
        database = Database(url, read_only=True)
        with pytest.raises(Exception, match=r"read.?only"), database.write() as session:
            session.execute(text("DELETE FROM meta"))
        database.close()
