"""Many at once: no doubles, nothing lost, nobody locked out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from core.post import View
from db import tags, work
from db.models import Post, Sighting, Source, Version
from tests.conftest import NOW
from tests.db.conftest import OFFICE, Room, Score, make_source, post, snowflake


def at_once(*calls):
    with ThreadPoolExecutor(len(calls)) as pool:
        return [f.result(timeout=90) for f in [pool.submit(c) for c in calls]]


def test_writers_of_the_same_posts_make_each_once(room):
    seen = [post(n, f"post {n}", created_at=NOW - timedelta(hours=n % 3)) for n in range(60)]
    for name in "abcd":
        room.source(name)
    orders = [seen, seen[::-1], seen[30:] + seen[:30], seen[::2] + seen[1::2]]
    counts = at_once(*(lambda o=o, n=n: Room(room.database, room.now, room.runs).archive(*o, source=n)
                       for o, n in zip(orders, "abcd", strict=True)))  # fmt: skip
    assert sum(c.new for c in counts) == 60
    assert len(room.rows(Post)) == len(room.rows(Version)) == 60
    assert len(room.rows(Sighting)) == 240
    room.assert_sound()


def test_writers_of_the_same_edit_make_one_version(room):
    room.archive(*(post(n) for n in range(30)))
    for name in "abcd":
        room.source(name)
    edited = [post(n, "A meeting, corrected") for n in range(30)]
    counts = at_once(*(lambda n=n, o=o: Room(room.database, room.now, room.runs).archive(*o, source=n)
                       for n, o in zip("abcd", (edited, edited[::-1]) * 2, strict=True)))  # fmt: skip
    assert sum(c.changed for c in counts) == 30
    assert {p.versions for p in room.rows(Post)} == {2}
    room.assert_sound()


def test_a_quotation_and_the_post_that_meet_at_once_become_one(room):
    text = "Advisors and leaders met to speak about the reform of the forces"
    for n in range(6):
        made = NOW - timedelta(days=n + 1)
        told = post(text=text, platform="x", platform_id=snowflake(made), account=replace(OFFICE, handle=f"@o{n}"),
                    created_at=made)  # fmt: skip
        quoted = replace(
            told, platform_id=f"~{n}", view=View.QUOTE, embedded_in="https://n.example", precision="day"
        )
        for name in "ab":
            room.source(name)
        at_once(*(lambda p=p, s=s: Room(room.database, room.now, room.runs).archive(p, source=s)
                  for p, s in ((told, "a"), (quoted, "b"))))  # fmt: skip
        assert room.get(f"x:~{n}")["id"] == told.id
    assert len(room.rows(Post)) == 6
    room.assert_sound()


def test_posts_that_change_while_they_are_tagged_end_with_tags_of_their_last_text_alone(room):
    room.topics()
    room.archive(*(post(n) for n in range(40)))
    room.source("b")
    with room.database.write() as session:
        model = tags.register_model(session, "m", {})
        waiting = tags.claim_versions(session, "w", 40, NOW)

    def judge():
        for start in range(0, 40, 8):
            with room.database.write() as session:
                tags.store(session, model, [(p, [Score("reform")]) for p in waiting[start : start + 8]], "w", NOW)

    def edit():
        for start in range(0, 40, 5):
            edited = [post(n, "corrected") for n in range(start, start + 5)]
            Room(room.database, NOW + timedelta(minutes=1), room.runs).archive(*edited, source="one")

    at_once(judge, edit)
    assert all(room.get(f"mastodon:m.example/{n}")["tags"] == [] for n in range(40))
    assert room.ids("topic:reform") == []
    room.assert_sound()


def test_a_claim_is_held_by_one_of_many(room):
    with room.database.write() as session:
        for n in range(20):
            make_source(session, f"s{n}", NOW)

    def claim(worker):
        mine = []
        while True:
            with room.database.write() as session:
                found = work.claim(
                    session, Source, Source.__table__.c.enabled, [Source.__table__.c.id], worker, NOW, 2
                )
            if not found:
                return mine
            mine += found

    taken = at_once(*(lambda w=w: claim(f"host:{w}:x") for w in range(6)))
    assert sorted(key for mine in taken for key in mine) == sorted(s.id for s in room.rows(Source))
