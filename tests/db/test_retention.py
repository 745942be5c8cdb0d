"""What the terms and a source's `keep` want erased: which posts, when, and in small steps."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from core.page import Page
from db import archive, captures, posts
from db.erasing import due, retention, tombstones
from db.erasing.erase import Why, erase
from db.models import Erasure, Post, Source
from db.upsert import table
from tests.db.conftest import Room, post

DAY = timedelta(days=1)


def kept(room: Room, source: str, days: int, announced: bool = True) -> None:
    origin, _ = room.source(source)
    values: dict[str, Any] = {"keep_seconds": days * 86400, "keep_announced_at": room.now if announced else None}
    with room.database.write() as session:
        session.execute(update(table(Source)).where(table(Source).c.id == origin.id).values(values))


def going(room: Room, *, only_due: bool = True) -> set[str]:
    """Ids of the posts that go by retention now."""
    with room.database.read() as session:
        keys = {
            k
            for one in retention.kept(session, room.now, only_due=only_due)
            for k in due.keys(session, one.rule, 99)
        }
    return {f"{p.platform}:{p.platform_id}" for p in room.rows(Post) if p.id in keys}


def by_terms(room: Room) -> dict[str, str]:
    """Id -> reason of the posts that go by the terms now."""
    names = {p.id: f"{p.platform}:{p.platform_id}" for p in room.rows(Post)}
    with room.database.read() as session:
        rules = due.by_terms(room.now)
        return {names[key]: rule.why.reason for rule in rules for key in due.keys(session, rule, 99)}


def test_posts_of_a_source_go_when_they_were_kept_long_enough(room: Room) -> None:
    kept(room, "short", 10)
    room.archive(post(1), source="short")
    room.archive(post(2), source="forever")
    room.tick(9 * DAY)
    assert going(room) == set()
    room.tick(2 * DAY)
    assert going(room) == {post(1).id}


def test_a_post_that_another_source_shows_stays_as_long_as_that_one_keeps_it(room: Room) -> None:
    kept(room, "short", 10)
    kept(room, "long", 20)
    for source in ("short", "long"):
        room.archive(post(1), source=source)
    for source in ("short", "forever"):
        room.archive(post(2), source=source)
    room.tick(11 * DAY)
    assert going(room) == set()
    room.tick(10 * DAY)
    assert going(room) == {post(1).id}


def test_nothing_goes_before_it_was_announced_for_a_day(room: Room) -> None:
    kept(room, "short", 10, announced=False)
    room.archive(post(1), source="short")
    room.tick(20 * DAY)
    assert going(room) == set() and going(room, only_due=False) == {post(1).id}
    with room.database.write() as session:
        (told,) = retention.unannounced(session, room.now)
        retention.announce(session, [told], room.now)
    assert going(room) == set()
    room.tick(DAY)
    assert going(room) == {post(1).id}
    with room.database.read() as session:
        assert retention.unannounced(session, room.now) == []
        (standing,) = retention.standing(session, room.now)
    assert (standing["source"], standing["posts"], standing["keep_seconds"]) == ("short", 1, 864000)


def test_the_daily_run_comes_once_a_day(room: Room) -> None:
    with room.database.read() as session:
        assert not retention.is_day_over(session, room.now), "no source keeps posts for a time"
    kept(room, "short", 10)
    room.tick(DAY)
    with room.database.write() as session:
        assert retention.is_day_over(session, room.now)
        retention.note_run(session, room.now)
        assert not retention.is_day_over(session, room.now + DAY / 2)
        assert retention.is_day_over(session, room.now + DAY)


def test_erased_in_slices_until_nothing_is_left(room: Room) -> None:
    kept(room, "short", 10)
    room.archive(*(post(n) for n in range(1, 8)), source="short")
    room.tick(11 * DAY)
    sizes = []
    for _ in range(4):
        with room.database.write() as session:
            (one,) = retention.kept(session, room.now, only_due=True)
            sizes.append(len(due.erase_some(session, one.rule, 3, room.tick())))
    assert sizes == [3, 3, 1, 0]
    assert {e.cause for e in room.rows(Erasure)} == {"retention"}
    assert room.archive(post(1), source="forever").new == 0, "it does not come back"
    room.assert_sound()


def test_what_was_deleted_there_goes_where_the_terms_or_the_source_say_so(room: Room) -> None:
    careful, _ = room.source("careful")
    with room.database.write() as session:
        session.execute(update(table(Source)).where(table(Source).c.id == careful.id).values(erase_deleted=True))
    page = post(2, platform="article", platform_id="0" * 16)
    other = post(3, platform="article", platform_id="1" * 16, url="https://o.example/3")
    for seen, source in ((post(1), "one"), (page, "careful"), (other, "one")):
        room.archive(seen, source=source)
        room.archive(post_gone(seen), source=source)
    room.archive(post(4))
    assert by_terms(room) == {post(1).id: "deleted there", page.id: "deleted there"}
    with room.database.read() as session:
        assert due.waiting(session, room.now)["posts"] == 2
        assert due.oldest_deletion(session) == min(p.deleted_at for p in room.rows(Post) if p.deleted_at)


def post_gone(seen: Any) -> Any:
    return post(
        1, **{**{f: getattr(seen, f) for f in ("platform", "platform_id", "url")}, "deleted": True, "text": ""}
    )


def test_a_video_that_was_not_seen_for_thirty_days_goes(room: Room) -> None:
    video, again = (post(n, platform="youtube", platform_id=f"video{n}", url=None) for n in (1, 2))
    room.archive(video, again)
    room.tick(29 * DAY)
    assert by_terms(room) == {}
    origin, run = room.source("one")
    with room.database.write() as session:  # seen again, and nothing new: only a capture tells
        page = Page("https://v.example/feed", b"feed", room.tick())
        number = captures.store(session, run, page)
        archive.archive(session, origin, run, [again], number, room.tick())
    room.tick(2 * DAY)
    assert by_terms(room) == {video.id: "not seen there for 30d"}
    with room.database.write() as session:
        for rule in due.by_terms(room.now):
            due.erase_some(session, rule, 10, room.tick())
    assert room.get(video.id)["text"] is None
    assert room.archive(video).changed == 1 and room.get(video.id)["text"] == video.text
    room.assert_sound()


def test_the_report_bounds_how_long_ago_it_was_deleted(room: Room) -> None:
    origin, run = room.source("one")
    with room.database.write() as session:
        number = captures.store(session, run, Page("https://m.example/1", b"shown", room.tick()))
        archive.archive(session, origin, run, [post(1)], number, room.tick())
    last = room.now - timedelta(seconds=1)
    room.tick(timedelta(hours=5))
    room.archive(post_gone(post(1)))
    room.tick(timedelta(minutes=1))
    with room.database.write() as session:
        made = erase(session, posts.key_of(session, post(1).id), Why("deleted", "deleted there", "terms"), room.now)
        assert made
        found = tombstones.one(session, made["id"])
        figures = tombstones.figures(session, room.now)
    assert found["seconds"] == 60
    assert found["last_seen_at"] == last.isoformat().replace("+00:00", "Z")
    assert (figures["deletions"], round(figures["seconds"])) == (1, 60)
    assert (figures["buckets"][60], figures["buckets"][300], figures["unpurged_erasures"]) == (1, 1, 1)
