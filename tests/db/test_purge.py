"""Purging: no trace of an erased post is left in the file, its log and its index; it goes on after a stop."""

import hashlib
import random
import re
import sqlite3
import zlib
from pathlib import Path

import pytest
from sqlalchemy import text

from core import times
from core.page import Page
from core.post import Media, SeenPost
from core.readings import index_words
from db import archive, captures, posts, segments
from db.erasing import purge
from db.erasing.erase import Why, erase
from db.models import Erasure
from tests.db.conftest import Room, post

_MARK = re.compile(
    rb"(?=([0-9a-f]{12}(?:ZW|zw|\xc3\x9c|\xc3\xbc|\xd9\xbe\xdb\x8e|\xd9\xbe\xd9\x8a|u|adr|lnk|pic|alt)))"
)
WHY = Why("request", "asked", "operator")
POSTS = 2_000
NOISE = [f"word{n}" for n in range(3_000)]


def mark(kind: str, number: int) -> str:
    """A word of one post alone. The index keeps of a word only where it differs from the one before: enough."""
    return hashlib.sha256(f"{kind}{number}".encode()).hexdigest()[:20] + kind


def secret(number: int) -> str:
    return f"{mark('ZW', number)} {mark('Ü', number)} {mark('پێ', number)}"


def filled(room: Room, count: int = POSTS) -> list[int]:
    """Posts in many small segments of the index, with captures; the numbers of some of them, which hold secrets."""
    dice = random.Random(count)
    origin, run = room.source("one")
    order = dice.sample(range(count), count)
    for start in range(0, count, 50):
        several = [written(n, dice) for n in order[start : start + 50]]
        with room.database.write() as session:
            page = Page("https://m.example/feed", "\n".join(p.text for p in several).encode() * 3, room.tick())
            number = captures.store(session, run, page)
            archive.archive(session, origin, run, several, number, room.tick())
    return dice.sample(range(count), count // 20)


def written(number: int, dice: random.Random) -> SeenPost:
    words = [*(dice.choice(NOISE) for _ in range(dice.randint(3, 80))), secret(number)]
    address, link, picture = (f"https://m.example/{mark(kind, number)}" for kind in ("adr", "lnk", "pic"))
    media = (Media("image", picture, f"Shows {mark('alt', number)}"),)
    return post(number, " ".join(words), url=address, links=(link,), media=media)


def forget(room: Room, numbers: list[int]) -> None:
    for number in numbers:
        with room.database.write() as session:
            erase(session, posts.key_of(session, post(number).id), WHY, room.tick())


def needles(number: int) -> set[bytes]:
    words = [mark(kind, number) for kind in ("ZW", "Ü", "پێ", "adr", "lnk", "pic", "alt")]
    return {form[8:].encode() for word in words for form in (word, *index_words(word))}


def traces(file: Path, numbers: list[int]) -> set[bytes]:
    """What of these posts still stands in the bytes of file, log and the log's index, or packed in a blob."""
    data = b"".join(p.read_bytes() for p in (file, Path(f"{file}-wal"), Path(f"{file}-shm")) if p.exists())
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as archived:
        bodies = archived.execute("SELECT body FROM blob WHERE codec = 'zlib'").fetchall()
    data += b" ".join(zlib.decompress(body) for (body,) in bodies)
    wanted = {needle for number in numbers for needle in needles(number)}
    return {found[1] for found in _MARK.finditer(data)} & wanted


def file_of(room: Room) -> Path:
    assert room.database.file
    return room.database.file


def test_no_trace_is_left_in_the_bytes_of_the_archive(sqlite: Room) -> None:
    gone = filled(sqlite)
    file = file_of(sqlite)
    kept = sorted(set(range(POSTS)) - set(gone))[:50]
    assert len(traces(file, gone)) >= len(gone) * 9
    forget(sqlite, gone)
    assert traces(file, gone), "older segments and the log still hold it"
    assert purge.purge(sqlite.database, sqlite.tick) is True
    assert traces(file, gone) == set()
    assert all(e.purged_at for e in sqlite.rows(Erasure))
    assert sqlite.ids(mark("ZW", kept[0])) == [post(kept[0]).id]
    assert sqlite.get(post(gone[0]).id)["erasure"]["erased_at"]


def test_each_merge_is_short_and_others_write_between(sqlite: Room) -> None:
    gone = filled(sqlite, 600)
    forget(sqlite, gone)
    wrote = iter(range(10_000, 20_000))

    def going() -> bool:
        sqlite.archive(post(next(wrote), "In between"))
        return True

    assert purge.purge(sqlite.database, sqlite.tick, going=going) is True
    assert traces(file_of(sqlite), gone) == set()


def test_a_reader_keeps_the_log_and_the_purge_waits_for_it(sqlite: Room) -> None:
    sqlite.archive(*(post(n, secret(n)) for n in range(20)))
    with sqlite.database.read() as reading:
        reading.execute(text("SELECT count(*) FROM post")).all()
        forget(sqlite, [3])
        assert purge.purge(sqlite.database, sqlite.tick) is False
        assert [e.purged_at for e in sqlite.rows(Erasure)] == [None]
    assert purge.purge(sqlite.database, sqlite.tick) is True
    assert traces(file_of(sqlite), [3]) == set()


def test_stopped_in_the_middle_it_goes_on(sqlite: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_FIRST_PAGES", 1)
    monkeypatch.setattr(segments, "_MOST", 1)
    gone = filled(sqlite, 600)
    forget(sqlite, gone)
    for steps in (1, 2, 3):
        left = iter([True] * steps)
        assert purge.purge(sqlite.database, sqlite.tick, going=lambda left=left: next(left, False)) is False
    assert purge.purge(sqlite.database, sqlite.tick) is True
    assert traces(file_of(sqlite), gone) == set()


def test_a_large_file_is_written_anew_once_a_day(sqlite: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "SMALL", 0)
    sqlite.archive(*(post(n, secret(n)) for n in range(20)))
    forget(sqlite, [3])
    assert purge.purge(sqlite.database, sqlite.tick) is True
    forget(sqlite, [4])
    assert purge.purge(sqlite.database, sqlite.tick) is False
    assert purge.purge(sqlite.database, sqlite.tick, whole=True) is True
    forget(sqlite, [5])
    sqlite.tick(purge.EVERY)
    assert purge.purge(sqlite.database, sqlite.tick) is True


def test_purged_on_both_databases(room: Room) -> None:
    assert purge.purge(room.database, room.tick) is True, "nothing to do"
    room.archive(*(post(n, secret(n)) for n in range(20)))
    room.now = times.now()
    forget(room, [3, 4])
    assert purge.purge(room.database, times.now) is True
    assert all(e.purged_at for e in room.rows(Erasure))
