"""Flip bits in the file itself: verify says so, or names a damaged database, or the bit said nothing."""

import random
import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy.exc import DBAPIError

from db import damage
from db.database import Database
from db.proof import verify
from tests.db.proof.test_flips import CELLS

HEADER = 100  # bytes of the file that say how it is opened: SQLite then refuses to, each with its own words
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def said(file):
    """All that stands in the columns that verify speaks for, and the words of the index; None where unreadable."""
    try:
        with closing(sqlite3.connect(file)) as archive:
            archive.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, post_text, instance)")
            found = [archive.execute("SELECT * FROM temp.words").fetchall()]
            for name, columns in CELLS.items():
                picked = ", ".join(f'"{column}", typeof("{column}")' for column in columns.split())
                found.append(archive.execute(f"SELECT {picked} FROM {name} ORDER BY 1, 2, 3").fetchall())
            return found
    except sqlite3.Error:
        return None


def verified(file, place):
    """Whether verify says that all fits; a damaged database is named as such."""
    database = Database(f"sqlite:///{file}")
    try:
        with database.read() as session:
            return verify.verify(session)["ok"]
    except DBAPIError as error:
        assert damage.told(error) or place < HEADER, error
        return False
    finally:
        database.close()


def flips(room, tmp_path, count, seed):
    """How many flips were found, and how many hit nothing that says anything."""
    room.verify()
    room.database.close()
    whole = tmp_path / "whole.sqlite"
    with closing(sqlite3.connect(room.database.file)) as archive:
        for pragma in ("journal_mode = DELETE", "page_size = 512"):  # small pages: few bytes of them are free
            archive.execute(f"PRAGMA {pragma}")
        archive.execute("VACUUM")
        archive.execute("PRAGMA journal_mode = WAL")
    shutil.copy(room.database.file, whole)
    content, chance, found = whole.read_bytes(), random.Random(seed), 0
    before = said(whole)
    for _ in range(count):
        place, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        damaged = tmp_path / "damaged.sqlite"
        for left in ("-wal", "-shm"):
            damaged.with_name(damaged.name + left).unlink(missing_ok=True)
        damaged.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        if verified(damaged, place):
            assert said(damaged) == before, (place, bit)
        else:
            found += 1
    return found


@SQLITE
def test_flipped_bits_of_the_file_are_found_or_say_nothing(whole, tmp_path):
    assert flips(whole, tmp_path, 60, 1) > 0


@pytest.mark.torture
@SQLITE
def test_thousands_of_flipped_bits_of_the_file_are_found_or_say_nothing(whole, tmp_path):
    assert flips(whole, tmp_path, 3000, 2) > 500


@SQLITE
def test_an_index_whose_pages_do_not_fit_is_named(whole):
    with whole.database.write() as session:
        session.connection().exec_driver_sql("UPDATE post_text_data SET block = zeroblob(20) WHERE id > 10")
    assert not whole.verify()["ok"]


@SQLITE
def test_an_index_that_describes_itself_otherwise_is_named(whole):
    """Its words are still there, but nothing could be written into it."""
    with whole.database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql(
            "UPDATE sqlite_master SET sql = replace(sql, '(body', '(bgdy') WHERE name = 'post_text'"
        )
        connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    whole.database.close()
    assert "describes itself" in whole.verify()["first_problem"]
