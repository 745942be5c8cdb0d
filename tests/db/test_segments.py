"""The index's segments: few of them after idle time, and not a word less in them."""

import random

import pytest

from db import posts, segments
from db.query import PostQuery
from tests.db.conftest import Room, post


def fragmented(room: Room) -> Room:
    """Posts in many small transactions, some edited: segments on every level."""
    dice = random.Random(1)
    for start in range(0, 300, 5):
        room.archive(*(post(n, f"word{dice.randrange(40)} meeting{n}") for n in range(start, start + 5)))
    for number in range(0, 300, 7):
        room.archive(post(number, f"changed{number % 3} meeting{number}"))
    return room


def levels(room: Room) -> list[tuple[int, int]]:
    with room.database.read() as session:
        return segments.levels(session.connection(), "post_text")


def found(room: Room) -> dict[str, list[str]]:
    with room.database.read() as session:
        asked = ("word1", "word2 OR changed1", "meeting*", "-word3")
        pages = {q: posts.page(session, PostQuery.build(q), limit=200) for q in asked}
    return {q: [item["id"] for item in page.items] for q, page in pages.items()}


def test_no_level_keeps_two_segments_and_every_search_finds_what_it_found(sqlite: Room) -> None:
    room = fragmented(sqlite)
    before = found(room)
    assert max(count for _, count in levels(room)) > 1
    assert segments.tidy(room.database)
    assert all(merging == 0 and count < 2 for merging, count in levels(room))
    assert found(room) == before
    room.archive(post(1000, "word1 of afterwards"))
    assert found(room)["word1"] == ["mastodon:m.example/1000", *before["word1"]]


def test_what_is_tidy_is_left_alone(sqlite: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room = fragmented(sqlite)
    segments.tidy(room.database)
    monkeypatch.setattr(segments, "step", lambda *_: pytest.fail("there was nothing to merge"))
    assert segments.tidy(room.database)


def test_stopped_it_goes_on_the_next_time(sqlite: Room) -> None:
    room = fragmented(sqlite)
    assert not segments.tidy(room.database, going=lambda: False)
    assert segments.tidy(room.database)
    assert all(count < 2 for _, count in levels(room))
